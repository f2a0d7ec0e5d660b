/** The budgets of docs/budgets.md, as counts of requests: a regression beyond them fails here. `npm run budgets` measures units. */
import { describe, expect, it } from 'vitest';
import { counted } from '../functions/intercepted.ts';
import { world } from '../functions/world.ts';
import { memoryStore } from '../store/memory-store.ts';
import { type Affinity, costOfAdd, filledPool } from './cost-of-add.ts';
import { operations } from './operations.ts';

/** Requests of a memory store, which stand for those of DynamoDB one by one. */
function metered() {
  const { store, requests } = counted(memoryStore());
  return { store, meter: { read: () => ({ requests: requests.splice(0).length, writeUnits: 0, readUnits: 0 }) } };
}

/** The same numbers in each run. */
function chance(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('an ADD costs', () => {
  it.each<[Affinity, number, number]>([
    ['shared', 0, 1.1],
    ['shared', 0.5, 1.25],
    ['shared', 0.9, 1.5],
    ['shared', 0.99, 5],
    // 65 of one node: a second block has to be claimed.
    ['node', 0, 1.25],
    ['node', 0.5, 1.25],
    ['node', 0.9, 1.25],
  ])('in a pool with %s affinity, %s of it in use: at most %s requests on average', async (affinity, fill, most) => {
    const { store, meter } = metered();
    const here = world(store);
    const random = chance();
    await filledPool(here, 'pool', { affinity, fill, random });
    for (const allocators of [1, 8, 64]) {
      const costs = await costOfAdd(here, here.environment({ random }), meter, { name: 'pool', allocators });
      expect(costs.requests).toBeLessThanOrEqual(most);
    }
  });
});

describe('each operation', () => {
  it('costs what docs/budgets.md says', async () => {
    const { store, meter } = metered();
    const found: Record<string, number> = {};
    for await (const [operation, { requests }] of operations(store, meter)) found[operation] = requests;
    expect(found).toEqual({
      'ADD, warm': 1,
      'ADD, an environment that has seen neither pool nor node': 3,
      'ADD, repeated after a lost answer': 1,
      'ADD, the proposed slot is taken': 3,
      'DEL, address known': 1,
      'DEL, repeated': 1,
      'DEL, address unknown, 16 blocks joined': 18,
      'first ADD of a node, with a block of its own: register, claim, allocate': 3,
      'report of a lease that a node took by itself': 1,
      'CHECK of one slot': 1,
      'STATUS of a pool that is named': 1,
      'a node says that it is up': 1,
      'a node’s own leases, one block with 63 of them': 2,
      'reclaim of a dead node’s block': 76,
    });
  });
});
