/** `lessorctl nodes` and `lessorctl node show`. */
import type { ListedNodeView, NodeView } from '../../core/contract/nodes.ts';
import { NONE } from '../print/cell.ts';
import { type Column, fieldsPart, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { gathered } from './pages.ts';
import { readSpan } from './times.ts';
import { ageCell, counted, orNone, stateCell, timeText } from './words.ts';

export const nodes = command({
  about: `Each that may hold leases: alive, and for a week after its death. Agents say every 10 minutes that they are up.
Nothing is freed because a node is silent.`,
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
  { head: 'ACCOUNT', of: ({ account }) => orNone(account), wide: true },
  { head: 'REGION', of: ({ region }) => orNone(region), wide: true },
  { head: 'LIFE', of: ({ incarnation }) => String(incarnation), wide: true },
  { head: 'SINCE', of: ({ lifeAt }) => timeText(lifeAt), wide: true },
  { head: 'EC2', of: ({ instance }) => instance?.state ?? NONE, wide: true },
  { head: 'EC2 ASKED', of: ({ instance }) => ageCell(instance?.at, now), wide: true },
];

export const node = command({
  about: `One node: whether its life is over, when it was last heard of, and the blocks in which it may hold leases.`,
  arguments: { node: { help: "the node's id", kind: 'node' } },
  options: {},
  examples: [{ line: 'node i-0123456789abcdef0', does: 'What is known of a node' }],
  watchable: true,
  async run({ node: id }, { service, shell }) {
    const view = await (await service()).ask('readNode', { query: { node: id } });
    return { document: view, names: [view.node], view: (wide) => partsOf(view, shell.now(), wide) };
  },
});

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
  ...(view.blocks.length === 0
    ? []
    : [
        tablePart(
          view.blocks,
          [
            { head: 'POOL ID', of: ({ pool }) => pool },
            { head: 'BLOCK', of: ({ block }) => block },
          ],
          wide,
        ),
      ]),
];

const spanOf = (at: string, now: number): string => {
  const cell = ageCell(at, now);
  return typeof cell === 'string' ? cell : cell.text;
};
