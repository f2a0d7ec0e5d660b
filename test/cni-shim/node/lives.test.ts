/** What a node was told of blocks in a life that is over is void in every pool, whoever tells it of the next one. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noteDeclaredDead } from '../../../cni-shim/node/declared-dead.ts';
import { ownLease } from '../../../cni-shim/node/offline-lease.ts';
import type { PoolCache } from '../../../cni-shim/node/pool-cache.ts';
import { routes } from '../../../core/contract/routes.ts';
import { type LeavingNode, leavingNode, POOL } from '../commands/leaving-node.ts';

const OTHER = 'b'.repeat(16);
let on: LeavingNode;
let first: PoolCache;

beforeEach(async () => {
  on = await leavingNode();
  await on.added('a');
  const [cache] = on.records().caches();
  if (cache === undefined) throw new Error('nothing was told');
  first = cache;
});
afterEach(() => on.node.remove());

const blocks = () => on.records().cacheOf(POOL)?.blocks;
const byItself = () => {
  const [block] = first.blocks;
  return ownLease(on.records(), { proposal: { pool: POOL, block: block?.block ?? '', slot: 3 } });
};

test('An answer of another pool ends what was told of this one in the life before, also what is written down late', () => {
  expect(byItself()).toMatchObject({ generation: 1 });
  on.records().update(OTHER, () => ({ ...first, incarnation: 2, pool: { ...first.pool, id: OTHER }, blocks: [] }));
  expect([blocks(), byItself()]).toEqual([[], undefined]);
  on.records().update(POOL, () => first);
  expect([blocks(), byItself()]).toEqual([[], undefined]);
  on.records().update(POOL, () => ({ ...first, incarnation: 2 }));
  expect(blocks()).toEqual(first.blocks);
});

test('A heartbeat that hears of a death ends it too, and the next ADD says in which life it asks', async () => {
  noteDeclaredDead(on.records(), 1);
  expect([blocks(), byItself()]).toEqual([[], undefined]);
  await on.added('b');
  expect(on.sentTo(routes.allocate.path).at(-1)?.body).toMatchObject({ incarnation: 2 });
});

test('In another boot it says nothing', () => {
  noteDeclaredDead(on.records(), 4);
  on.node.bootId = 'boot-2';
  expect(on.records().lifeTold()).toBe(0);
});
