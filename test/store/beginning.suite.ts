/** From when on a slot is held: leases of one slot follow each other, whatever the clocks of those who ask say. */
import { describe, expect, it } from 'vitest';
import type { Holding } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { ENDED_AT, endingAt } from './ending.ts';
import { mine, newSlot, others, owner } from './refusals.ts';

const pod = { namespace: 'shop', name: 'web-0' };
const EARLIER = ENDED_AT - 1500;

/** Ways in which a slot is held that has not cooled. */
const ways: readonly (readonly [string, Holding, (store: Store, holding: Holding) => Promise<{ held: boolean }>])[] = (
  [
    ['is asserted', others, 'assert', false],
    ['is held for the same pod', { ...others, pod }, 'hold', true],
    ['comes back to the attachment that had it', { ...mine, nonce: 'n9' }, 'hold', false],
  ] as const
).map(([title, holding, operation, sticky]) => [
  title,
  { ...holding, heldAt: EARLIER },
  ({ leases }, asked) =>
    operation === 'assert' ? leases.assert(slotOfThis, asked, 1) : leases.hold(slotOfThis, asked, 1, sticky),
]);
let slotOfThis = newSlot();

export function beginningSuite(open: () => Store): void {
  describe('a lease', () => {
    it.each(ways)('that %s begins when the one before it ended, at the earliest', async (_, holding, occupy) => {
      const store = open();
      slotOfThis = newSlot();
      await store.leases.hold(slotOfThis, { ...mine, pod, heldAt: EARLIER - 1 }, 1);
      await store.leases.release(slotOfThis, owner, endingAt(99_000));
      expect(await occupy(store, holding)).toEqual({ held: true });
      expect(await store.leases.readSlot(slotOfThis)).toMatchObject({
        held: true,
        endedAt: ENDED_AT,
        holding: { ...holding, heldAt: ENDED_AT },
      });
    });

    it('is refused for a slot that cools by the clock of who asks, as before', async () => {
      const { leases } = open();
      const key = newSlot();
      await leases.hold(key, { ...mine, heldAt: EARLIER - 1 }, 1);
      // By its own clock it would have cooled when the lease before it ended.
      await leases.release(key, owner, endingAt(ENDED_AT));
      expect(await leases.hold(key, { ...others, heldAt: EARLIER }, 1)).toMatchObject({ held: false });
      expect(await leases.readSlot(key)).toMatchObject({ held: false });
    });

    it.each([
      [
        'is released',
        ({ leases }: Store, key: SlotKey) => leases.release(key, owner, { endedAt: EARLIER, reusableAt: 99_000 }),
      ],
      [
        'is swept',
        ({ leases }: Store, key: SlotKey) =>
          leases.sweep(key, { node: 'i-1', incarnation: 2 }, { endedAt: EARLIER, reusableAt: 99_000 }),
      ],
      [
        'is passed by a fence',
        ({ leases }: Store, key: SlotKey) => leases.evict(key, 2, { endedAt: EARLIER, reusableAt: 99_000 }),
      ],
    ])('that %s by a request from before the last one ended leaves when that was', async (_, end) => {
      const store = open();
      const key = newSlot();
      await store.leases.hold(key, mine, 1);
      await store.leases.release(key, owner, endingAt(0));
      await store.leases.hold(key, mine, 1);
      expect([true, { released: true }]).toContainEqual(await end(store, key));
      expect(await store.leases.readSlot(key)).toMatchObject({ held: false, endedAt: ENDED_AT, reusableAt: 99_000 });
    });

    it('that is repeated after another lease of its slot had ended begins no earlier either', async () => {
      const { leases } = open();
      const key = newSlot();
      await leases.hold(key, { ...others, heldAt: EARLIER - 2 }, 1);
      await leases.release(key, { ...owner, ...others.attachment, ...others }, endingAt(0));
      await leases.hold(key, { ...mine, heldAt: ENDED_AT + 5 }, 1);
      expect(await leases.hold(key, { ...mine, heldAt: EARLIER }, 1)).toEqual({ held: true });
      expect(await leases.readSlot(key)).toMatchObject({ holding: { ...mine, heldAt: ENDED_AT }, endedAt: ENDED_AT });
    });
  });
}
