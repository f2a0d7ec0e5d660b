/**
 * For each condition of each operation on a slot a case in which this condition alone does not hold. A store refuses it and
 * changes nothing; a store that lacks the condition is found out by it.
 */
import { expect } from 'vitest';
import type { Holding, SlotConditionName, SlotOperation } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { LeaseStore, Store } from '../../core/store.ts';
import { endingAt } from './ending.ts';
import { attachment, mine, newSlot, others, owner } from './refusals.ts';

const sweeper = { node: 'i-1', incarnation: 2 };

export interface SlotRefusal {
  readonly operation: SlotOperation;
  /** Which of the operation's alternatives lacks just this condition. */
  readonly alternative: number;
  readonly condition: SlotConditionName;
  readonly because: string;
  /** What happened to the slot before. */
  readonly before: (leases: LeaseStore, key: SlotKey) => Promise<unknown>;
  readonly attempt: (leases: LeaseStore, key: SlotKey) => Promise<boolean>;
}

const hold =
  (holding: Holding, generation = 1) =>
  async (leases: LeaseStore, key: SlotKey) =>
    (await leases.hold(key, holding, generation)).held;
const assert =
  (holding: Holding, generation = 1) =>
  async (leases: LeaseStore, key: SlotKey) =>
    (await leases.assert(key, holding, generation)).held;
const release = (by: typeof owner, at: number) => async (leases: LeaseStore, key: SlotKey) =>
  (await leases.release(key, by, endingAt(at))).released;
const sweep =
  (by: typeof sweeper, at = 1) =>
  (leases: LeaseStore, key: SlotKey) =>
    leases.sweep(key, by, endingAt(at));
/** Held and released; free from 15 s on. */
const released = async (leases: LeaseStore, key: SlotKey) => {
  await leases.hold(key, mine, 3);
  await leases.release(key, owner, endingAt(15_000));
};
const releasedBy = (holding: Holding) => async (leases: LeaseStore, key: SlotKey) => {
  await leases.hold(key, holding, 3);
  await leases.release(key, owner, endingAt(99_000));
};
const held = hold(mine);
/** The attachment comes back while its slot cools. */
const again: Holding = { ...mine, nonce: 'n2', heldAt: 14_000 };
const pod = { namespace: 'shop', name: 'web-0' };
const holdSticky =
  (holding: Holding, generation = 3) =>
  async (leases: LeaseStore, key: SlotKey) =>
    (await leases.hold(key, holding, generation, true)).held;

export const slotRefusals: readonly SlotRefusal[] = [
  {
    operation: 'hold',
    alternative: 0,
    condition: 'slotAbsent',
    because: 'another holds it',
    before: held,
    attempt: hold(others),
  },
  {
    operation: 'hold',
    alternative: 1,
    condition: 'slotFree',
    because: 'it is held, and nothing else stands in the way',
    before: held,
    attempt: hold({ ...others, heldAt: 99_000 }, 9),
  },
  {
    operation: 'hold',
    alternative: 1,
    condition: 'slotCooled',
    because: 'it is cooling for one more millisecond',
    before: released,
    attempt: hold({ ...others, heldAt: 14_999 }, 3),
  },
  {
    operation: 'hold',
    alternative: 1,
    condition: 'generationNotNewer',
    because: 'it belongs to a newer generation',
    before: released,
    attempt: hold({ ...others, heldAt: 15_000 }, 2),
  },
  {
    operation: 'hold',
    alternative: 2,
    condition: 'slotFree',
    because: 'the pod’s earlier container holds it still',
    before: hold({ ...mine, pod }),
    attempt: holdSticky({ ...others, pod }),
  },
  {
    operation: 'hold',
    alternative: 2,
    condition: 'samePod',
    because: 'it cools, and is kept for another pod',
    before: releasedBy({ ...mine, pod }),
    attempt: holdSticky({ ...others, pod: { ...pod, name: 'web-1' } }),
  },
  {
    operation: 'hold',
    alternative: 2,
    condition: 'generationNotNewer',
    because: 'the block was fenced since',
    before: releasedBy({ ...mine, pod }),
    attempt: holdSticky({ ...others, pod }, 2),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'slotFree',
    because: 'the attachment’s earlier request holds it still',
    before: held,
    attempt: hold({ ...mine, nonce: 'n2' }, 3),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'sameOwner',
    because: 'it cools, and another container of the node had it',
    before: released,
    attempt: hold({ ...again, attachment: { ...attachment, containerId: 'c2' } }, 3),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'sameOwner',
    because: 'it cools, and another interface of the container had it',
    before: released,
    attempt: hold({ ...again, attachment: { ...attachment, ifname: 'eth1' } }, 3),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'sameNode',
    because: 'it cools, and a container of that name on another node had it',
    before: released,
    attempt: hold({ ...again, node: 'i-2' }, 3),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'otherNonce',
    because: 'it cools, and a late copy comes of the request that had it',
    before: released,
    attempt: hold({ ...mine, heldAt: 14_000 }, 3),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'generationNotNewer',
    because: 'the block was fenced since the attachment had it',
    before: released,
    attempt: hold(again, 2),
  },
  {
    operation: 'hold',
    alternative: 4,
    condition: 'slotHeld',
    because: 'a late repeat comes after the release',
    before: released,
    attempt: hold({ ...mine, heldAt: 14_000 }, 3),
  },
  {
    operation: 'hold',
    alternative: 4,
    condition: 'sameOwner',
    because: 'another container of the node holds it',
    before: held,
    attempt: hold({ ...mine, attachment: { ...attachment, containerId: 'c2' } }),
  },
  {
    operation: 'hold',
    alternative: 4,
    condition: 'sameOwner',
    because: 'another interface of the container holds it',
    before: held,
    attempt: hold({ ...mine, attachment: { ...attachment, ifname: 'eth1' } }),
  },
  {
    operation: 'hold',
    alternative: 4,
    condition: 'sameNonce',
    because: 'an earlier attachment of the same name holds it',
    before: held,
    attempt: hold({ ...mine, nonce: 'n2' }),
  },
  {
    operation: 'hold',
    alternative: 4,
    condition: 'sameNode',
    because: 'another node sends the same names',
    before: held,
    attempt: hold({ ...mine, node: 'i-2' }),
  },
  {
    operation: 'hold',
    alternative: 4,
    condition: 'incarnationNotNewer',
    because: 'the first try comes after the repeat was answered in a later life',
    before: held,
    attempt: hold({ ...mine, incarnation: 1 }),
  },
  {
    operation: 'assert',
    alternative: 0,
    condition: 'slotAbsent',
    because: 'another holds what is asserted',
    before: held,
    attempt: assert(others),
  },
  {
    operation: 'assert',
    alternative: 1,
    condition: 'slotFree',
    because: 'another holds what is asserted, and it was free before',
    before: held,
    attempt: assert(others),
  },
  {
    operation: 'assert',
    alternative: 1,
    condition: 'generationNotNewer',
    because: 'the block was fenced since it was leased',
    before: released,
    attempt: assert(others, 2),
  },
  {
    operation: 'assert',
    alternative: 2,
    condition: 'slotHeld',
    because: 'it was released, and its block fenced, since',
    before: released,
    attempt: assert({ ...mine, heldAt: 14_000 }, 2),
  },
  {
    operation: 'assert',
    alternative: 2,
    condition: 'sameOwner',
    because: 'another container of the node holds what is asserted',
    before: held,
    attempt: assert({ ...mine, attachment: { ...attachment, containerId: 'c2' } }),
  },
  {
    operation: 'assert',
    alternative: 2,
    condition: 'sameOwner',
    because: 'another interface of the container holds what is asserted',
    before: held,
    attempt: assert({ ...mine, attachment: { ...attachment, ifname: 'eth1' } }),
  },
  {
    operation: 'assert',
    alternative: 2,
    condition: 'sameNonce',
    because: 'a later attachment of the same name holds what is asserted',
    before: held,
    attempt: assert({ ...mine, nonce: 'n2' }),
  },
  {
    operation: 'assert',
    alternative: 2,
    condition: 'sameNode',
    because: 'a container of that name on another node holds what is asserted',
    before: held,
    attempt: assert({ ...mine, node: 'i-2' }),
  },
  {
    operation: 'assert',
    alternative: 2,
    condition: 'incarnationNotNewer',
    because: 'it is held in a later life of the node',
    before: hold({ ...mine, incarnation: 9 }),
    attempt: assert(mine),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'slotHeld',
    because: 'it is released already',
    before: released,
    attempt: release(owner, 99_000),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'sameOwner',
    because: 'another container holds it',
    before: held,
    attempt: release({ ...owner, containerId: 'c2' }, 1),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'sameOwner',
    because: 'another interface holds it',
    before: held,
    attempt: release({ ...owner, ifname: 'eth1' }, 1),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'sameNode',
    because: 'a container of another node holds it',
    before: held,
    attempt: release({ ...owner, node: 'i-2' }, 1),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'sameNonce',
    because: 'the container’s next attachment holds it',
    before: held,
    attempt: release({ ...owner, nonce: 'n0' }, 1),
  },
  {
    operation: 'sweep',
    alternative: 0,
    condition: 'slotHeld',
    because: 'it is free already',
    before: released,
    attempt: sweep(sweeper, 99_000),
  },
  {
    operation: 'sweep',
    alternative: 0,
    condition: 'sameNode',
    because: 'another node holds it',
    before: held,
    attempt: sweep({ ...sweeper, node: 'i-2' }),
  },
  {
    operation: 'sweep',
    alternative: 0,
    condition: 'incarnationNotNewer',
    because: 'the node’s next life holds it',
    before: held,
    attempt: sweep({ ...sweeper, incarnation: 1 }),
  },
  {
    operation: 'advance',
    alternative: 0,
    condition: 'slotAbsent',
    because: 'it is held',
    before: held,
    attempt: (leases, key) => leases.advance(key, 9),
  },
  {
    operation: 'advance',
    alternative: 1,
    condition: 'slotFree',
    because: 'it is held, at an older generation',
    before: hold(mine, 8),
    attempt: (leases, key) => leases.advance(key, 9),
  },
  {
    operation: 'advance',
    alternative: 1,
    condition: 'generationOlder',
    because: 'a later fence has been here',
    before: released,
    attempt: (leases, key) => leases.advance(key, 3),
  },
  {
    operation: 'evict',
    alternative: 0,
    condition: 'slotHeld',
    because: 'it is released already',
    before: released,
    attempt: (leases, key) => leases.evict(key, 9, endingAt(99_000)),
  },
  {
    operation: 'evict',
    alternative: 0,
    condition: 'generationOlder',
    because: 'the block’s next owner holds it',
    before: hold(mine, 9),
    attempt: (leases, key) => leases.evict(key, 9, endingAt(99_000)),
  },
];

/** Fails unless `store` refuses the case and changes nothing. */
export async function expectRefused({ leases }: Store, { before, attempt }: SlotRefusal): Promise<void> {
  const key = newSlot();
  await before(leases, key);
  const was = await leases.readBlock(key);
  expect(await attempt(leases, key)).toBe(false);
  expect(await leases.readBlock(key)).toEqual(was);
}
