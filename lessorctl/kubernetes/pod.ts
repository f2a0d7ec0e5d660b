/** A pod, as Kubernetes knows it. */
import type { Shell } from '../shell/shell.ts';
import { type Asked, askKubectl } from './kubectl.ts';
import { type AnnotatedNetworks, networksIn } from './pod-networks.ts';

/** What a pod is to an address: absent where Kubernetes does not say it. */
export interface KubernetesPod {
  readonly node: string | undefined;
  readonly address: string | undefined;
  /** What the kubelet said last of its sandbox. */
  readonly lastFailure: string | undefined;
  readonly networks: AnnotatedNetworks;
  readonly annotations: Readonly<Record<string, string>>;
}

interface PodObject {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly nodeName?: string; readonly hostNetwork?: boolean };
  readonly status?: { readonly podIP?: string };
}
interface EventList {
  readonly items?: readonly {
    readonly reason?: string;
    readonly message?: string;
    readonly lastTimestamp?: string | null;
  }[];
}

/** `why`: kubectl is not there, or what it says. */
export async function podOfKubernetes(
  shell: Pick<Shell, 'execute'>,
  { namespace, pod }: { readonly namespace: string; readonly pod: string },
  context: string | undefined,
): Promise<Asked<KubernetesPod>> {
  const ask = <T>(...args: string[]) => askKubectl<T>(shell, context, ['--namespace', namespace, ...args]);
  const [object, events] = await Promise.all([
    ask<PodObject>('get', 'pod', pod),
    ask<EventList>('get', 'events', '--field-selector', `involvedObject.kind=Pod,involvedObject.name=${pod}`),
  ]);
  if ('why' in object) return object;
  const { metadata, spec, status } = object.found;
  if (spec?.hostNetwork)
    return { why: `pod ${namespace}/${pod} has the network of its host, and gets no address of its own` };
  const failures =
    'why' in events ? [] : (events.found.items ?? []).filter(({ reason }) => reason === 'FailedCreatePodSandBox');
  const last = failures.toSorted((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? '')).at(-1);
  const { annotations = {} } = metadata ?? {};
  const networks = networksIn(annotations, namespace);
  return { found: { node: spec?.nodeName, address: status?.podIP, lastFailure: last?.message, networks, annotations } };
}
