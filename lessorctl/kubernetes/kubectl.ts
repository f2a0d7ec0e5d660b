/** Kubernetes, asked through kubectl: it knows the cluster, and how the user signs in there. */
import type { Ran, Shell } from '../shell/shell.ts';

/** What a pod is to an address: absent where Kubernetes does not say it. */
export interface KubernetesPod {
  readonly node: string | undefined;
  readonly address: string | undefined;
  /** What the kubelet said last of its sandbox. */
  readonly lastFailure: string | undefined;
}

export type Asked<T> = { readonly found: T } | { readonly why: string };

interface PodObject {
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
  const { spec, status } = object.found;
  if (spec?.hostNetwork)
    return { why: `pod ${namespace}/${pod} has the network of its host, and gets no address of its own` };
  const failures =
    'why' in events ? [] : (events.found.items ?? []).filter(({ reason }) => reason === 'FailedCreatePodSandBox');
  const last = failures.toSorted((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? '')).at(-1);
  return { found: { node: spec?.nodeName, address: status?.podIP, lastFailure: last?.message } };
}

/** The kubeconfig's own; undefined where there is none. */
export async function currentContext(shell: Pick<Shell, 'execute'>): Promise<string | undefined> {
  const ran = await shell.execute('kubectl', ['config', 'current-context']);
  return ran?.code === 0 ? ran.stdout.trim() || undefined : undefined;
}

/** The agent's pod on a node, of the chart or of its manifests. */
export async function agentOn(
  shell: Pick<Shell, 'execute'>,
  nodeName: string,
  context: string | undefined,
): Promise<Asked<{ readonly namespace: string; readonly name: string }>> {
  const pods = await askKubectl<ListOf<object>>(shell, context, [
    ...['get', 'pods', '--all-namespaces', '--selector', 'app.kubernetes.io/name=lessor'],
    ...['--field-selector', `spec.nodeName=${nodeName}`],
  ]);
  if ('why' in pods) return pods;
  const { namespace, name } = pods.found.items?.[0]?.metadata ?? {};
  if (namespace === undefined || name === undefined) return { why: `no pod of Lessor's agent runs on ${nodeName}` };
  return { found: { namespace, name } };
}

/** Runs the plugin's executable in the agent's container. */
export function lessorOn(
  shell: Pick<Shell, 'execute'>,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  context: string | undefined,
  args: readonly string[],
): Promise<Ran | undefined> {
  const chosen = context === undefined ? [] : ['--context', context];
  const into = ['exec', '--namespace', namespace, name, '--container', 'agent', '--', '/lessor'];
  return shell.execute('kubectl', [...chosen, ...into, ...args]);
}

async function askKubectl<T>(
  shell: Pick<Shell, 'execute'>,
  context: string | undefined,
  args: string[],
): Promise<Asked<T>> {
  const chosen = context === undefined ? [] : ['--context', context];
  const ran = await shell.execute('kubectl', [...chosen, '--request-timeout', '10s', ...args, '--output', 'json']);
  if (ran === undefined) return { why: 'kubectl is not there' };
  const [said = ''] = ran.stderr.trim().split('\n');
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

interface ListOf<T> {
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
