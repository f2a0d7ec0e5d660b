/** A cluster that is made up, as kubectl shows it. */
import type { Ran, Shell } from '../../lessorctl/shell/shell.ts';

export interface KubernetesObject {
  /** As it is asked for: `pod`, `node`, `configmap`. */
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: object;
  readonly [member: string]: unknown;
}

const answer = (value: unknown): Ran => ({ code: 0, stdout: JSON.stringify(value), stderr: '' });
const failure = (stderr: string, code = 1): Ran => ({ code, stdout: '', stderr: `${stderr}\n` });

/** @param lessor what the plugin's executable answers in an agent's pod */
export const kubectlOf =
  (
    objects: readonly KubernetesObject[],
    lessor: (args: readonly string[], pod: string) => Ran = () => failure('error: unable to upgrade connection'),
  ): Shell['execute'] =>
  async (program, args) => {
    const given = (option: string) => args[args.indexOf(option) + 1];
    const namespace = args.includes('--namespace') ? given('--namespace') : undefined;
    if (program !== 'kubectl') return undefined;
    if (args.includes('current-context')) return { code: 0, stdout: 'prod\n', stderr: '' };
    if (args.includes('exec')) return lessor(args.slice(args.indexOf('--') + 2), args[3] ?? '');
    const [, what = '', name] = args.slice(args.indexOf('get'));
    const kind = what.replace(/s?\..*|s$/, '');
    const all = objects.filter((one) => one.kind === kind && (!namespace || one.metadata.namespace === namespace));
    if (name !== undefined && !name.startsWith('-')) {
      const found = all.find(({ metadata }) => metadata.name === name);
      return found ? answer(found) : failure(`Error from server (NotFound): ${kind}s "${name}" not found`);
    }
    const [label, value = ''] = (args.includes('--selector') ? (given('--selector') ?? '') : '').split('=');
    const [, onNode] = /spec\.nodeName=(.*)/.exec(args.join('\n')) ?? [];
    const fits = ({ metadata, spec }: KubernetesObject) =>
      (!label || metadata.labels?.[label] === value) &&
      (onNode === undefined || (spec as { nodeName?: string } | undefined)?.nodeName === onNode);
    return answer({ items: all.filter(fits) });
  };

/** The pod of a release's agent, as the chart makes it. @param args of the agent, beside those that it always has */
export const agentPod = (
  node: string,
  args: readonly string[] = [],
  conflist = '10-pods.conflist',
): KubernetesObject => ({
  kind: 'pod',
  metadata: { name: 'lessor-x7k2p', namespace: 'kube-system', labels: { 'app.kubernetes.io/name': 'lessor' } },
  spec: {
    nodeName: node,
    hostNetwork: true,
    initContainers: [{ name: 'install', args: ['install', ...(conflist ? [`--conflist=/conflist/${conflist}`] : [])] }],
    containers: [{ name: 'agent', args: ['agent', '--config=/etc/lessor/node.json', ...args] }],
    volumes: conflist ? [{ name: 'conflist', configMap: { name: 'lessor' } }] : [],
  },
});

/** The ConfigMap of the release. */
export const conflistMap = (ipam: object, name = '10-pods.conflist'): KubernetesObject => ({
  kind: 'configmap',
  metadata: { name: 'lessor', namespace: 'kube-system' },
  data: { [name]: JSON.stringify({ cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'bridge', ipam }] }) },
});

/** What a network of Multus is made of. */
export const definition = (namespace: string, name: string, ipam?: object): KubernetesObject => ({
  kind: 'network-attachment-definition',
  metadata: { name, namespace },
  spec: ipam === undefined ? {} : { config: JSON.stringify({ cniVersion: '1.0.0', name, type: 'macvlan', ipam }) },
});
