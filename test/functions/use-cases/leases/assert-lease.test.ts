/** A node asserts what lives on it and is not held: exactly that slot, in the node's present life, and only where it is free. */
import { describe, expect, it } from 'vitest';
import type { AllocateResult, ReportRequest } from '../../../../core/contract/lease.ts';
import { allows, slotOperations } from '../../../../core/protocol/lease.ts';
import { slotFromWire } from '../../../../core/protocol/slot-ref.ts';
import type { Store } from '../../../../core/store.ts';
import { giveBack } from '../../../../functions/use-cases/blocks/give-back.ts';
import { reportLease } from '../../../../functions/use-cases/leases/report-lease.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { endingAt } from '../../../store/ending.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { withoutCondition } from '../../../store/without-condition.ts';
import { intercepted } from '../../intercepted.ts';
import { create } from '../../pool-requests.ts';
import { add, addOf, attachmentOf, callOf, del, nonceOf, refusalOf, world } from '../../world.ts';

const pools = {
  shared: { name: 'shared', ranges: [[{ subnet: '10.1.0.0/28' }]], blockSize: 4, cooldownSeconds: 60 },
  owned: {
    name: 'owned',
    ranges: [[{ subnet: '10.1.0.0/28' }]],
    blockSize: 4,
    cooldownSeconds: 60,
    affinity: 'node' as const,
    maxBlocksPerNode: 4,
  },
};
type Name = keyof typeof pools;

async function scene(name: Name, store?: Store) {
  const here = store === undefined ? world() : world(store);
  await create(here.environment(), pools[name]);
  const requestOf = (container: number, over: object = {}) =>
    addOf(container, { attachment: attachmentOf(container, name), pool: { vrf: 'default', name }, ...over });
  const lease = (node: string, container: number, over: object = {}) =>
    add(here.environment(), node, requestOf(container, over));
  const assertion = (
    container: number,
    { slot }: AllocateResult,
    over: Partial<ReportRequest> = {},
  ): ReportRequest => ({
    attachment: attachmentOf(container, name),
    nonce: nonceOf(container),
    boot: requestOf(container).boot,
    slot,
    generation: 1,
    again: true,
    ...over,
  });
  const assert = (node: string, request: ReportRequest) => reportLease(here.environment(), callOf(node), request);
  const holderOf = async ({ slot }: AllocateResult) => {
    const state = await here.store.leases.readSlot(slotFromWire(slot));
    return state?.held ? state.holding : undefined;
  };
  const dies = async (node: string) => {
    await declareDeath(here.environment(), callOf('ann'), { node, reason: 'a mistake', alsoIfAlive: true });
    await reclaim(here.environment());
  };
  return { here, lease, assertion, assert, holderOf, dies, requestOf };
}

describe.each(['shared', 'owned'] as const)('in a pool with affinity %s, what lives is asserted', (name) => {
  it('after its node was declared dead although it runs, while its slot cools: it is held in the next life', async () => {
    const { lease, assertion, assert, holderOf, dies } = await scene(name);
    const given = await lease('i-1', 1);
    await dies('i-1');
    expect(await holderOf(given)).toBeUndefined();
    expect(await assert('i-1', assertion(1, given))).toMatchObject({ incarnation: 2 });
    expect(await holderOf(given)).toMatchObject({ node: 'i-1', nonce: nonceOf(1), incarnation: 2 });
  });

  it('before the sweep has come: what is held in the life that is over goes on in the present one', async () => {
    const { here, lease, assertion, assert, holderOf } = await scene(name);
    const given = await lease('i-1', 1);
    await declareDeath(here.environment(), callOf('ann'), { node: 'i-1', reason: 'a mistake', alsoIfAlive: true });
    await assert('i-1', assertion(1, given));
    await reclaim(here.environment());
    expect(await holderOf(given)).toMatchObject({ incarnation: 2 });
  });

  it('twice, and is one lease, which a release frees', async () => {
    const { here, lease, assertion, assert, holderOf, dies } = await scene(name);
    const given = await lease('i-1', 1);
    await dies('i-1');
    for (const _ of ['once', 'again']) await assert('i-1', assertion(1, given));
    const { attachment, nonce } = assertion(1, given);
    await del(here.environment(), 'i-1', { attachment, nonce, slot: given.slot, acknowledged: true });
    expect(await holderOf(given)).toBeUndefined();
  });

  it('and is lost where another node has it meanwhile, which keeps it', async () => {
    const { here, lease, assertion, assert, holderOf, dies } = await scene(name);
    const given = await lease('i-1', 1);
    await dies('i-1');
    here.clock.now += 60_000;
    // Small: somebody asks until the address is had.
    for (let container = 10; (await holderOf(given)) === undefined; container += 1) await lease('i-2', container);
    expect((await refusalOf(assert('i-1', assertion(1, given)))).code).toBe('lease.lost');
    expect(await holderOf(given)).toMatchObject({ node: 'i-2' });
  });

  it('in a pool that is drained, which leases nothing new', async () => {
    const { here, lease, assertion, assert, holderOf, dies, requestOf } = await scene(name);
    const given = await lease('i-1', 1);
    await dies('i-1');
    const before = await here.store.pools.readPool(given.slot.pool);
    if (before === undefined) throw new Error('no pool');
    await here.store.pools.changePool({ ...before, state: 'draining', version: before.version + 1 });
    expect((await refusalOf(add(here.environment(), 'i-1', requestOf(2)))).code).toBe('pool.draining');
    await assert('i-1', assertion(1, given));
    expect(await holderOf(given)).toMatchObject({ node: 'i-1' });
  });

  it('no slot that the pool does not have, and none of a pool that is no more', async () => {
    const { lease, assertion, assert } = await scene(name);
    const given = await lease('i-1', 1);
    const slot = (over: object) => assertion(1, given, { slot: { ...given.slot, ...over } });
    expect((await refusalOf(assert('i-1', slot({ slot: 63 })))).code).toBe('request.invalid');
    expect((await refusalOf(assert('i-1', slot({ block: 'ffff' })))).code).toBe('lease.lost');
    expect((await refusalOf(assert('i-1', slot({ pool: 'f'.repeat(16) })))).code).toBe('lease.lost');
  });
});

it('a block that is another node’s stays so, although its slot is free', async () => {
  const { here, lease, assertion, assert, holderOf, dies } = await scene('owned');
  const given = await lease('i-1', 1);
  await dies('i-1');
  const key = slotFromWire(given.slot);
  const owner = { node: 'i-2', incarnation: 1, boot: 'b', journal: 'j' };
  expect((await here.store.blocks.claim(key, owner)).claimed).toBe(true);
  expect((await refusalOf(assert('i-1', assertion(1, given)))).message).toContain(
    'its block is node i-2’s'.replace('’', "'"),
  );
  expect(await holderOf(given)).toBeUndefined();
});

it('a block that its node gives back takes nothing in, although it was this very boot’s', async () => {
  const { here, lease, assertion, assert, holderOf, requestOf } = await scene('owned');
  const given = await lease('i-1', 1);
  const { attachment, nonce, boot } = requestOf(1);
  await del(here.environment(), 'i-1', { attachment, nonce, slot: given.slot, acknowledged: true });
  // The function ends after the fence, before any slot is passed.
  const store = intercepted(here.store, (name, _, proceed) =>
    name === 'readBlock' ? Promise.reject(new Error('it is out of time')) : proceed(),
  );
  const returned = { pool: given.slot.pool, block: given.slot.block, generation: 1, boot, journal: nonce.slice(0, 16) };
  await expect(giveBack(here.environment({ store }), callOf('i-1'), returned)).rejects.toThrow('it is out of time');
  expect(await here.store.blocks.read(slotFromWire(given.slot))).toMatchObject({ state: 'releasing', generation: 2 });
  expect((await refusalOf(assert('i-1', assertion(1, given)))).message).toContain('its block is releasing');
  expect(await holderOf(given)).toBeUndefined();
});

describe('an assertion without one of its conditions', () => {
  const { assert: alternatives } = slotOperations;
  const holding = (over: object = {}) => ({
    attachment: { network: 'n', containerId: 'a', ifname: 'eth0' },
    ...{ nonce: 'n1', node: 'i-1', incarnation: 2, heldAt: 0, ...over },
  });
  const other = holding({ attachment: { network: 'n', containerId: 'b', ifname: 'eth0' } });
  const key = { pool: 'p', block: 0n, slot: 0 };
  /** In each, the condition alone stands in the way. */
  const cases: Record<string, { there: ReturnType<typeof holding>; at: number; freed?: true }> = {
    '0 slotAbsent': { there: holding({ node: 'i-2' }), at: 1 },
    '1 slotFree': { there: holding({ node: 'i-2' }), at: 1 },
    '1 generationNotNewer': { there: holding({ node: 'i-2' }), at: 2, freed: true },
    '2 slotHeld': { there: holding(), at: 2, freed: true },
    '2 sameOwner': { there: other, at: 1 },
    '2 sameNonce': { there: holding({ nonce: 'n2' }), at: 1 },
    '2 sameNode': { there: holding({ node: 'i-2' }), at: 1 },
    '2 incarnationNotNewer': { there: holding({ incarnation: 3 }), at: 1 },
  };
  const given = alternatives.flatMap((names, alternative) => names.map((name) => ({ alternative, name })));
  it.each(given)('holds what it may not: $alternative $name', async ({ alternative, name }) => {
    const { there, at, freed } = cases[`${alternative} ${name}`] ?? {};
    if (there === undefined || at === undefined) throw new Error('no case');
    const { attachment, nonce, node } = there;
    for (const [store, held] of [
      [memoryStore(allows), false],
      [memoryStore(withoutCondition(name, 'assert', alternative)), true],
    ] as const) {
      await store.leases.hold(key, there, at);
      if (freed) await store.leases.release(key, { ...attachment, nonce, node }, endingAt(0));
      expect((await store.leases.assert(key, holding(), 1)).held).toBe(held);
    }
  });
});
