/** Kubernetes, asked through kubectl: it knows the cluster, and how the user signs in there. */
import type { Shell } from '../shell/shell.ts';

export type Asked<T> = { readonly found: T } | { readonly why: string };

/** The kubeconfig's own; undefined where there is none. */
export async function currentContext(shell: Pick<Shell, 'execute'>): Promise<string | undefined> {
  const ran = await shell.execute('kubectl', ['config', 'current-context']);
  return ran?.code === 0 ? ran.stdout.trim() || undefined : undefined;
}

/** Where the cluster is not reached, kubectl logs each of its attempts, and says in plain words afterwards what is wrong. */
const LOG_LINE = /^[IWEF]\d{4} /;

/** `why`: kubectl is not there, or what it says. */
export async function askKubectl<T>(
  shell: Pick<Shell, 'execute'>,
  context: string | undefined,
  args: string[],
): Promise<Asked<T>> {
  const chosen = context === undefined ? [] : ['--context', context];
  const ran = await shell.execute('kubectl', [...chosen, '--request-timeout', '10s', ...args, '--output', 'json']);
  if (ran === undefined) return { why: 'kubectl is not there' };
  const lines = ran.stderr.trim().split('\n');
  const said = lines.find((line) => !LOG_LINE.test(line)) ?? lines[0];
  if (ran.code !== 0) return { why: `kubectl says: ${said}` };
  try {
    return { found: JSON.parse(ran.stdout) as T };
  } catch {
    return { why: 'kubectl did not answer with JSON' };
  }
}

/** A pod that has a network of its own, and has not ended. */
export interface ClusterPod {
  readonly namespace: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** Milliseconds since 1970; 0 where it is not known. */
  readonly startedAt: number;
}

export interface KubernetesCluster {
  readonly pods: readonly ClusterPod[];
  /** `namespace/name` of every pod that there is, ended or not. */
  readonly podNames: readonly string[];
  readonly nodeNames: readonly string[];
}

export interface ListOf<T> {
  readonly items?: readonly (T & { readonly metadata?: { readonly name?: string; readonly namespace?: string } })[];
}
interface ListedPod {
  readonly spec?: { readonly hostNetwork?: boolean };
  readonly status?: {
    readonly phase?: string;
    readonly startTime?: string;
    readonly podIPs?: readonly { readonly ip?: string }[];
  };
}

/** All pods and nodes. */
export async function clusterOfKubernetes(
  shell: Pick<Shell, 'execute'>,
  context: string | undefined,
): Promise<Asked<KubernetesCluster>> {
  const [pods, nodes] = await Promise.all([
    askKubectl<ListOf<ListedPod>>(shell, context, ['get', 'pods', '--all-namespaces']),
    askKubectl<ListOf<object>>(shell, context, ['get', 'nodes']),
  ]);
  if ('why' in pods) return pods;
  if ('why' in nodes) return nodes;
  const found = (pods.found.items ?? []).flatMap(({ metadata, spec, status }): ClusterPod[] => {
    // What has ended has no address any more, though Kubernetes still shows the one that it had.
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    if (spec?.hostNetwork || isOver) return [];
    const addresses = (status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
    const startedAt = Date.parse(status?.startTime ?? '') || 0;
    return [{ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', addresses, startedAt }];
  });
  const podNames = (pods.found.items ?? []).map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
  const nodeNames = (nodes.found.items ?? []).flatMap(({ metadata }) => metadata?.name ?? []);
  return { found: { pods: found, podNames, nodeNames } };
}
