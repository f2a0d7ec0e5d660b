import { beforeEach, describe, expect, it } from 'vitest';
import { afterAnswer, afterRelease, type PoolCache } from '../../../cni-shim/node/pool-cache.ts';
import { candidatesOf } from '../../../cni-shim/node/propose.ts';
import type { AllocateResult } from '../../../core/contract/lease.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { world } from '../../functions/world.ts';

const COOLDOWN_MS = 20_000;
const BLOCK = '0';
const about = { bootId: 'boot-1', journal: 'j'.repeat(16), proposal: undefined };

let pool: PoolDefinition;
beforeEach(async () => {
  pool = await ownedPool(world(), { blocks: 1, leasing: 'delegated', cooldownSeconds: COOLDOWN_MS / 1_000 });
});

/** After an answer that names the block at this generation, and slot 3 as one that cannot be had. */
function told(before: PoolCache | undefined, generation: number, now: number): PoolCache {
  const blocks = [{ block: BLOCK, generation }];
  const slot = { pool: pool.id, block: BLOCK, slot: 0 };
  const answer: AllocateResult = {
    ...{ slot, addresses: [], node: 'i-1', incarnation: 1, pool, blocks },
    taken: [{ block: BLOCK, slots: [3] }],
  };
  return afterAnswer(before, { answer, now, ...about });
}
const candidates = (cache: PoolCache, now: number) => [...candidatesOf(cache, now)].map(({ slot }) => slot);

describe('a slot that cools in a block of the node’s own', () => {
  const released = (now: number) => afterRelease(told(undefined, 1, 0), { pool: pool.id, block: BLOCK, slot: 3 }, now);
  const later = COOLDOWN_MS + 5_000;

  it('is had again by the time at which this node released it, whenever it is told that it was taken', () => {
    expect(candidates(told(released(0), 1, 10_000), later)).toContain(3);
  });

  it('cools from when it is told, where another node had the block in between', () => {
    const again = told(released(0), 3, 10_000);
    expect(candidates(again, later)).not.toContain(3);
    expect(candidates(again, 10_000 + later)).toContain(3);
  });
});
