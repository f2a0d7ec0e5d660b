/** What a node was told of blocks in a life that is over is void in every pool, whoever tells it of the next one. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Calls } from '../../../cni-shim/api/client.ts';
import { noteDeclaredDead } from '../../../cni-shim/node/declared-dead.ts';
import type { JournalEntry } from '../../../cni-shim/node/journal-entry.ts';
import { ownLease } from '../../../cni-shim/node/offline-lease.ts';
import type { PoolCache } from '../../../cni-shim/node/pool-cache.ts';
import { assertAgain } from '../../../cni-shim/sync/assert-again.ts';
import { routes } from '../../../core/contract/routes.ts';
import { type LeavingNode, leavingNode, POOL } from '../commands/leaving-node.ts';
import { serviceFor } from '../service.ts';

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

test('An answer in an earlier life than was asked in is of tables that were set back: what they told before is forgotten', async () => {
  on.records().update(OTHER, () => ({ ...first, incarnation: 3, pool: { ...first.pool, id: OTHER } }));
  await on.added('b');
  expect(on.sentTo(routes.allocate.path).at(-1)?.body).toMatchObject({ incarnation: 3 });
  expect([on.records().lifeTold(), on.records().cacheOf(OTHER)?.blocks]).toEqual([1, []]);
  expect(byItself()).toMatchObject({ generation: 1 });
});

test('So is what the tables told before they had an earlier life when they were looked at', async () => {
  noteDeclaredDead(on.records(), 2);
  on.records().update(OTHER, () => ({ ...first, incarnation: 3, pool: { ...first.pool, id: OTHER } }));
  expect((await on.lessor('reconcile')).exitCode).toBe(0);
  expect([
    on.records().presentLife(),
    on
      .records()
      .caches()
      .map(({ blocks }) => blocks),
  ]).toEqual([1, [[], []]]);
  await on.added('b');
  expect([on.records().presentLife(), byItself()]).toMatchObject([1, { generation: 1 }]);
});

test('An answer to another node sets nothing back', async () => {
  on.records().update(OTHER, () => ({ ...first, incarnation: 3, pool: { ...first.pool, id: OTHER } }));
  on.service = serviceFor(on.here.environment(), 'i-2');
  expect((await on.call('ADD', 'b')).exitCode).toBe(1);
  expect(on.records().lifeTold()).toBe(3);
});

test('To show what leaving would do forgets nothing', async () => {
  await on.deleted('a');
  on.records().update(OTHER, () => ({ ...first, incarnation: 3, pool: { ...first.pool, id: OTHER } }));
  expect((await on.lessor('leave', '--dry-run')).exitCode).toBe(0);
  expect([on.records().lifeTold(), on.records().cacheOf(OTHER)?.blocks]).toEqual([3, first.blocks]);
});

test('A look at the table in the life that was told forgets nothing, nor does one before the next life has begun', async () => {
  noteDeclaredDead(on.records(), 1);
  expect((await on.lessor('reconcile')).exitCode).toBe(0);
  expect([on.records().lifeTold(), on.records().presentLife()]).toEqual([1, 2]);
});

test('An assertion whose answer is late says nothing of a life that began since', async () => {
  const entry = on.node.entry('a') as JournalEntry;
  const slot = entry.acknowledged?.slot;
  const api = {
    report: async () => {
      on.records().update(POOL, () => ({ ...first, incarnation: 2, blocks: [] }));
      return { incarnation: 1, generation: 1 };
    },
  } as unknown as Calls;
  await assertAgain({ records: on.records(), api }, {
    ...entry,
    acknowledged: { slot, addresses: [] },
  } as JournalEntry);
  expect(blocks()).toEqual([]);
});

test('In another boot it says nothing', () => {
  noteDeclaredDead(on.records(), 4);
  on.node.bootId = 'boot-2';
  expect([on.records().lifeTold(), on.records().presentLife()]).toEqual([0, 0]);
});
