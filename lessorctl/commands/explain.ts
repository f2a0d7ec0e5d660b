/** `lessorctl explain pod`. */
import type { ExplainResult } from '../../core/contract/questions.ts';
import type { Asked } from '../kubernetes/kubectl.ts';
import { type KubernetesPod, podOfKubernetes } from '../kubernetes/pod.ts';
import { type Cell, NONE } from '../print/cell.ts';
import { fieldsPart, type Part, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { type Configured, configured, givenBy } from './explain-collected.ts';
import { nodeMeant } from './node-meant.ts';
import { podAsks } from './pod-asks.ts';
import { readPod } from './pod-name.ts';
import { readList } from './policy-options.ts';

export const explainPod = command({
  about: `By the rules of an ADD, pool by pool in the order in which they would be tried. Nothing is leased. What is not given is
collected: the pod, its node and its networks (Multus' too) of Kubernetes, through kubectl; the node's id and cluster of Lessor;
the pools that the network configuration names of the release's ConfigMap; the labels in the node's configuration of the agent
that runs there. Where Kubernetes is not reached, give --node, --conflist (or --pools) and --labels. What could not be found out is
said at the end.`,
  arguments: { pod: { help: 'NAMESPACE/NAME; the pod need not be there yet' } },
  options: {
    node: { kind: 'value', value: 'ID|NAME', help: 'the node on which it is, or would be' },
    cluster: { kind: 'value', value: 'NAME', help: "the cluster of the node's role" },
    network: { kind: 'value', value: 'NAME', help: "which of the pod's networks, where it has several" },
    conflist: {
      kind: 'value',
      value: 'FILE',
      help: 'the network configuration of the nodes (/etc/cni/net.d); - is standard input',
    },
    pools: { kind: 'value', value: 'NAMES', help: 'the pools that it names: a,b; none: the service chooses' },
    'pod-pools': { kind: 'value', value: 'NAMES', help: 'the pools in its annotation lessor.dev/pools: a,b' },
    identity: { kind: 'value', value: 'NAME', help: 'that in its annotation lessor.dev/identity' },
    labels: { kind: 'value', value: 'LABELS', help: "of the node's configuration (labels in node.json): a=b,c=d" },
    'without-kubernetes': { kind: 'flag', help: 'do not ask Kubernetes' },
  },
  examples: [
    { line: 'explain pod shop/web-1', does: 'Why a pod has an address, or none' },
    { line: 'explain pod shop/web-1 --network storage', does: 'Of another network than the first' },
    { line: 'explain pod shop/web-1 --conflist 10-lessor.conflist', does: 'By a network configuration in a file' },
    {
      line: 'explain pod shop/new --node i-0123456789abcdef0 --without-kubernetes',
      does: 'What a pod would get there',
    },
  ],
  async run({ pod: text, node: wanted, cluster: inCluster, ...options }, session) {
    const pod = readPod('pod', text);
    const given = await givenBy(options, session);
    const withoutKubernetes = options['without-kubernetes'];
    const known: Asked<KubernetesPod> = withoutKubernetes
      ? NOT_ASKED
      : await podOfKubernetes(session.shell, pod, session.context);
    const kubernetes = 'found' in known ? known.found : undefined;
    const [api, target] = [await session.service(), await session.target()];
    const named = wanted ?? kubernetes?.node;
    const node = named === undefined ? undefined : await nodeMeant(api, named);
    const nodeName = wanted === undefined ? kubernetes?.node : (node?.name ?? wanted);
    const onNode = withoutKubernetes ? NOT_ASKED : nodeName === undefined ? NO_NODE : { found: nodeName };
    const networks = kubernetes?.networks ?? { default: undefined, more: [] };
    const own = await configured(given, session, onNode, networks);
    const cluster = inCluster ?? node?.cluster ?? target.cluster;
    const asks = podAsks(kubernetes?.annotations ?? {}, own.network?.name);
    const { podPools, identity } = {
      podPools: options['pod-pools'] === undefined ? asks.podPools : readList('--pod-pools', options['pod-pools']),
      identity: options.identity ?? asks.identity,
    };
    const asked = {
      vrf: own.network?.vrf ?? target.vrf,
      pools: [...(own.network?.pools ?? [])],
      namespace: pod.namespace,
      pod: pod.pod,
      ...(named === undefined ? {} : { node: node?.node ?? named }),
      ...(cluster === undefined ? {} : { cluster }),
      ...(podPools === undefined ? {} : { podPools }),
      ...(identity === undefined ? {} : { identity }),
      labels: { ...own.labels },
    };
    const result = await api.ask('explain', { body: asked });
    const missing = [
      ...('why' in known && !withoutKubernetes ? [`Kubernetes was not asked: ${known.why}.`] : []),
      ...own.notes,
      ...(named === undefined ? ['The node is not known: blocks that belong to nodes count for nobody.'] : []),
    ];
    const { name, from } = own.network ?? {};
    return {
      document: {
        asked,
        ...(name === undefined ? {} : { network: { name, from } }),
        ...(kubernetes === undefined ? {} : { kubernetes }),
        ...result,
        notKnown: missing,
      },
      names: result.pool === undefined ? [] : [result.pool],
      view: (wide) => partsOf({ asked, network: own.network, kubernetes, result, missing }, wide),
    };
  },
});

const NOT_ASKED = { why: 'Kubernetes is not asked' };
const NO_NODE = { why: 'the node is not known' };

interface Explained {
  readonly asked: {
    readonly vrf: string;
    readonly pools: readonly string[];
    readonly node?: string;
    readonly cluster?: string;
    readonly namespace: string;
    readonly pod: string;
    readonly podPools?: readonly string[];
    readonly identity?: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly network: Configured['network'];
  readonly kubernetes: KubernetesPod | undefined;
  readonly result: ExplainResult;
  readonly missing: readonly string[];
}

function partsOf({ asked, network, kubernetes, result, missing }: Explained, wide: boolean): Part[] {
  // Which pools it names is half of the verdict: one of no configuration is none of the pod's.
  const unless = network === undefined ? 'if the network configuration names no pool, ' : '';
  const none = network === undefined ? 'not known' : 'none: the service chooses';
  const fields: [string, Cell | undefined][] = [
    ['Verdict', { text: `${unless}${result.verdict}`, tone: result.pool === undefined ? 'bad' : 'good' }],
    ['Pod', `${asked.namespace}/${asked.pod}`],
    ['Node', asked.node ?? NONE],
    ['Cluster', asked.cluster ?? NONE],
    ['Labels', labelsText(asked.labels)],
    ['VRF', asked.vrf],
    ['Network', network?.name === undefined ? undefined : `${network.name} (${network.from})`],
    ['Names pools', asked.pools.length === 0 ? none : asked.pools.join(', ')],
    ['Pod names pools', asked.podPools?.join(', ')],
    ['Identity', asked.identity],
    ['Has address', kubernetes?.address],
    ['Kubelet says', kubernetes?.address === undefined ? kubernetes?.lastFailure : undefined],
  ];
  const more = result.morePools === undefined ? [] : [`${result.morePools} more pools are passed over.`];
  const notes = [...more, ...missing];
  return [
    fieldsPart(fields),
    ...(result.pools.length === 0
      ? [textPart('The VRF has no pool.')]
      : [textPart(result.pools.map(poolText).join('\n'))]),
    ...(wide ? result.pools.flatMap((pool) => blocksPart(pool, wide)) : []),
    ...(notes.length === 0 ? [] : [textPart(notes.join('\n'))]),
  ];
}

function labelsText(labels: Readonly<Record<string, string>>): string | undefined {
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return texts.length === 0 ? undefined : texts.join(', ');
}

type PoolVerdict = ExplainResult['pools'][number];

/** In the order in which they would be tried; not shortened, since it says what would help. */
const poolText = ({ pool, rule, verdict }: PoolVerdict, index: number): string =>
  rule === undefined ? `-  ${pool}: ${verdict}` : `${index + 1}. ${pool} (${rule}): ${verdict}`;

const blocksPart = ({ pool, blocks }: PoolVerdict, wide: boolean): Part[] =>
  blocks.length === 0
    ? []
    : [
        tablePart(
          blocks,
          [
            { head: `BLOCK OF ${pool}`, of: ({ block }) => block },
            { head: 'HELD', of: ({ held }) => String(held) },
            { head: 'COOLING', of: ({ cooling }) => String(cooling) },
            { head: 'FREE', of: ({ free }) => String(free) },
            { head: 'NODE', of: ({ node }) => node ?? NONE },
            { head: 'VERDICT', of: ({ verdict }) => verdict },
          ],
          wide,
        ),
      ];
