/** Which slots identities have, and how their slots are kept, in every store. */
import { expect, it } from 'vitest';
import { most } from '../../core/contract/limits.ts';
import type { KeptSlot } from '../../core/protocol/identity.ts';
import type { Holding } from '../../core/protocol/lease.ts';
import type { Store } from '../../core/store.ts';
import { ENDED_AT, endingAt } from './ending.ts';
import { mine, newId, newSlot, others, owner, type RecordRefusal } from './refusals.ts';

const newKey = () => ({ pool: newId(), namespace: 'shop', identity: 'vm-1' });
const first: KeptSlot = { block: 10n, slot: 3, token: 'one' };
const second: KeptSlot = { block: 2n ** 60n, slot: 4, token: 'two' };
const pod = { namespace: 'shop', name: 'web-0' };
const ofIdentity: Holding = { ...mine, pod, identity: 'vm-1' };
const kept = { ...endingAt(15_000), keptUntil: 99_000 };

export function identitiesSuite(open: () => Store): void {
  it('have a slot, another one, and none', async () => {
    const { identities } = open();
    const key = newKey();
    expect(await identities.read(key)).toBeUndefined();
    expect(await identities.point(key, first, undefined)).toBe(true);
    // Whose answer was lost.
    expect(await identities.point(key, first, undefined)).toBe(true);
    expect(await identities.point(key, second, 'one')).toBe(true);
    expect(await identities.read(key)).toEqual(second);
    expect(await identities.read({ ...key, namespace: 'bank' })).toBeUndefined();
    expect(await identities.forget(key, 'two')).toBe(true);
    expect(await identities.read(key)).toBeUndefined();
  });

  it('are told apart by the longest names that a request may have, which take more bytes than they have letters', async () => {
    const { identities } = open();
    const identity = `${'a'.repeat(most.identityName - 1)}b`;
    const key = { pool: newId(), namespace: '名'.repeat(most.podText), identity };
    const others = [
      { ...key, namespace: `${'名'.repeat(most.podText - 1)}字` },
      { ...key, identity: 'a'.repeat(most.identityName) },
    ];
    for (const [n, one] of [key, ...others].entries())
      expect(await identities.point(one, { ...first, slot: n }, undefined)).toBe(true);
    for (const [n, one] of [key, ...others].entries())
      expect(await identities.read(one)).toEqual({ ...first, slot: n });
    expect(await identities.forget(key, 'one')).toBe(true);
    expect(await identities.read(key)).toBeUndefined();
  });

  it('have their slots kept for their own time, and others theirs, however they end', async () => {
    const { leases } = open();
    for (const [holding, reusableAt] of [
      [ofIdentity, 99_000],
      [{ ...mine, pod }, 15_000],
    ] as const) {
      const [released, swept, evicted] = [newSlot(), newSlot(), newSlot()];
      for (const key of [released, swept, evicted]) await leases.hold(key, holding, 1);
      expect(await leases.release(released, owner, kept)).toEqual({ released: true });
      expect(await leases.sweep(swept, { node: 'i-1', incarnation: 2 }, kept)).toBe(true);
      expect(await leases.evict(evicted, 2, kept)).toBe(true);
      const free = { held: false, generation: 1, endedAt: ENDED_AT, reusableAt, holding };
      expect(await leases.readSlot(released)).toEqual(free);
      expect(await leases.readSlot(swept)).toEqual(free);
      expect(await leases.readSlot(evicted)).toEqual({ ...free, generation: 2 });
      expect(await leases.release(released, owner, kept)).toMatchObject({ released: false });
    }
  });

  it('have their own slot again while it cools for all others, their last pod included', async () => {
    const { leases } = open();
    const key = newSlot();
    await leases.hold(key, ofIdentity, 1);
    await leases.release(key, owner, kept);
    const next = { ...others, heldAt: 20_000, pod: { namespace: 'shop', name: 'web-1' } };
    const tries: [Holding, boolean][] = [
      [next, true],
      [{ ...next, pod }, true],
      [{ ...next, identity: 'vm-2' }, false],
      [{ ...next, pod: { namespace: 'bank', name: 'web-1' }, identity: 'vm-1' }, false],
    ];
    for (const [holding, sticky] of tries) expect((await leases.hold(key, holding, 1, sticky)).held).toBe(false);
    expect(await leases.hold(key, { ...next, identity: 'vm-1' }, 1)).toEqual({ held: true });
    expect((await leases.readSlot(key))?.holding?.identity).toBe('vm-1');
  });

  it('leave no trace in a slot that passes to another', async () => {
    const { leases } = open();
    const key = newSlot();
    await leases.hold(key, ofIdentity, 1);
    await leases.release(key, owner, kept);
    expect(await leases.hold(key, { ...others, heldAt: 99_000, pod }, 1)).toEqual({ held: true });
    expect((await leases.readSlot(key))?.holding).not.toHaveProperty('identity');
  });
}

export const identityRefusals: readonly RecordRefusal[] = [
  {
    condition: 'identityAbsent',
    because: 'another pod of the identity was first',
    expectRefused: async ({ identities }) => {
      const key = newKey();
      await identities.point(key, first, undefined);
      expect(await identities.point(key, second, undefined)).toBe(false);
      expect(await identities.read(key)).toEqual(first);
    },
  },
  {
    condition: 'sameToken',
    because: 'another pod of the identity was answered since, perhaps with the same slot',
    expectRefused: async ({ identities }) => {
      const key = newKey();
      await identities.point(key, first, undefined);
      await identities.point(key, { ...first, token: 'again' }, 'one');
      expect(await identities.point(key, second, 'one')).toBe(false);
      expect(await identities.forget(key, 'one')).toBe(false);
      expect(await identities.read(key)).toEqual({ ...first, token: 'again' });
    },
  },
];
