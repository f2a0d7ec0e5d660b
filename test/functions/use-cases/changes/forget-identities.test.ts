/** Which slot an identity has is forgotten when another one has the slot, and never while the identity has it. */
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { SEALED_GENERATION, type SlotState } from '../../../../core/protocol/lease.ts';
import { blockToText, slotFromWire } from '../../../../core/protocol/slot-ref.ts';
import { slotItem } from '../../../../functions/store/items.ts';
import { leaseChange } from '../../../../functions/store/lease-changes.ts';
import { forgetIdentities } from '../../../../functions/use-cases/changes/forget-identities.ts';
import { intercepted } from '../../intercepted.ts';
import { add, addOf, del, delOf, operatorsPool, world } from '../../world.ts';

const HOUR = 3_600_000;
const pool = { vrf: 'default', name: 'blue' };

/** As the stream tells of a slot that was `before` and is `after`. */
function changeOf(key: ReturnType<typeof slotFromWire>, before: SlotState | undefined, after: SlotState | undefined) {
  const image = (state: SlotState | undefined) => {
    if (state?.holding === undefined) return undefined;
    const item = { ...slotItem(state.holding, state.generation), s: state.held ? 1 : 0, r: state.reusableAt };
    const keys = { pk: `L#${key.pool}#${blockToText(key.block)}`, sk: key.slot.toString(16).padStart(3, '0') };
    return marshall({ ...keys, ...item }, { removeUndefinedValues: true });
  };
  const change = leaseChange({ dynamodb: { OldImage: image(before), NewImage: image(after), SequenceNumber: '1' } });
  if (change === undefined) throw new Error('it is about no slot');
  return change;
}

async function scene() {
  const here = world();
  const { id } = await operatorsPool(here, { addresses: 4, blockSize: 4, identitySeconds: 3600 });
  const identity = { pool: id, namespace: 'shop', identity: 'vm-1' };
  const deps = here.environment();
  const virtualMachine = (n: number) =>
    add(deps, 'i-1', addOf(n, { pool, pod: { namespace: 'shop', name: `launcher-${n}` }, identity: 'vm-1' }));
  const first = await virtualMachine(0);
  const key = slotFromWire(first.slot);
  const stateOf = () => here.store.leases.readSlot(key);
  const end = (n: number) => del(deps, 'i-1', delOf(n, { slot: first.slot, acknowledged: true }));
  await end(0);
  const kept = await stateOf();
  /** Others take every address of the pool. */
  const givenAway = async () => {
    here.clock.now += HOUR;
    for (let n = 1; n <= 4; n += 1) await add(deps, 'i-1', addOf(n, { pool }));
    return changeOf(key, kept, await stateOf());
  };
  const has = () => here.store.identities.read(identity);
  return { here, deps, key, kept, stateOf, virtualMachine, givenAway, end, has };
}

describe('the slot of an identity is forgotten', () => {
  it('when another one has it, however often that is told', async () => {
    const { deps, givenAway, has } = await scene();
    const change = await givenAway();
    expect(await has()).toBeDefined();
    for (let times = 0; times < 2; times += 1) await forgetIdentities(deps, [change]);
    expect(await has()).toBeUndefined();
  });

  it('when it is sealed with its pool', async () => {
    const { here, deps, key, kept, stateOf, has } = await scene();
    await here.store.leases.advance(key, SEALED_GENERATION);
    await forgetIdentities(deps, [changeOf(key, kept, await stateOf())]);
    expect(await has()).toBeUndefined();
  });
});

describe('the slot of an identity stays', () => {
  it('while the identity is only waited for, or has it again', async () => {
    const { deps, kept, key, stateOf, virtualMachine, has } = await scene();
    const again = await virtualMachine(9);
    expect(slotFromWire(again.slot)).toEqual(key);
    await forgetIdentities(deps, [changeOf(key, kept, await stateOf())]);
    expect(await has()).toBeDefined();
  });

  it('where the identity has it again before it is told that another one had it', async () => {
    const { here, deps, key, givenAway, virtualMachine, has, stateOf } = await scene();
    const late = await givenAway();
    const nonce = (await stateOf())?.holding?.attachment.containerId.slice('container-'.length);
    await del(deps, 'i-1', delOf(Number(nonce), { acknowledged: false }));
    here.clock.now += HOUR;
    expect(slotFromWire((await virtualMachine(9)).slot)).toEqual(key);
    await forgetIdentities(deps, [late]);
    expect(await has()).toBeDefined();
  });

  it('where it has another one by then', async () => {
    const { here, deps, key, givenAway, virtualMachine, has } = await scene();
    const late = await givenAway();
    for (let n = 1; n <= 4; n += 1) {
      const state = await here.store.leases.readSlot({ ...key, slot: key.slot });
      if (state?.holding?.attachment.containerId === `container-${n}`) continue;
      await del(deps, 'i-1', delOf(n));
    }
    here.clock.now += HOUR;
    expect(slotFromWire((await virtualMachine(9)).slot)).not.toEqual(key);
    await forgetIdentities(deps, [late]);
    expect(await has()).toBeDefined();
  });

  it('where the identity has it again between the look at its slot and the write', async () => {
    const { here, deps, key, givenAway, virtualMachine, has, stateOf } = await scene();
    const late = await givenAway();
    const store = intercepted(here.store, async (name, _, proceed) => {
      const found = await proceed();
      if (name !== 'readSlot') return found;
      const nonce = (await stateOf())?.holding?.attachment.containerId.slice('container-'.length);
      await del(deps, 'i-1', delOf(Number(nonce), { acknowledged: false }));
      here.clock.now += HOUR;
      expect(slotFromWire((await virtualMachine(9)).slot)).toEqual(key);
      return found;
    });
    await forgetIdentities(here.environment({ store }), [late]);
    expect(await has()).toBeDefined();
  });
});
