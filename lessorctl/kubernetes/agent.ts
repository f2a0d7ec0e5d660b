/** The agent's pod on a node, of the chart or of its manifests: it knows what is configured there. */
import type { Ran, Shell } from '../shell/shell.ts';
import { type Asked, askKubectl, type ListOf } from './kubectl.ts';

export interface AgentPod {
  readonly namespace: string;
  readonly name: string;
  /** Options of the plugin's commands with which the agent was started: where the node configuration is. */
  readonly config: readonly string[];
  /** And where networks with a data directory of their own have their records. */
  readonly dataDirs: readonly string[];
  /** What the release puts on the node as the network configuration. */
  readonly conflist: { readonly configMap: string; readonly file: string } | undefined;
}

interface Container {
  readonly name?: string;
  readonly args?: readonly string[];
}
interface PodWithAgent {
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly initContainers?: readonly Container[];
    readonly containers?: readonly Container[];
    readonly volumes?: readonly { readonly name?: string; readonly configMap?: { readonly name?: string } }[];
  };
}

export async function agentOn(
  shell: Pick<Shell, 'execute'>,
  nodeName: string,
  context: string | undefined,
): Promise<Asked<AgentPod>> {
  const pods = await askKubectl<ListOf<PodWithAgent>>(shell, context, [
    ...['get', 'pods', '--all-namespaces', '--selector', 'app.kubernetes.io/name=lessor'],
    ...['--field-selector', `spec.nodeName=${nodeName}`],
  ]);
  if ('why' in pods) return pods;
  // Anybody may label a pod so. What is meant has the host's network, which Kubernetes' baseline lets no tenant's pod have.
  const { metadata, spec } = pods.found.items?.find((pod) => pod.spec?.hostNetwork === true) ?? {};
  const { namespace, name } = metadata ?? {};
  if (namespace === undefined || name === undefined) return { why: `no pod of Lessor's agent runs on ${nodeName}` };
  const { initContainers = [], containers = [], volumes = [] } = spec ?? {};
  const argsOf = (all: readonly Container[], of: string) => all.find((one) => one.name === of)?.args ?? [];
  const args = argsOf(containers, 'agent');
  const written = argsOf(initContainers, 'install').find((arg) => arg.startsWith('--conflist='));
  const configMap = volumes.find((volume) => volume.name === 'conflist')?.configMap?.name;
  const file = written?.slice(written.lastIndexOf('/') + 1);
  return {
    found: {
      ...{ namespace, name },
      config: args.filter((arg) => arg.startsWith('--config=')),
      dataDirs: args.filter((arg) => arg.startsWith('--data-dir=')),
      conflist: configMap === undefined || file === undefined ? undefined : { configMap, file },
    },
  };
}

/** Runs the plugin's executable in the agent's container. @param input what it reads on standard input */
export function lessorOn(
  shell: Pick<Shell, 'execute'>,
  { namespace, name }: Pick<AgentPod, 'namespace' | 'name'>,
  context: string | undefined,
  args: readonly string[],
  input?: string,
): Promise<Ran | undefined> {
  const chosen = context === undefined ? [] : ['--context', context];
  const into = ['exec', '--namespace', namespace, name, '--container', 'agent'];
  const piped = input === undefined ? [] : ['--stdin'];
  return shell.execute('kubectl', [...chosen, ...into, ...piped, '--', '/lessor', ...args], input);
}

/** The labels that the node says with every ADD. */
export async function labelsOn(
  shell: Pick<Shell, 'execute'>,
  agent: AgentPod,
  context: string | undefined,
): Promise<Asked<Readonly<Record<string, string>>>> {
  const ran = await lessorOn(shell, agent, context, ['status', '--json', ...agent.config]);
  const [said = ''] = ran?.stderr.trim().split('\n') ?? [];
  if (ran?.code !== 0) return { why: said || 'lessor status could not be run in its agent’s pod' };
  try {
    const { labels } = JSON.parse(ran.stdout) as { labels?: Readonly<Record<string, string>> };
    return labels === undefined ? { why: 'its agent is of a release that does not say them' } : { found: labels };
  } catch {
    return { why: 'lessor status did not answer with JSON' };
  }
}

/** What the release puts on the node as the network configuration, and where it has it. */
export async function conflistOn(
  shell: Pick<Shell, 'execute'>,
  { namespace, conflist }: AgentPod,
  context: string | undefined,
): Promise<Asked<{ readonly from: string; readonly text: string }>> {
  if (conflist === undefined) return { why: 'the release of its agent gives it none' };
  const { configMap, file } = conflist;
  // Whoever made the pod chose it, and kubectl would take it for an option, as --server=… is one.
  if (configMap.startsWith('-')) return { why: `${namespace}/${configMap} is no name of a ConfigMap` };
  const object = await askKubectl<{ data?: Readonly<Record<string, string>> }>(shell, context, [
    ...['get', 'configmap', configMap, '--namespace', namespace],
  ]);
  if ('why' in object) return object;
  const text = object.found.data?.[file];
  const from = `ConfigMap ${namespace}/${configMap}`;
  return text === undefined ? { why: `${from} has no ${file}` } : { found: { from, text } };
}
