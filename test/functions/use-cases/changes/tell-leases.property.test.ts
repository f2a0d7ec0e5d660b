/** Single leases as events against an independent record of what happened, however the stream's records come. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeaseChange } from '../../../../core/protocol/counter.ts';
import { leaseChange } from '../../../../functions/store/lease-changes.ts';
import { tellLeases } from '../../../../functions/use-cases/changes/tell-leases.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { checkingEvents } from '../../checking-events.ts';
import { slotRecords } from '../../slot-records.ts';
import { attachmentOf, operatorsPool, world } from '../../world.ts';

const operation = fc.record({
  slot: fc.nat(1),
  kind: fc.constantFrom('hold', 'hold', 'release', 'evict', 'again'),
  node: fc.constantFrom('i-1', 'i-2'),
  after: fc.constantFrom(1, 1_000, 60_000),
});
const batch = fc.record({ from: fc.nat(24), length: fc.integer({ min: 1, max: 24 }), turned: fc.boolean() });
const plans = fc.record({
  operations: fc.array(operation, { minLength: 1, maxLength: 30 }),
  batches: fc.array(batch, { maxLength: 6 }),
});
type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never;

const time = { remainingMs: () => 10_000 };
const asked = { leaseEvents: true };

/** Carries the operations out, and notes by itself what happened. */
async function happened({ operations }: Plan) {
  const here = world(memoryStore(), asked);
  const pool = await operatorsPool(here, { addresses: 2, blockSize: 4, cooldownSeconds: 0 });
  const { store, records } = slotRecords(here.store, () => here.clock.now);
  const told: string[] = [];
  for (const [n, { slot, kind, node, after }] of operations.entries()) {
    here.clock.now += after;
    const at = here.clock.now;
    const key = { pool: pool.id, block: 0n, slot };
    const { held, holding } = (await store.leases.readSlot(key)) ?? {};
    if (kind === 'hold' && !held) {
      const next = { attachment: attachmentOf(n), nonce: `n${n}`, node, incarnation: 1, heldAt: at };
      if ((await store.leases.hold(key, next, 99)).held) told.push(`granted ${slot} ${node} ${at}`);
    }
    if (!held || holding === undefined || kind === 'hold') continue;
    const by = { ...holding.attachment, node: holding.node, nonce: holding.nonce };
    const ending = { endedAt: at, reusableAt: at };
    // Its answer was lost, and it is asked again: it is the same lease.
    if (kind === 'again') await store.leases.hold(key, holding, 99);
    else if (kind === 'release') await store.leases.release(key, by, ending);
    else await store.leases.evict(key, 99 + n, ending);
    if ((await store.leases.readSlot(key))?.held === false)
      told.push(`ended ${slot} ${holding.node} ${holding.heldAt} ${at}`);
  }
  return { here, changes: records.map((record) => leaseChange(record) as LeaseChange), told: told.sort() };
}

const property = (broken: (change: LeaseChange) => LeaseChange = (change) => change) =>
  fc.asyncProperty(plans, async (plan) => {
    const { here, changes, told } = await happened(plan);
    const events = checkingEvents();
    const deps = here.environment({ events });
    const tell = (some: readonly LeaseChange[]) =>
      // Records are younger than ten minutes, whatever the clock of the operations came to.
      tellLeases({ ...deps, now: () => 0 }, time, some.map(broken));
    for (const { from, length, turned } of plan.batches) {
      const some = changes.slice(from, from + length);
      await tell(turned ? some.reverse() : some);
    }
    for (const change of changes.toReversed()) await tell([change]);
    const distinct = new Map(events.told.map((one) => [one.detail.id, one]));
    const said = [...distinct.values()].map(({ detailType, detail: { slot, node, at, heldAt } }) => {
      const atMs = Date.parse(String(at));
      return detailType === 'Lessor Lease Granted'
        ? `granted ${slot} ${node} ${atMs}`
        : `ended ${slot} ${node} ${Date.parse(String(heldAt))} ${atMs}`;
    });
    expect(said.sort()).toEqual(told);
  });

describe('each lease that begins or ends', () => {
  it('is told under one id, however its records are repeated, turned round, parted or late', async () => {
    await fc.assert(property(), { numRuns: 200 });
  }, 60_000);

  it('would be missed by a reader that takes all leases of a slot for one', async () => {
    const one = 'n0';
    const mixed = property(({ began, ended, ...change }) => ({
      ...change,
      ...(began && { began: { ...began, holding: { ...began.holding, nonce: one, heldAt: 0 } } }),
      ...(ended && { ended }),
    }));
    await expect(fc.assert(mixed, { seed: 1, numRuns: 200 })).rejects.toThrow('Property failed');
  }, 60_000);

  it('is told with its addresses; not where nobody asks for it, and not when it is ten minutes old', async () => {
    const { here, changes } = await happened({
      operations: [{ slot: 1, kind: 'hold', node: 'i-1', after: 1 }],
      batches: [],
    });
    const events = checkingEvents();
    const deps = here.environment({ events });
    await tellLeases({ ...deps, settings: { ...deps.settings, leaseEvents: false } }, time, changes);
    const changedAt = changes[0]?.changedAt ?? 0;
    await tellLeases({ ...deps, now: () => changedAt + 600_000 }, time, changes);
    expect(events.told).toEqual([]);
    await tellLeases({ ...deps, now: () => changedAt + 599_999 }, time, changes);
    expect(events.of('leaseGranted')).toMatchObject([
      { pool: 'blue', vrf: 'default', slot: 1, addresses: ['10.1.1.1/16'], node: 'i-1', attachment: attachmentOf(0) },
    ]);
  });
});
