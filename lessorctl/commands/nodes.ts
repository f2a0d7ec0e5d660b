/** `lessorctl nodes` and `lessorctl node show`. */
import type { JournalView } from '../../core/contract/heartbeat.ts';
import type { ListedNodeView, NodeView } from '../../core/contract/nodes.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Service } from '../api/service.ts';
import { type Cell, NONE, toned } from '../print/cell.ts';
import { type Column, fieldsPart, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { bareAddress } from './lease-columns.ts';
import { nodeMeant } from './node-meant.ts';
import { gathered } from './pages.ts';
import { readSpan } from './times.ts';
import { ageCell, counted, orNone, spanText, stateCell, timeText } from './words.ts';

export const nodes = command({
  about: `Each that may hold leases: alive, and for a week after its death. Agents say every 10 minutes that they are up.
Nothing is freed because a node is silent. With -o wide there is what each node counts in its journal, as it said last.`,
  arguments: {},
  options: {
    silent: { kind: 'value', value: 'SPAN', help: 'only living ones that were not heard of for so long: 1h' },
    cluster: { kind: 'value', value: 'NAME', help: 'only those of this cluster' },
    account: { kind: 'value', value: 'ID', help: 'only those of this AWS account' },
    'node-region': { kind: 'value', value: 'REGION', help: 'only those that say they are in this AWS Region' },
    alive: { kind: 'flag', help: 'only those whose life is not over' },
    dead: { kind: 'flag', help: 'only those whose life is over' },
  },
  examples: [
    { line: 'nodes', does: 'Which nodes there are' },
    { line: 'nodes -o wide', does: 'And what each counts in its journal' },
    { line: 'nodes --silent 1h -o name', does: 'Ids of those that were not heard of for an hour' },
  ],
  watchable: true,
  async run({ silent, cluster, account, 'node-region': region, alive, dead }, { service, progress, shell }) {
    const span = silent === undefined ? undefined : readSpan('--silent', silent);
    const now = shell.now();
    const living = alive || span !== undefined ? 'true' : dead ? 'false' : undefined;
    const api = await service();
    const query = { cluster, account, region, alive: living, limit: '100' } as const;
    const all = await gathered(api.pages('listNodes', { query }), (page) => page.nodes, progress, 'nodes');
    const isMeant = ({ heartbeatAt, lifeAt }: ListedNodeView) =>
      span === undefined || now - Date.parse(heartbeatAt ?? lifeAt) >= span;
    const found = all.filter(isMeant).sort((a, b) => (a.name ?? a.node).localeCompare(b.name ?? b.node));
    return {
      document: { nodes: found },
      names: found.map(({ node }) => node),
      view: (wide) => [found.length === 0 ? textPart('There is no such node.') : tablePart(found, columns(now), wide)],
    };
  },
});

const columns = (now: number): Column<ListedNodeView>[] => [
  { head: 'NODE', of: ({ node }) => node, shrinks: true },
  { head: 'NAME', of: ({ name }) => orNone(name), shrinks: true },
  { head: 'STATE', of: ({ alive }) => stateCell(alive ? 'alive' : 'dead') },
  { head: 'HEARD', of: ({ heartbeatAt }) => ageCell(heartbeatAt, now) },
  { head: 'CLUSTER', of: ({ cluster }) => orNone(cluster), shrinks: true },
  { head: 'VERSION', of: ({ version }) => orNone(version) },
  { head: 'ATTACHED', of: ({ journal }) => countCell(journal?.attachments), wide: true },
  { head: 'UNTOLD', of: ({ journal }) => untoldCell(journal), wide: true },
  { head: 'LOST', of: ({ journal }) => lostCell(journal), wide: true },
  { head: 'BLOCKS', of: ({ journal }) => countCell(journal?.blocks), wide: true },
  { head: 'COMPARED', of: ({ journal }) => ageCell(journal?.reconciledAt, now), wide: true },
  { head: 'ACCOUNT', of: ({ account }) => orNone(account), wide: true },
  { head: 'REGION', of: ({ region }) => orNone(region), wide: true },
  { head: 'LIFE', of: ({ incarnation }) => String(incarnation), wide: true },
  { head: 'SINCE', of: ({ lifeAt }) => timeText(lifeAt), wide: true },
  { head: 'EC2', of: ({ instance }) => instance?.state ?? NONE, wide: true },
  { head: 'EC2 ASKED', of: ({ instance }) => ageCell(instance?.at, now), wide: true },
];

const countCell = (count: number | undefined): Cell => (count === undefined ? NONE : String(count));
const lostCell = (journal: JournalView | undefined): Cell =>
  journal === undefined ? NONE : toned(String(journal.lost), journal.lost === 0 ? undefined : 'bad');
/** What the service is still to be told, and for how long the oldest of it has waited. */
function untoldCell(journal: JournalView | undefined): Cell {
  if (journal === undefined) return NONE;
  const { outbox, outboxOldestSeconds: seconds } = journal;
  return seconds === undefined ? String(outbox) : toned(`${outbox} for ${spanText(seconds * 1000)}`, 'waits');
}

export const node = command({
  about: `One node: whether its life is over, when it was last heard of, what it counts in its journal, and the blocks in which it
may hold leases.`,
  arguments: { node: { help: "the node's id, or its name in the cluster", kind: 'node' } },
  options: {},
  examples: [{ line: 'node i-0123456789abcdef0', does: 'What is known of a node' }],
  watchable: true,
  async run({ node: id }, { service, shell }) {
    const view = await nodeNamed(await service(), id);
    return { document: view, names: [view.node], view: (wide) => partsOf(view, shell.now(), wide) };
  },
});

/** By its id; else by its name, for which all of them are gone through. */
async function nodeNamed(api: Service, named: string): Promise<NodeView> {
  try {
    return await api.ask('readNode', { query: { node: named } });
  } catch (error) {
    const isUnknown = error instanceof LessorError && error.code === 'node.unknown';
    const meant = isUnknown ? await nodeMeant(api, named) : undefined;
    if (meant === undefined) throw error;
    return api.ask('readNode', { query: { node: meant.node } });
  }
}

const journalParts = ({ journal }: NodeView, now: number, wide: boolean) =>
  journal === undefined
    ? []
    : [
        fieldsPart([
          ['Journal', `as it said ${spanOf(journal.at, now)} ago`],
          ['Attachments', String(journal.attachments)],
          ['Untold', untoldCell(journal)],
          ['Lost', lostCell(journal)],
          ['Compared', journal.reconciledAt && `${spanOf(journal.reconciledAt, now)} ago`],
          ['API away', journal.outage && `${timeText(journal.outage.from)} to ${timeText(journal.outage.to)}`],
        ]),
        ...(journal.lostLeases.length === 0
          ? []
          : [
              tablePart(
                journal.lostLeases,
                [
                  { head: 'LOST', of: ({ addresses }) => addresses.map(bareAddress).join(',') },
                  { head: 'POD', of: ({ pod }) => orNone(pod), shrinks: true },
                  { head: 'CONTAINER', of: ({ containerId }) => containerId, shrinks: true },
                ],
                wide,
              ),
            ]),
      ];

const partsOf = (view: NodeView, now: number, wide: boolean) => [
  fieldsPart([
    ['Node', view.node],
    ['Name', view.name],
    ['State', stateCell(view.alive ? 'alive' : 'dead')],
    ['Life', String(view.incarnation)],
    ['Boot', view.boot],
    [
      'Heard of',
      view.heartbeatAt === undefined ? 'never' : `${timeText(view.heartbeatAt)} (${spanOf(view.heartbeatAt, now)} ago)`,
    ],
    ['Agent', view.version],
    ['Blocks', counted(view.blocks.length, 'block')],
  ]),
  ...journalParts(view, now, wide),
  ...(view.blocks.length === 0
    ? []
    : [
        tablePart(
          view.blocks,
          [
            { head: 'POOL', of: ({ name }) => orNone(name), shrinks: true },
            { head: 'BLOCK', of: ({ block }) => block },
            { head: 'VRF', of: ({ vrf }) => orNone(vrf), wide: true },
            { head: 'POOL ID', of: ({ pool }) => pool, wide: true },
          ],
          wide,
        ),
      ]),
];

const spanOf = (at: string, now: number): string => {
  const cell = ageCell(at, now);
  return typeof cell === 'string' ? cell : cell.text;
};
