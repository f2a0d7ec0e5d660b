/** `lessorctl blocks`. */
import type { BlockRow } from '../../core/contract/blocks.ts';
import { type Column, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { gathered } from './pages.ts';
import { orNone, stateCell } from './words.ts';

export const blocks = command({
  about: `Those that were claimed at some time, of a pool whose blocks belong to nodes: for whoever programs the routes to them.`,
  arguments: { pool: { help: 'the pool', kind: 'pool' } },
  options: {
    node: { kind: 'value', value: 'ID', of: 'node', help: 'only those of this node' },
    state: { kind: 'value', value: 'STATE', choices: ['claimed', 'releasing', 'free', 'sealed'], help: 'only these' },
  },
  examples: [
    { line: 'blocks routed', does: 'Which node has which block' },
    { line: 'blocks routed --node i-0123456789abcdef0 -o name', does: "The prefixes of a node's blocks" },
  ],
  watchable: true,
  async run({ pool, node, state }, { service, target, progress }) {
    const [api, { vrf }] = [await service(), await target()];
    const list = api.pages('listBlocks', { path: { pool }, query: { vrf } });
    const all = await gathered(list, (page) => page.blocks, progress, 'blocks');
    const isMeant = (block: BlockRow) =>
      (node === undefined || block.node === node) && (state === undefined || block.state === state);
    const found = all.filter(isMeant);
    return {
      document: { blocks: found },
      names: found.flatMap(({ prefixes }) => prefixes),
      view: (wide) => [found.length === 0 ? textPart('There is no such block.') : tablePart(found, columns, wide)],
    };
  },
});

const columns: readonly Column<BlockRow>[] = [
  { head: 'BLOCK', of: ({ block }) => block },
  { head: 'PREFIXES', of: ({ prefixes }) => prefixes.join(' + '), shrinks: true },
  { head: 'STATE', of: ({ state }) => stateCell(state) },
  { head: 'NODE', of: ({ node }) => orNone(node), shrinks: true },
  { head: 'GATEWAYS', of: ({ gateways }) => orNone(gateways?.join(' + ')), wide: true },
  { head: 'GENERATION', of: ({ generation }) => String(generation), wide: true },
];
