/** The order in which a pool's blocks are looked into: near ones first, then all of them in a scattered order. */

/**
 * `near` in its order, then every block of the pool once, beginning at one that `seed` gives. The same seed gives the
 * same order, so that doubled requests meet in the same slot.
 */
export function* blockOrder(blocks: bigint, near: readonly bigint[], seed: number): Generator<bigint> {
  const passed = new Set<bigint>();
  const isNew = (block: bigint) => {
    if (block >= blocks || passed.has(block)) return false;
    passed.add(block);
    return true;
  };
  for (const block of near) if (isNew(block)) yield block;
  const start = (BigInt(seed) * blocks) >> 32n;
  const step = strideFor(blocks);
  for (let count = 0n, block = start; count < blocks; count += 1n, block = (block + step) % blocks) {
    if (isNew(block)) yield block;
  }
}

/** About 0.62 of the way round, and without a common factor, so that every block comes once. */
function strideFor(blocks: bigint): bigint {
  let stride = (blocks * 618n) / 1000n || 1n;
  while (greatestCommonDivisor(stride, blocks) !== 1n) stride += 1n;
  return stride;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
