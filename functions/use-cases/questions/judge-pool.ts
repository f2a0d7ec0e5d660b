/** Whether a pool, and which of its blocks, could give a pod an address. */
import { covers } from '../../../core/addresses/slot-intervals.ts';
import type { ExplainResult } from '../../../core/contract/questions.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import { blockToText } from '../../../core/protocol/slot-ref.ts';
import { reservedBlocks } from '../add/reserved.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { isOpen, usableOpen } from '../pools/open-blocks.ts';
import { type ReadBlock, readPool } from '../pools/read-pool.ts';
import type { BlockVerdict, PoolVerdict } from './verdict.ts';

type BlockRow = ExplainResult['pools'][number]['blocks'][number];

/** A block with what its slots are. */
type JudgedBlock = Omit<BlockRow, 'verdict'> & { readonly verdict: BlockVerdict };

export interface JudgedPool {
  readonly pool: string;
  readonly verdict: PoolVerdict;
  /** Every block that was looked at. */
  readonly blocks: readonly JudgedBlock[];
}

/** For whom: on which node, if that is known, and with which reservation of the pool, if there is one. */
interface Asker {
  readonly node: string | undefined;
  readonly reservation: string | undefined;
}

/** @throws LessorError service.busy */
export async function judgePool(deps: Dependencies, call: Call, pool: KnownPool, asker: Asker): Promise<JudgedPool> {
  const { name } = pool.definition;
  if (pool.state !== 'active') return { pool: name, verdict: { kind: 'inactive', state: pool.state }, blocks: [] };
  const blocks: JudgedBlock[] = [];
  const others: JudgedBlock[] = [];
  const forAll = { ...asker, reservation: undefined };
  for await (const read of readPool(deps, call, pool)) {
    const isPartial = read.block >= pool.space.blocks;
    if (asker.reservation !== undefined || !isPartial) blocks.push(judgeBlock(deps.now(), pool, read, asker));
    if (!isPartial) others.push(judgeBlock(deps.now(), pool, read, forAll));
  }
  const verdict = poolVerdict(pool, blocks, asker);
  const beside = needsOrdinary(pool, asker) ? poolVerdict(pool, others, forAll) : verdict;
  return { pool: name, verdict: verdict.kind === 'has-room' ? beside : verdict, blocks };
}

/** Whether the reservation has partial slots only: with one of them goes an ordinary slot. */
const needsOrdinary = ({ space }: KnownPool, { reservation }: Asker): boolean =>
  reservation !== undefined && space.reservedFor(reservation).every(({ from }) => from >= space.slots);

function poolVerdict(pool: KnownPool, blocks: readonly JudgedBlock[], { node, reservation }: Asker): PoolVerdict {
  const { definition, space } = pool;
  const owned = definition.affinity === 'node';
  const claimed = BigInt(blocks.filter((one) => one.node !== undefined).length);
  const mine = blocks.filter((one) => one.node === node).length;
  const mayClaim =
    owned && claimed < space.usableBlocks().size && (node === undefined || mine < definition.maxBlocksPerNode);
  const mayOpen =
    reservation === undefined
      ? !owned && usableOpen(pool).size < space.usableBlocks().size
      : [...reservedBlocks(pool, reservation)].some((block) => !isOpen(pool, block));
  if (mayClaim || mayOpen || blocks.some(({ verdict }) => verdict.kind === 'has-room'))
    return { kind: 'has-room', reservation };
  const ownBlocks = owned && mine >= definition.maxBlocksPerNode ? mine : undefined;
  const cooling = blocks.reduce((sum, one) => sum + one.cooling, 0);
  return cooling > 0
    ? { kind: 'cooling', cooling, ownBlocks, reservation }
    : { kind: 'exhausted', ownBlocks, reservation };
}

function judgeBlock(
  now: number,
  { definition, space }: KnownPool,
  { block, state, slots }: ReadBlock,
  { node, reservation }: Asker,
): JudgedBlock {
  const count = { held: 0, cooling: 0, free: 0 };
  const kept = reservation === undefined ? undefined : space.reservedFor(reservation);
  for (let slot = 0; slot < space.blockSize; slot += 1) {
    const k = block * BigInt(space.blockSize) + BigInt(slot);
    if (kept ? covers(kept, k) : space.isUsable(block, slot)) count[stateOf(slots.get(slot), now)] += 1;
  }
  const owner = state?.owner?.node;
  const unavailable = definition.affinity === 'node' ? ownerVerdict(node, owner, state) : undefined;
  return {
    block: blockToText(block),
    ...count,
    ...(owner === undefined ? {} : { node: owner }),
    verdict: unavailable ?? roomVerdict(count),
  };
}

function stateOf(slot: SlotState | undefined, now: number): 'held' | 'cooling' | 'free' {
  if (slot?.held) return 'held';
  return slot !== undefined && slot.reusableAt > now ? 'cooling' : 'free';
}

/** Where blocks belong to nodes: why `node` cannot lease in this one, whatever is free. */
function ownerVerdict(
  node: string | undefined,
  owner: string | undefined,
  state: ReadBlock['state'],
): BlockVerdict | undefined {
  if (state?.state === 'releasing') return { kind: 'releasing' };
  return state?.state === 'claimed' && owner !== node ? { kind: 'of-another-node', node: owner } : undefined;
}

function roomVerdict({ free, cooling }: { free: number; cooling: number }): BlockVerdict {
  if (free > 0) return { kind: 'has-room' };
  return { kind: cooling > 0 ? 'cooling' : 'full' };
}
