/** `lessor import`. */

import { isInterfaceName, isName } from '../../core/contract/limits.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { type ImportDone, type ImportRow, runImport } from '../import/run-import.ts';
import { type IpamKind, KINDS } from '../import/sources.ts';
import { loadNodeConfiguration } from '../machine/node-configuration.ts';
import { refusal } from '../machine/refusal.ts';
import { openRecords } from '../node/node-records.ts';
import { accessNode } from '../sync/node-access.ts';
import { command } from './command.ts';
import { jsonOption, nodeOptions } from './options.ts';
import { shortId, table } from './table.ts';

export const importing = command({
  about: `Containers that run keep the addresses that another IPAM gave them: each becomes a lease of this node, for exactly its address.
Nothing is changed without --yes. An attachment of which anything is in the way is named, and nothing of it is changed; nobody is
ever freed. A second run changes nothing. docs/import.md has the order in which a cluster is moved.

What is proven to be over is left out: of containers that were there before the runtime's own list (--sandboxes), those that are not in
it. What nobody saw, and is not proven to be over, is imported all the same: it is held until its DEL or this machine's next boot.`,
  operands: [
    { name: 'KIND', help: KINDS.join(', ') },
    {
      name: 'SOURCE',
      help: `host-local: the network's directory, as /var/lib/cni/networks/<network>; whereabouts: a file with
  kubectl get ippools.whereabouts.cni.cncf.io,pods -A -o json; calico: one with
  kubectl get ipamblocks.crd.projectcalico.org,pods -A -o json; - is standard input`,
    },
  ],
  options: {
    network: { kind: 'value', value: 'NAME', help: "the network's name, under which these containers will be deleted" },
    pool: { kind: 'value', value: 'NAME', help: 'the pool that has the addresses' },
    vrf: { kind: 'value', value: 'NAME', default: 'default', help: "the pool's VRF" },
    yes: { kind: 'flag', help: 'import; without it nothing is changed' },
    ifname: {
      kind: 'value',
      value: 'NAME',
      help: 'the interface where it is not written down (default: eth0, and of whereabouts that of the pods)',
    },
    pods: { kind: 'value', value: 'FILE', help: 'the pods, as kubectl get pods -A -o json writes them' },
    sandboxes: {
      kind: 'value',
      value: 'FILE',
      help: 'the sandboxes of the runtime, as crictl pods -o json writes them: what is five minutes older than the file and not in it is over',
    },
    'node-name': {
      kind: 'value',
      value: 'NAME',
      help: "this node's name in the cluster (default: $NODE_NAME, else the host's)",
    },
    ...nodeOptions,
    ...jsonOption,
  },
  async run(values, { surroundings, terminal, input }, [kind = '', source = '']) {
    const { config, json, yes, network, pool, vrf, 'data-dir': dataDirs } = values;
    const access = accessNode(surroundings, { config, dataDirs });
    const [ownDir = '', ...others] = access.dataDirs;
    if (others.length > 1) throw wrong('--data-dir is given several times', "name the network's own");
    const options = {
      ...{ kind: kindOf(kind), source, vrf },
      network: named('network', network),
      pool: named('pool', pool),
      ifname: interfaceName(values.ifname),
      ...{ pods: values.pods, sandboxes: values.sandboxes, nodeName: values['node-name'] },
      labels: loadNodeConfiguration(config === undefined ? {} : { config }, surroundings).labels,
      dryRun: !yes,
    };
    const records = openRecords(surroundings, others[0] ?? ownDir);
    const showsProgress = !json && process.stderr.isTTY === true;
    const progress = (done: number, all: number) => {
      if (showsProgress) terminal.complain(done === all ? '\r\u001b[2K' : `\r\u001b[2Klessor: ${done} of ${all}`);
    };
    const done = await runImport({ reading: { ...surroundings, input }, records, api: access.api, progress }, options);
    terminal.print(json ? `${JSON.stringify(inJson(done, options), undefined, 2)}\n` : inWords(done, options.dryRun));
    return exitCodeOf(done);
  },
});

const wrong = (what: string, remedy: string) => refusal('request.invalid', what, remedy);

function kindOf(text: string): IpamKind {
  const kind = KINDS.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw wrong(`KIND ${JSON.stringify(text)} is none`, `the kinds are ${KINDS.join(', ')}`);
}

function named(option: string, text: string | undefined): string {
  if (text === undefined) throw wrong(`--${option} is not given`, 'see lessor help import');
  if (isName(text)) return text;
  throw wrong(`--${option} ${JSON.stringify(text)} is no name`, 'letters, digits, _ . and -');
}

function interfaceName(text: string | undefined): string | undefined {
  if (text === undefined || isInterfaceName(text)) return text;
  throw wrong(
    `--ifname ${JSON.stringify(text)} is no name of an interface`,
    'name one as eth0 or net1, without / and :',
  );
}

/** What a person has to see to: each may be an address with which a pod lives. */
const OPEN: readonly ImportRow['outcome'][] = ['conflict', 'unreadable', 'nowhere'];

function exitCodeOf({ rows, error }: ImportDone): number {
  if (error !== undefined) return error.kind.exit;
  const isOpen = rows.some(({ outcome }) => outcome === 'conflict' || outcome === 'unreadable');
  return isOpen ? new LessorError('address.held', '').kind.exit : 0;
}

const inJson = ({ rows, nodeName }: ImportDone, { kind, source, network, pool, vrf, dryRun }: ShownOptions) => ({
  ...{ dryRun, kind, source, network, vrf, pool, nodeName },
  counts: countsOf(rows),
  allocations: rows,
});
interface ShownOptions {
  readonly kind: IpamKind;
  readonly source: string;
  readonly network: string;
  readonly pool: string;
  readonly vrf: string;
  readonly dryRun: boolean;
}

function countsOf(rows: readonly ImportRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of rows) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

const WORDS: Readonly<Record<ImportRow['outcome'], string>> = {
  would: 'To be imported',
  imported: 'Imported',
  already: 'Held already',
  unsure: 'Not answered: the agent asserts them again, and so does another run',
  conflict: 'In conflict, unchanged',
  unreadable: 'Unreadable',
  nowhere: 'Not known to be of this node, unchanged',
  over: 'Over: no container has them any more',
  elsewhere: "Other nodes'",
  host: 'Of hosts and services: exclude them from the pool',
  void: "Nobody's",
};

function inWords({ rows }: ImportDone, dryRun: boolean): string {
  const counts = countsOf(rows);
  const summary = Object.entries(WORDS).flatMap(([outcome, words]) => {
    const count = counts[outcome];
    return count === undefined ? [] : [[words, String(count)]];
  });
  const open = rows.filter(({ outcome }) => outcome === 'unsure' || outcome === 'host' || OPEN.includes(outcome));
  const over = rows.filter(({ outcome }) => outcome === 'over' || outcome === 'void');
  const unproven = rows.filter(({ standing, outcome }) => standing === 'unproven' && outcome !== 'conflict');
  const listed = (head: string, some: readonly ImportRow[]) =>
    some.length === 0 ? [] : [table([['ADDRESS', 'CONTAINER', 'INTERFACE', 'POD', head], ...some.map(cellsOf)])];
  return `${[
    summary.length === 0 ? 'Nothing is allocated.' : table(summary),
    ...listed('IN THE WAY', open),
    ...listed('LEFT OUT SINCE', over),
    ...(unproven.length === 0
      ? []
      : [
          `Nobody saw ${unproven.length} of these containers live; they are held until their DEL, or this machine's next boot.`,
        ]),
    ...(dryRun && (counts.would ?? 0) > 0 ? ['Nothing was changed: give --yes.'] : []),
  ].join('\n\n')}\n`;
}

const cellsOf = ({ addresses, containerId, ifname, pod, why, from }: ImportRow): string[] => [
  addresses.join(', ') || '-',
  containerId === undefined ? '-' : shortId(containerId),
  ifname ?? '-',
  pod === undefined ? '-' : `${pod.namespace}/${pod.name}`,
  `${why ?? ''} (${from.join(', ')})`,
];
