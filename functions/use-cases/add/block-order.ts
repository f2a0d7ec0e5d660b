/**
 * The order in which a pool's blocks are looked into: a stretch of neighbours after the other, since a node joins neighbours
 * together; a node's stretches in an order of its own, and the blocks of each from one on that the request gives.
 */
import { smaller } from '../../../core/addresses/slot-intervals.ts';
import type { BlockSet } from '../../../core/pools/block-set.ts';
import { BLOCKS_A_STRETCH } from '../../../core/protocol/block.ts';

/** Numbers of 32 bits. */
export interface Seeds {
  /** The same for a node's requests, so that it comes back to blocks that it has joined. */
  readonly node: number;
  /** The same for copies of a request. */
  readonly request: number;
}

/**
 * `near` in its order, then every block once. It depends on nothing that a Lambda environment remembers, so that copies of a
 * request meet in the same slot whichever environments they come to.
 */
export function* blockOrder(blocks: BlockSet, near: readonly bigint[], { node, request }: Seeds): Generator<bigint> {
  yield* near;
  const passed = new Set(near);
  const stretches = (blocks.size + BLOCKS_A_STRETCH - 1n) / BLOCKS_A_STRETCH;
  for (const stretch of scattered(stretches, node)) {
    const first = stretch * BLOCKS_A_STRETCH;
    const size = smaller(blocks.size - first, BLOCKS_A_STRETCH);
    for (const step of scattered(size, request)) {
      const block = blocks.at(first + step);
      if (!passed.has(block)) yield block;
    }
  }
}

/** The numbers below `count`, each once. */
function* scattered(count: bigint, seed: number): Generator<bigint> {
  const step = strideFor(count, seed);
  for (let done = 0n, next = (BigInt(seed) * count) >> 32n; done < count; done += 1n, next = (next + step) % count)
    yield next;
}

/** Without a common factor, so that every number comes once; another one for other seeds, so that they do not follow each other. */
function strideFor(count: bigint, seed: number): bigint {
  let stride = (BigInt(Math.imul(seed, 0x9e3779b1) >>> 0) * count) >> 32n || 1n;
  while (greatestCommonDivisor(stride, count) !== 1n) stride += 1n;
  return stride;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
