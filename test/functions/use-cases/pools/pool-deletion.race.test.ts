/** ADD and DEL against the deletion of their pool, and a successor over the same addresses, interleaved at every request. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AllocateResult } from '../../../../core/contract/lease.ts';
import { LessorError } from '../../../../core/contract/problems.ts';
import { SEALED_GENERATION } from '../../../../core/protocol/lease.ts';
import type { PoolState, Store } from '../../../../core/store.ts';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { intercepted } from '../../intercepted.ts';
import { create, remove } from '../../pool-requests.ts';
import { add, addOf, attachmentOf, del, nonceOf, world } from '../../world.ts';

const SHAPE = { ranges: [[{ subnet: '10.1.0.0/29' }], [{ subnet: 'fd00::/64' }]], blockSize: 4 };
/** Beyond the smaller range set, in blocks that are opened apart; one of them beside an address of another block. */
const ADDRESSES = [undefined, ['fd00::beef'], ['fd00::f00d'], ['fd00::beef', '10.1.0.5']];
/** All in which anything could be held. */
const BLOCKS = [0n, 1n, 0x2fbbn, 0x3c03n];
const container = fc.record({
  environment: fc.nat(1),
  asks: fc.constantFrom('blue', 'blue', 'green'),
  addresses: fc.constantFrom(...ADDRESSES),
  ends: fc.boolean(),
  waits: fc.nat(25),
});
const plan = fc.record({
  containers: fc.array(container, { minLength: 1, maxLength: 4 }),
  deletions: fc.integer({ min: 1, max: 3 }),
});

const noLeaseOutlivesItsPool = (operatorsStore: (store: Store) => Store = (store) => store) =>
  fc.asyncProperty(plan, fc.scheduler(), async ({ containers, deletions }, scheduler) => {
    const here = world();
    const slowly = (store: Store, who: string) =>
      intercepted(store, async (name, _, proceed) => {
        await scheduler.schedule(Promise.resolve(), `${who} sends ${name}`);
        const answer = await proceed();
        await scheduler.schedule(Promise.resolve(), `${who} reads the answer to ${name}`);
        return answer;
      });
    const refused = (error: unknown) => {
      if (error instanceof LessorError) return undefined;
      throw error;
    };
    const { pool: blue } = await create(here.environment(), SHAPE);
    const warm = [0, 1].map((index) => here.environment({ store: slowly(here.store, `environment ${index}`) }));
    const operator = here.environment({ store: slowly(operatorsStore(here.store), 'the operator') });

    const live = async (index: number, { environment, asks, addresses, ends, waits }: (typeof containers)[number]) => {
      for (let turn = 0; turn < waits; turn += 1) await scheduler.schedule(Promise.resolve(), 'a pod is not there yet');
      const deps = warm[environment] as Dependencies;
      const request = { pool: { vrf: 'default', name: asks }, ...(addresses ? { addresses } : {}) };
      const answer = await add(deps, 'i-1', addOf(index, request)).catch(refused);
      if (answer === undefined || !ends) return answer;
      await del(deps, 'i-1', {
        attachment: attachmentOf(index),
        nonce: nonceOf(index),
        slot: answer.slot,
        acknowledged: answer.more === undefined,
      });
      return undefined;
    };
    const operate = async () => {
      for (let time = 0; time < deletions; time += 1) {
        if (!(await remove(operator).catch(refused))?.deleted) continue;
        await create(operator, { ...SHAPE, name: 'green' });
        return;
      }
    };
    const [leases] = await scheduler.waitFor(
      Promise.all([Promise.all(containers.map((one, index) => live(index, one))), operate()]),
    );

    const held = leases.filter((lease): lease is AllocateResult => lease !== undefined);
    const registered = (await here.store.pools.readRegistry('default')).pools.map(({ id }) => id);
    for (const { slot } of held) expect(registered).toContain(slot.pool);
    const addresses = held.flatMap((lease) => lease.addresses.map(({ address }) => address));
    expect(new Set(addresses).size).toBe(addresses.length);
    if (!registered.includes(blue.id)) {
      const read = await Promise.all(BLOCKS.map((block) => here.store.leases.readBlock({ pool: blue.id, block })));
      expect(read.flatMap((slots) => [...slots.values()]).every((slot) => !slot.held)).toBe(true);
    }
  });

describe('a pool that is deleted while pods come and go', () => {
  it('never has a lease afterwards, and nobody else has an address of it that is in use', async () => {
    await fc.assert(noLeaseOutlivesItsPool(), { numRuns: 400 });
  }, 120_000);

  it('is found out if its deletion believes that everything is sealed', async () => {
    const blind = (store: Store): Store => {
      const sealed = { held: false, generation: SEALED_GENERATION, reusableAt: 0 };
      const all = new Map([0, 1, 2, 3].map((slot) => [slot, sealed]));
      return { ...store, leases: { ...store.leases, readBlock: async () => all } };
    };
    expect((await fc.check(noLeaseOutlivesItsPool(blind), { seed: 1, numRuns: 400 })).failed).toBe(true);
  }, 120_000);

  it('is found out if it does not look at what was opened apart', async () => {
    const shortSighted = (store: Store): Store => ({
      ...store,
      pools: {
        ...store.pools,
        readPool: async (id) => {
          const { openApart: _, ...pool } = (await store.pools.readPool(id)) ?? {};
          return 'definition' in pool ? (pool as PoolState) : undefined;
        },
      },
    });
    expect((await fc.check(noLeaseOutlivesItsPool(shortSighted), { seed: 1, numRuns: 6000 })).failed).toBe(true);
  }, 120_000);

  it('is found out if only the slots that are there already are sealed', async () => {
    const careless = (store: Store): Store => ({
      ...store,
      leases: {
        ...store.leases,
        readBlock: async (key) => {
          const found = new Map(await store.leases.readBlock(key));
          const absent = { held: false, generation: SEALED_GENERATION, reusableAt: 0 };
          for (const slot of [0, 1, 2, 3]) if (!found.has(slot)) found.set(slot, absent);
          return found;
        },
      },
    });
    expect((await fc.check(noLeaseOutlivesItsPool(careless), { seed: 1, numRuns: 400 })).failed).toBe(true);
  }, 120_000);
});
