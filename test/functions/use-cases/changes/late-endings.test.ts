/** A request that came late ends a lease by a time before it began: history says that it ended when it was changed. */
import { expect, it } from 'vitest';
import type { LeaseChange } from '../../../../core/protocol/counter.ts';
import { leaseChange } from '../../../../functions/store/lease-changes.ts';
import { timeline } from '../../../../functions/use-cases/questions/timeline.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { slotRecords } from '../../slot-records.ts';
import { attachmentOf, START } from '../../world.ts';

const key = { pool: 'a'.repeat(16), block: 0n, slot: 1 };
const heldAt = START + 60_000;
const changedAt = START + 120_000;

it('is no lease that ended before it began, and is unknown until it is kept, and told once then', async () => {
  const { store, records } = slotRecords(memoryStore(), () => changedAt);
  const holding = { attachment: attachmentOf(1), nonce: 'n1', node: 'i-1', incarnation: 1, heldAt };
  await store.leases.hold(key, holding, 1);
  await store.leases.sweep(key, { node: 'i-1', incarnation: 1 }, { endedAt: START, reusableAt: START });
  const slot = await store.leases.readSlot(key);
  const { ended } = leaseChange(records[1] ?? {}) as LeaseChange;
  expect(ended).toMatchObject({ holding, endedAt: changedAt });
  const span = { from: START - 1, to: changedAt + 1 };
  expect(timeline(span, [], { slot, nothingBefore: false, since: 0 })).toEqual({ tenures: [], unknown: [span] });
  expect(timeline(span, ended === undefined ? [] : [ended], { slot, nothingBefore: true, since: 0 })).toEqual({
    tenures: [{ holding, endedAt: changedAt }],
    unknown: [],
  });
});

it('is no lease that ended with the one before it: where both its beginning and its end came once more', async () => {
  let now = START + 60_000;
  const { store, records } = slotRecords(memoryStore(), () => now);
  const holding = { attachment: attachmentOf(1), nonce: 'n1', node: 'i-1', incarnation: 1, heldAt: now };
  const by = { containerId: 'container-1', ifname: 'eth0', nonce: 'n1', node: 'i-1' };
  const ending = { endedAt: START + 70_000, reusableAt: START + 70_000 };
  await store.leases.hold(key, holding, 1);
  await store.leases.release(key, by, ending);
  now = START + 90_000;
  await store.leases.assert(key, holding, 1);
  now = START + 120_000;
  await store.leases.release(key, by, ending);
  const kept = records.flatMap((record) => leaseChange(record)?.ended ?? []);
  expect(kept.map(({ endedAt, previousEndedAt }) => [endedAt, previousEndedAt])).toEqual([
    [START + 70_000, undefined],
    [START + 120_000, START + 70_000],
  ]);
  const moment = { from: START + 65_000, to: START + 65_000 };
  const { tenures } = timeline(moment, kept, { slot: await store.leases.readSlot(key), nothingBefore: true, since: 0 });
  expect(tenures).toEqual([{ holding, endedAt: START + 70_000 }]);
});
