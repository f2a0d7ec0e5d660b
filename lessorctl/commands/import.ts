/** `lessorctl import`. */
import pMap from 'p-map';
import { problems } from '../../core/contract/problems.ts';
import { type AskedImport, importOn } from '../import/on-nodes.ts';
import { gatheredImport, type OpenRow, type WholeImport } from '../import/whole-import.ts';
import { askKubectl, type ListOf } from '../kubernetes/kubectl.ts';
import type { CommandOutcome } from '../print/outcome.ts';
import { tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';
import { agreed, freeingOptions } from './change.ts';
import { counted, orNone } from './words.ts';

/** Nodes that are asked at once: each gets the whole export through the API server. */
const NODES_AT_ONCE = 4;

export const imported = command({
  about: `Each node makes leases of the addresses that another IPAM gave to its containers, so that every pod keeps its address: lessor
import is run in the agent's pod on each node, through kubectl, since only a node can sign for itself. First it is seen what it would
come to. Nothing is freed, what is in the way of an attachment is named, and a second run changes nothing. While some nodes still run
the other IPAM, exclude from the pool what that one may still hand out: docs/import.md has the order of a whole move. host-local has
no export of a whole cluster: run lessor import on its nodes.`,
  arguments: { kind: { help: 'the other IPAM', choices: ['whereabouts', 'calico'] } },
  options: {
    file: {
      kind: 'value',
      value: 'FILE',
      short: 'f',
      help: 'what was exported as one JSON list, with the pods; - is standard input',
    },
    network: { kind: 'value', value: 'NAME', help: "the network's name, under which these pods will be deleted" },
    pool: { kind: 'value', value: 'NAME', of: 'pool', help: 'the pool that has the addresses' },
    node: {
      kind: 'value',
      value: 'NAME',
      several: true,
      help: 'only on this node of the cluster (default: on all of them)',
    },
    ifname: { kind: 'value', value: 'NAME', help: 'the interface, where it is not written down' },
    'data-dir': {
      kind: 'value',
      value: 'DIR',
      help: 'where the network has its records, if it has a dataDir of its own',
    },
    ...freeingOptions,
  },
  examples: [
    {
      line: 'import whereabouts -f export.json --network storage --pool routed --node ip-10-0-1-17.eu-central-1.compute.internal --dry-run',
      does: 'See what an import on one node would come to',
    },
    {
      line: 'import calico -f export.json --network pods --pool web --node ip-10-0-1-17.eu-central-1.compute.internal --yes',
      does: 'Import there (without --node: on all nodes)',
    },
  ],
  async run({ kind, file, network, pool, node, ifname, 'data-dir': dataDir, 'dry-run': dryRun, yes }, session) {
    const text = await exportIn(session, file);
    const { vrf } = await session.target();
    const options = [
      ...['--network', given('network', network), '--pool', given('pool', pool), '--vrf', vrf],
      ...(ifname === undefined ? [] : ['--ifname', ifname]),
      ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
    ];
    const names = node.length > 0 ? [...new Set(node)] : await nodesOf(session);
    const onAll = (more: readonly string[]) =>
      overNodes(session, names, { isPart: node.length > 0, kind, text, options: [...options, ...more] });
    const foreseen = await onAll([]);
    if (dryRun || foreseen.would === 0) return outcomeOf(foreseen, true);
    const question = `Import ${counted(foreseen.would, 'attachment')} on ${counted(names.length, 'node')}?`;
    await agreed(session, { question, yes }, { effects: effectsOf(foreseen) });
    return outcomeOf(await onAll(['--yes']), false);
  },
});

function given(option: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw wrong(`--${option} is not given`, `give --${option} NAME`);
}

/** @throws LessorError `request.invalid` */
async function exportIn({ shell }: Session, file: string | undefined): Promise<string> {
  const text = await shell.read(given('file', file));
  if (text === undefined) throw wrong(`-f ${file} is not there`, 'name a file, or - for standard input');
  const read = parsed(text);
  if (Array.isArray((read as { items?: unknown } | null)?.items)) return text;
  throw wrong(
    `-f ${file} is no list in JSON`,
    'write it with kubectl get ippools.whereabouts.cni.cncf.io,pods -A -o json, or ipamblocks.crd.projectcalico.org,pods',
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws LessorError `request.invalid` where the cluster could not be asked */
async function nodesOf({ shell, context }: Session): Promise<string[]> {
  const nodes = await askKubectl<ListOf<object>>(shell, context, ['get', 'nodes']);
  if ('why' in nodes) throw wrong(`the nodes are not known: ${nodes.why}`, 'name each with --node');
  const names = (nodes.found.items ?? []).flatMap(({ metadata }) => metadata?.name ?? []);
  // Of none of them nothing would be open, and all would be well.
  if (names.length === 0)
    throw wrong('kubectl knows no node', 'name the cluster with --context, or each node with --node');
  return names;
}

async function overNodes(
  { shell, context, progress }: Session,
  names: readonly string[],
  { isPart, ...asked }: AskedImport & { readonly isPart: boolean },
): Promise<WholeImport> {
  let done = 0;
  const gathered = gatheredImport(names, isPart);
  const ask = async (name: string) => {
    gathered.add(await importOn(shell, context, name, asked));
    done += 1;
    progress.tell(`${done} of ${counted(names.length, 'node')}`);
  };
  await pMap(names, ask, { concurrency: NODES_AT_ONCE });
  return gathered.whole();
}

const effectsOf = ({ nodes, notAsked, open }: WholeImport): string[] => [
  ...nodes.flatMap(({ node, counts }) =>
    counts.would === undefined ? [] : [`node ${node} imports ${counted(counts.would, 'attachment')}`],
  ),
  ...notAsked.map(({ node, why }) => `node ${node} imports nothing: ${why}`),
  ...(open.length === 0 ? [] : [`${counted(open.length, 'allocation')} are left as they are: see --dry-run`]),
];

function outcomeOf(whole: WholeImport, dryRun: boolean): CommandOutcome {
  const { nodes, notAsked, open, ofHosts } = whole;
  const exit = notAsked.length > 0 ? problems['service.unavailable'].exit : problems['address.held'].exit;
  return {
    document: { dryRun, ...whole },
    names: nodes.map(({ node }) => node),
    view: (wide) => [
      tablePart(nodes, columns, wide),
      ...(notAsked.length === 0
        ? []
        : [textPart(notAsked.map(({ node, why }) => `- node ${node}: ${why}`).join('\n'))]),
      ...(open.length + ofHosts.length === 0 ? [] : [textPart([...open, ...ofHosts].map(inWords).join('\n'))]),
      textPart(conclusions(whole, dryRun).join('\n')),
    ],
    exitCode: notAsked.length > 0 || open.length > 0 ? exit : 0,
  };
}

function conclusions({ would, open, notAsked, elsewhere, ofHosts, unproven }: WholeImport, dryRun: boolean): string[] {
  const isWhole = would + elsewhere + open.length + notAsked.length === 0;
  return [
    ...(dryRun && would > 0 ? ['Nothing was changed.'] : []),
    ...(unproven === 0
      ? []
      : [`Nobody saw ${unproven} of them live: they are held until their DEL, or their node's next boot.`]),
    ...(ofHosts.length === 0 ? [] : ['Exclude the addresses of hosts and services from the pool.']),
    isWhole
      ? 'Each address of the export with which a pod may live is held.'
      : 'Not each address of the export is held: go on excluding them from the pool.',
  ];
}

const countColumn = (head: string, outcome: string) => ({
  head,
  of: ({ counts }: WholeImport['nodes'][number]) => orNone(counts[outcome]?.toString()),
});

const columns = [
  { head: 'NODE', of: ({ node }: WholeImport['nodes'][number]) => node, shrinks: true as const },
  countColumn('TO IMPORT', 'would'),
  countColumn('IMPORTED', 'imported'),
  countColumn('HELD', 'already'),
  countColumn('CONFLICTS', 'conflict'),
  countColumn('OVER', 'over'),
  countColumn('UNANSWERED', 'unsure'),
];

/** With both sides, which a column would cut off. */
function inWords({ addresses, node, pod, why, from }: OpenRow): string {
  const of = [...(pod ? [`pod ${pod.namespace}/${pod.name}`] : []), ...(node === undefined ? [] : [`node ${node}`])];
  return `- ${[addresses.join(', ') || 'no address', ...of].join(', ')}: ${why ?? ''} (${from.join(', ')})`;
}
