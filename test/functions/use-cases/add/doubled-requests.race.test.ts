import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduled } from '../../scheduled.ts';
import { add, addOf, operatorsPool, type World, world } from '../../world.ts';

const named = { vrf: 'default', name: 'blue' };

/** Copies of one request, in environments of their own, while two other nodes allocate. */
const copiesMeetInOneSlot = (copy: (here: World) => World = (here) => here) =>
  fc.asyncProperty(
    fc.scheduler(),
    fc.nat(1_000_000),
    fc.constantFrom(2, 8),
    async (scheduler, container, blockSize) => {
      const here = copy(world());
      const pool = await operatorsPool(here, { addresses: 8, blockSize });
      const slow = () => here.environment({ store: scheduled(here.store, scheduler) });
      const request = addOf(container + 10, { pool: named });
      const results = await scheduler.waitFor(
        Promise.all([
          add(slow(), 'i-1', request),
          add(slow(), 'i-1', request),
          add(slow(), 'i-2', addOf(2, { pool: named })),
          add(slow(), 'i-3', addOf(3, { pool: named })),
        ]),
      );
      expect(results[0].slot).toEqual(results[1].slot);
      let held = 0;
      for (let block = 0n; block < 4n; block += 1n)
        held += (await here.store.leases.readBlock({ pool: pool.id, block })).size;
      expect(held).toBe(3);
    },
  );

describe('copies of one ADD without a proposal', () => {
  it('get one lease, whatever others take meanwhile', async () => {
    await fc.assert(copiesMeetInOneSlot(), { numRuns: 300 });
  });

  it('are found out if a store takes each of them for another request', async () => {
    let copies = 0;
    const forgetful = (here: World): World => {
      const hold: typeof here.store.leases.hold = (key, holding, generation) =>
        here.store.leases.hold(key, { ...holding, nonce: `${holding.nonce} ${copies++}` }, generation);
      return { ...here, store: { ...here.store, leases: { ...here.store.leases, hold } } };
    };
    expect((await fc.check(copiesMeetInOneSlot(forgetful), { seed: 1, numRuns: 50 })).failed).toBe(true);
  });
});
