/** `lessorctl explain pod`. */
import type { ExplainResult } from '../../core/contract/questions.ts';
import { type AskedPools, poolsOfConflist } from '../kubernetes/conflist.ts';
import { type KubernetesPod, podOfKubernetes } from '../kubernetes/kubectl.ts';
import { type Cell, NONE } from '../print/cell.ts';
import { fieldsPart, type Part, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { nodeMeant } from './node-meant.ts';
import { readPod } from './pod-name.ts';
import { readLabels, readList } from './policy-options.ts';

export const explainPod = command({
  about: `By the rules of an ADD, pool by pool in the order in which they would be tried. Nothing is leased. The pod's node is asked of
Kubernetes (through kubectl), and the node's id and cluster of Lessor. What they do not know is given: the pools that the
network configuration names (--conflist or --pools), and the labels of the node's own configuration (--labels). Where Kubernetes
is not reached, give --node and --cluster.`,
  arguments: { pod: { help: 'NAMESPACE/NAME; the pod need not be there yet' } },
  options: {
    node: { kind: 'value', value: 'ID|NAME', help: 'the node on which it is, or would be' },
    cluster: { kind: 'value', value: 'NAME', help: "the cluster of the node's role" },
    conflist: {
      kind: 'value',
      value: 'FILE',
      help: 'the network configuration of the nodes (/etc/cni/net.d); - is standard input',
    },
    pools: { kind: 'value', value: 'NAMES', help: 'the pools that it names: a,b; none: the service chooses' },
    labels: { kind: 'value', value: 'LABELS', help: "of the node's configuration (labels in node.json): a=b,c=d" },
    'without-kubernetes': { kind: 'flag', help: 'do not ask Kubernetes' },
  },
  examples: [
    { line: 'explain pod shop/web-1', does: 'Why a pod has an address, or none' },
    { line: 'explain pod shop/web-1 --conflist 10-lessor.conflist', does: 'By the network configuration of its node' },
    {
      line: 'explain pod shop/new --node i-0123456789abcdef0 --without-kubernetes',
      does: 'What a pod would get there',
    },
  ],
  async run({ pod: text, conflist, pools, labels, ...flags }, session) {
    const pod = readPod('pod', text);
    const network = await networkOf(conflist, pools, session);
    const known = flags['without-kubernetes'] ? undefined : await podOfKubernetes(session.shell, pod, session.context);
    const kubernetes = known !== undefined && 'found' in known ? known.found : undefined;
    const [api, target] = [await session.service(), await session.target()];
    const named = flags.node ?? kubernetes?.node;
    const node = named === undefined ? undefined : await nodeMeant(api, named);
    const cluster = flags.cluster ?? node?.cluster ?? target.cluster;
    const asked = {
      vrf: network.vrf ?? target.vrf,
      pools: [...network.pools],
      namespace: pod.namespace,
      pod: pod.pod,
      ...(named === undefined ? {} : { node: node?.node ?? named }),
      ...(cluster === undefined ? {} : { cluster }),
      labels: labels === undefined ? {} : readLabels('--labels', labels),
    };
    const result = await api.ask('explain', { body: asked });
    const missing = [
      ...(known !== undefined && 'why' in known ? [`Kubernetes was not asked: ${known.why}.`] : []),
      ...(conflist === undefined && pools === undefined
        ? ['The network configuration is not known: give --conflist or --pools where it names pools.']
        : []),
      ...(named === undefined ? ['The node is not known: blocks that belong to nodes count for nobody.'] : []),
      ...(labels === undefined
        ? ["The labels of the node's configuration are not known: give --labels where it has some."]
        : []),
    ];
    return {
      document: { asked, ...(kubernetes === undefined ? {} : { kubernetes }), ...result, notKnown: missing },
      names: result.pool === undefined ? [] : [result.pool],
      view: (wide) => partsOf({ asked, kubernetes, result, missing }, wide),
    };
  },
});

async function networkOf(
  conflist: string | undefined,
  pools: string | undefined,
  { shell }: Session,
): Promise<AskedPools> {
  if (pools !== undefined) return { pools: readList('--pools', pools) };
  if (conflist === undefined) return { pools: [] };
  const text = await shell.read(conflist);
  if (text === undefined) throw wrong(`--conflist ${conflist} is not there`, 'name a file, or - for standard input');
  return poolsOfConflist(conflist, text);
}

interface Explained {
  readonly asked: {
    readonly vrf: string;
    readonly pools: readonly string[];
    readonly node?: string;
    readonly cluster?: string;
    readonly namespace: string;
    readonly pod: string;
  };
  readonly kubernetes: KubernetesPod | undefined;
  readonly result: ExplainResult;
  readonly missing: readonly string[];
}

function partsOf({ asked, kubernetes, result, missing }: Explained, wide: boolean): Part[] {
  const fields: [string, Cell | undefined][] = [
    ['Verdict', { text: result.verdict, tone: result.pool === undefined ? 'bad' : 'good' }],
    ['Pod', `${asked.namespace}/${asked.pod}`],
    ['Node', asked.node ?? NONE],
    ['Cluster', asked.cluster ?? NONE],
    ['VRF', asked.vrf],
    ['Names pools', asked.pools.length === 0 ? 'none: the service chooses' : asked.pools.join(', ')],
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
