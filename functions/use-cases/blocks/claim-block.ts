/** How a block comes to a node: two probes, then what one shard has free, then the other shards, then blocks not open yet. */

import { scatter } from '../../../core/addresses/scatter.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { BlockSet } from '../../../core/pools/block-set.ts';
import { BLOCKS_A_SHARD, blockAllows, shardOf } from '../../../core/protocol/block.ts';
import type { Dependencies } from '../dependencies.ts';
import { inChunks } from '../in-flight.ts';
import type { KnownPool, Member } from '../memory.ts';
import { firstOf, openMore, usableOpen } from '../pools/open-blocks.ts';
import { type Claimant, isOf, noteOwner } from './own-blocks.ts';

const PROBES = 2;
/** Candidates of a shard that are written into the node's set together. */
const CANDIDATES = 4;
const SHARDS_AT_ONCE = 16;
/** How often the pool is gone through while others snatch away each block that was seen free. */
const PASSES = 4;

export interface Claim {
  readonly deps: Dependencies;
  readonly pool: KnownPool;
  readonly claimant: Claimant;
  /** Blocks that the node owns already: its requests of the same moment look for the next one in the same order. */
  readonly own: ReadonlyMap<bigint, number>;
  /** Writes blocks into the node's set before they are claimed, so that a dead node's are found; the node's life. */
  readonly join: (blocks: readonly bigint[]) => Promise<Member>;
  /** @throws LessorError service.busy where the request's time is over */
  readonly ensureTime: () => void;
}

export interface Claimed {
  readonly block: bigint;
  readonly generation: number;
  readonly incarnation: number;
}

/**
 * A block that is the claimant's now; undefined where a read of every shard has proved that none is free.
 * @throws LessorError service.busy
 */
export async function claimBlock(claim: Claim): Promise<Claimed | undefined> {
  const { deps, pool, ensureTime } = claim;
  const { id, name } = pool.definition;
  // Probes are left out where they were in vain a short while ago.
  if (!deps.memory.crowded.get(id, deps.now())) {
    const found = await tryEach(claim, probesOf(claim));
    if (found) return found;
    deps.memory.crowded.set(id, true, deps.now());
  }
  let open = pool;
  let searched = shardOf(firstOf(pool));
  for (let pass = 1; pass <= PASSES; pass += 1) {
    let sawFree = false;
    // More of them at a time the longer it takes: 1, 2, 4 and so on.
    const size = (before: number) => Math.min(SHARDS_AT_ONCE, before + 1);
    for (const shards of inChunks(shardOrder(claim, searched, open), size)) {
      ensureTime();
      for (const free of await Promise.all(shards.map((shard) => freeIn(claim, open, shard)))) {
        sawFree ||= free.length > 0;
        const found = await tryEach(claim, free);
        if (found) return found;
      }
    }
    if (sawFree) continue;
    searched = shardOf(open.open - 1n);
    const more = await openMore(deps, open);
    if (more === undefined) return undefined;
    open = more;
    pass = 0;
  }
  throw new LessorError('service.busy', `Others took each free block of pool ${name} first`, { remedy: 'try again' });
}

/** Where the node looks first. */
export function probesOf(claim: Pick<Claim, 'claimant' | 'own' | 'pool'>): bigint[] {
  const blocks = usableOpen(claim.pool);
  if (blocks.size === 0n) return [];
  const probes = Array.from({ length: PROBES }, (_, n) => blocks.at(scatteredIndex(claim, `probe ${n}`, blocks.size)));
  return [...new Set(probes)].filter((block) => !claim.own.has(block));
}

/** Each candidate in its order; the first that is the claimant's, whichever of its requests claimed it. */
async function tryEach(claim: Claim, candidates: readonly bigint[]): Promise<Claimed | undefined> {
  const { deps, pool, claimant } = claim;
  for (const some of inChunks(candidates, () => CANDIDATES)) {
    claim.ensureTime();
    const { incarnation } = await claim.join(some);
    for (const block of some) {
      const key = { pool: pool.definition.id, block };
      const { block: state } = await deps.store.blocks.claim(key, { ...claimant, incarnation });
      noteOwner(deps, key, state);
      if (state.state === 'claimed' && isOf(claimant, state.owner) && state.owner.incarnation === incarnation)
        return { block, generation: state.generation, incarnation };
    }
  }
  return undefined;
}

/** The free blocks of one shard, beginning at one of the node's own choice. */
async function freeIn(claim: Claim, pool: KnownPool, shard: bigint): Promise<bigint[]> {
  const { definition } = pool;
  const states = await claim.deps.store.blocks.readShard(definition.id, shard);
  const usable = usableOpen(pool);
  const [from, to] = numbersIn(usable, shard);
  const blocks: bigint[] = [];
  for (let number = from; number < to; number += 1n) blocks.push(usable.at(number));
  const start = Number(scatteredIndex(claim, `in ${shard}`, BigInt(blocks.length)));
  const free = [...blocks.slice(start), ...blocks.slice(0, start)].filter((block) =>
    blockAllows('claim', states.get(block)),
  );
  if (free.length * 2 > blocks.length) claim.deps.memory.crowded.delete(definition.id);
  return free;
}

/** The numbers that blocks of the shard have among `blocks`: from the first one up to, but not including, the second one. */
const numbersIn = (blocks: BlockSet, shard: bigint): [bigint, bigint] => [
  blocks.countBelow(shard * BLOCKS_A_SHARD),
  blocks.countBelow((shard + 1n) * BLOCKS_A_SHARD),
];

/** All shards from `from` on that have a block to hand out, a random one first. */
function* shardOrder(claim: Claim, from: bigint, pool: KnownPool): Generator<bigint> {
  const blocks = usableOpen(pool);
  const count = shardOf(pool.open - 1n) - from + 1n;
  const start = scatteredIndex(claim, 'shard', count);
  for (let step = 0n; step < count; step += 1n) {
    const shard = from + ((start + step) % count);
    const [first, end] = numbersIn(blocks, shard);
    if (first < end) yield shard;
  }
}

/** From 0 up to, but not including, `below`: the same for requests of one node at one time, so that they share a block. */
function scatteredIndex(
  { claimant, own, pool }: Pick<Claim, 'claimant' | 'own' | 'pool'>,
  what: string,
  below: bigint,
): bigint {
  const { node, boot, journal } = claimant;
  return (BigInt(scatter(`${what} ${pool.definition.id} ${node} ${own.size} ${boot} ${journal}`)) * below) >> 32n;
}
