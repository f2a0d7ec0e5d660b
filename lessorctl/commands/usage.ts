/** `lessorctl usage`. */
import type { UsageResult } from '../../core/contract/questions.ts';
import { NONE } from '../print/cell.ts';
import { type Column, fieldsPart, type Part, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { wrong } from '../settings/wrong.ts';
import { ofEach } from './each-pool.ts';
import { poolsOf } from './pools-of.ts';
import { vrfColumn, vrfOptions, vrfsMeant, vrfsText } from './vrfs.ts';
import { counted, namespaceCell, orNone, shareCell, sizeText } from './words.ts';

export const usage = command({
  about: `Exactly, by reading every slot that may be in use, or with --fast by the counters, which are some seconds old and do not
count what cools. Without a pool: all pools of the VRF.`,
  arguments: { pool: { help: 'the pool', optional: true, kind: 'pool' } },
  options: {
    ...vrfOptions,
    by: { kind: 'value', value: 'WHAT', choices: ['block', 'node', 'namespace'], help: 'also count for each of these' },
    node: {
      kind: 'value',
      value: 'ID',
      of: 'node',
      help: 'where blocks belong to nodes: also what this node has and could get',
    },
    fast: { kind: 'flag', help: 'by the counters, however large the pool is; by namespace only' },
  },
  examples: [
    { line: 'usage shop', does: 'How full a pool is' },
    { line: 'usage shop --by namespace --fast', does: 'Who uses it, by the counters' },
    { line: 'usage', does: 'How full each pool is' },
    { line: 'usage -A --fast', does: 'And those of all VRFs, by the counters' },
  ],
  watchable: true,
  async run({ pool, by, node, fast, 'all-vrfs': everywhere }, session) {
    const api = await session.service();
    const query = {
      by: by as 'block' | 'node' | 'namespace' | undefined,
      node,
      cheap: fast ? 'true' : 'false',
    } as const;
    if (pool !== undefined) {
      if (everywhere) throw wrong('a pool is in one VRF, and --all-vrfs is given', 'name its VRF with --vrf');
      const { vrf } = await session.target();
      const result = await api.ask('usage', { path: { pool }, query: { ...query, vrf } });
      return { document: result, names: [result.pool], view: (wide) => partsOf(result, by, wide) };
    }
    if (by !== undefined || node !== undefined) throw wrong('--by and --node are about one pool', 'name the pool');
    const vrfs = await vrfsMeant(session, everywhere);
    const all = await ofEach(await poolsOf(session, vrfs), ({ name, vrf }) =>
      api.ask('usage', { path: { pool: name }, query: { ...query, vrf } }),
    );
    return {
      document: { pools: all },
      names: all.map((one) => one.pool),
      view: (wide) => [
        all.length === 0
          ? textPart(`In ${vrfsText(vrfs, everywhere)} is no pool.`)
          : tablePart(all, [...vrfColumn<UsageResult>(everywhere, ({ vrf }) => vrf), ...overview], wide),
      ],
    };
  },
});

const overview: readonly Column<UsageResult>[] = [
  { head: 'POOL', of: ({ pool }) => pool, shrinks: true },
  { head: 'USED', of: ({ held, capacity }) => shareCell(held, capacity) },
  { head: 'HELD', of: ({ held }) => String(held) },
  { head: 'COOLING', of: ({ cooling }) => (cooling === undefined ? NONE : String(cooling)) },
  { head: 'FREE', of: ({ free }) => (free === undefined ? NONE : sizeText(free)) },
  { head: 'SIZE', of: ({ capacity }) => sizeText(capacity) },
  { head: 'RESERVED', of: ({ reserved }) => sizeText(reserved) },
  { head: 'FREE BLOCKS', of: ({ blocks }) => (blocks === undefined ? NONE : sizeText(blocks.free)) },
];

type By = 'block' | 'node' | 'namespace';
type UsagePart = NonNullable<UsageResult['parts']>[number];

/** How full it is, in a few lines. */
export const useFields = (result: UsageResult) =>
  fieldsPart([
    ['Pool', `${result.pool} of VRF ${result.vrf}`],
    ['Used', shareCell(result.held, result.capacity)],
    ['Held', `${result.held} of ${result.capacity}`],
    ['Cooling', result.cooling?.toString()],
    ['Free', freeText(result)],
    ['Reserved', result.reserved === '0' ? undefined : result.reserved],
    ['Blocks', result.blocks && `${result.blocks.claimed} claimed, ${result.blocks.free} free`],
    ['A new node', prospectText(result.newNode)],
    [
      'Node',
      result.node &&
        `${result.node.node}: ${counted(result.node.ownBlocks, 'block')}, ${result.node.ownFree} free in them`,
    ],
    ['It could get', prospectText(result.node)],
    ['Counted', result.source === 'exact' ? 'exactly' : 'by the counters, some seconds ago'],
  ]);

const prospectText = (one: { blocks: string; addresses: string } | undefined): string | undefined =>
  one && `${counted(one.addresses, 'address', 'addresses')} at most, in ${counted(one.blocks, 'more block')}`;

function freeText({ free, freeIn }: UsageResult): string | undefined {
  if (free === undefined || freeIn === undefined) return free;
  return `${free} (${freeIn.claimedBlocks} in blocks of nodes, ${freeIn.freeBlocks} in free blocks)`;
}

const partsOf = (result: UsageResult, by: string | undefined, wide: boolean): Part[] => [
  useFields(result),
  ...(result.parts === undefined || result.parts.length === 0
    ? []
    : [tablePart(result.parts, byColumns(by as By, result), wide)]),
];

const byColumns = (by: By, { capacity, source }: UsageResult): Column<UsagePart>[] => [
  { head: by.toUpperCase(), of: ({ of }) => (by === 'namespace' ? namespaceCell(of) : of), shrinks: true },
  ...(by === 'block' ? [{ head: 'NODE', of: ({ node }: UsagePart) => orNone(node), shrinks: true } as const] : []),
  { head: 'HELD', of: ({ held }) => String(held) },
  ...(source === 'exact'
    ? [{ head: 'COOLING', of: ({ cooling }: UsagePart) => (cooling === undefined ? NONE : String(cooling)) }]
    : []),
  { head: 'OF POOL', of: ({ held }) => shareCell(held, capacity) },
];
