/** What a DaemonSet may do on a node, and what of it is more than the plugin and its agent need. */
import type { KubernetesObject } from './helm.ts';

export interface Container {
  readonly name: string;
  /** In place of the image's own. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: Readonly<Record<string, unknown>> & {
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
    readonly seccompProfile?: { readonly type: string };
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly resources: { readonly limits?: { readonly memory?: string } };
}

export interface Pod {
  readonly automountServiceAccountToken?: boolean;
  readonly hostIPC?: boolean;
  readonly hostPID?: boolean;
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
}

interface Template {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: Pod;
}

/** What the one DaemonSet among them starts on each node. */
export function templateOf(objects: readonly KubernetesObject[]): Template {
  const [set, ...more] = objects.filter(({ kind }) => kind === 'DaemonSet');
  if (set === undefined || more.length > 0) throw new Error(`expected one DaemonSet, found ${objects.length} objects`);
  return (set.spec as { template: Template }).template;
}

export const podOf = (objects: readonly KubernetesObject[]): Pod => templateOf(objects).spec;

/** What holds CNI plugins, Lessor's own files or network namespaces, and little else. */
const NARROW = new Set([
  '/opt/cni/bin',
  '/var/lib/cni/bin',
  '/var/lib/rancher/k3s/data/cni',
  '/etc/lessor',
  '/etc/cni/lessor',
  '/etc/machine-id',
  '/var/lib/cni/lessor',
  '/run/netns',
]);

/** Each as a sentence. */
export function excesses(pod: Pod): string[] {
  const found: string[] = [];
  if (pod.automountServiceAccountToken !== false) found.push('the pod may ask the Kubernetes API');
  if (pod.hostIPC) found.push("the pod shares the node's IPC");
  for (const { hostPath } of pod.volumes)
    if (hostPath !== undefined && !NARROW.has(hostPath.path)) found.push(`the pod mounts ${hostPath.path}`);
  for (const one of [...pod.initContainers, ...pod.containers]) {
    const { name, securityContext: context, resources, volumeMounts } = one;
    if (context.privileged) found.push(`${name} is privileged`);
    if (context.allowPrivilegeEscalation !== false) found.push(`${name} may gain privileges`);
    if (context.readOnlyRootFilesystem !== true) found.push(`${name} may write its own files`);
    if (!context.capabilities?.drop?.includes('ALL')) found.push(`${name} keeps the runtime's capabilities`);
    for (const capability of context.capabilities?.add ?? [])
      if (!(name === 'agent' && pod.hostPID && capability === 'SYS_PTRACE')) found.push(`${name} has ${capability}`);
    if (context.seccompProfile?.type !== 'RuntimeDefault') found.push(`${name} may make any system call`);
    if (resources.limits?.memory === undefined) found.push(`${name} may take all memory`);
    for (const { name: volume, readOnly } of volumeMounts)
      if (name === 'agent' && ['config', 'machine-id', 'netns', 'bin', 'conf'].includes(volume) && !readOnly)
        found.push(`agent may write ${volume}`);
  }
  return found;
}
