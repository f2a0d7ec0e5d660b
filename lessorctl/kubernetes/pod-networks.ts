/**
 * Which networks a pod has beside, or in place of, the cluster's own: those that its annotations name for Multus (Kubernetes
 * Network Custom Resource Definition De-facto Standard, section 4).
 */
import type { Shell } from '../shell/shell.ts';
import { type Asked, askKubectl } from './kubectl.ts';

/** A NetworkAttachmentDefinition. */
export interface NamedNetwork {
  readonly namespace: string;
  readonly name: string;
}

export interface AnnotatedNetworks {
  /** In place of the cluster's own. */
  readonly default: NamedNetwork | undefined;
  readonly more: readonly NamedNetwork[];
}

const NETWORKS = 'k8s.v1.cni.cncf.io/networks';
const DEFAULT_NETWORK = 'v1.multus-cni.io/default-network';
const KIND = 'network-attachment-definitions.k8s.cni.cncf.io';

export function networksIn(annotations: Readonly<Record<string, string>>, namespace: string): AnnotatedNetworks {
  const named = (annotation: string) => networksNamed(annotations[annotation] ?? '', namespace);
  return { default: named(DEFAULT_NETWORK)[0], more: named(NETWORKS) };
}

/** A JSON list of objects, or `[namespace/]name[@interface]` with commas between. */
function networksNamed(text: string, namespace: string): NamedNetwork[] {
  if (!/^\s*[[{]/.test(text))
    return text.split(',').flatMap((one) => {
      const [, own, name] = /^(?:([^/@]+)\/)?([^/@]+)(?:@.*)?$/.exec(one.trim()) ?? [];
      return name === undefined ? [] : [{ namespace: own ?? namespace, name }];
    });
  try {
    const list: unknown = JSON.parse(text);
    return [list].flat().flatMap((one) => {
      const { name, namespace: own } = (one ?? {}) as { name?: unknown; namespace?: unknown };
      return typeof name === 'string' ? [{ namespace: typeof own === 'string' ? own : namespace, name }] : [];
    });
  } catch {
    return [];
  }
}

/** Its network configuration. */
export async function attachmentDefinition(
  shell: Pick<Shell, 'execute'>,
  context: string | undefined,
  { namespace, name }: NamedNetwork,
): Promise<Asked<string>> {
  // It becomes an argument of kubectl, which would take it for an option.
  if (`${namespace} ${name}`.match(/(^| )-/)) return { why: `${namespace}/${name} is no name` };
  const object = await askKubectl<{ spec?: { config?: string } }>(shell, context, [
    ...['get', KIND, name, '--namespace', namespace],
  ]);
  if ('why' in object) return object;
  const { config } = object.found.spec ?? {};
  return config ? { found: config } : { why: `${namespace}/${name} has its configuration in a file of the nodes` };
}
