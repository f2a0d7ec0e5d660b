import { describe, expect, it } from 'vitest';
import {
  add,
  addOf,
  attachmentOf,
  COOLDOWN_MS,
  del,
  delOf,
  nonceOf,
  operatorsPool,
  proposal,
  refusalOf,
  START,
  world,
} from '../../world.ts';

const named = { vrf: 'default', name: 'blue' };

async function leased() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 80, blockSize: 2 });
  const { slot } = await add(here.environment(), 'i-1', addOf(1, { pool: named, proposal: proposal(pool, 20, 1) }));
  const state = async () => (await here.store.leases.readBlock({ pool: pool.id, block: 20n })).get(1);
  return { here, pool, slot, state };
}

describe('DEL', () => {
  it('frees the slot of its owner, and lets it cool', async () => {
    const { here, slot, state } = await leased();
    const before = await state();
    here.clock.now = START + 500;
    expect(await del(here.environment(), 'i-1', delOf(1, { slot, acknowledged: true }))).toEqual({ released: [slot] });
    expect(await state()).toEqual({
      ...before,
      held: false,
      endedAt: START + 500,
      reusableAt: START + 500 + COOLDOWN_MS,
    });
  });

  it('may be repeated, and succeeds with nothing to free', async () => {
    const { here, slot, state } = await leased();
    const request = delOf(1, { slot, acknowledged: true });
    await del(here.environment(), 'i-1', request);
    const after = await state();
    here.clock.now = START + 9000;
    expect(await del(here.environment(), 'i-1', request)).toEqual({ released: [] });
    expect(await del(here.environment(), 'i-1', { ...request, acknowledged: false })).toEqual({ released: [] });
    expect(await state()).toEqual(after);
  });

  it.each([
    ['another node, of its own attachment', 'i-2', { nonce: nonceOf(5) }],
    ['another container', 'i-1', { attachment: attachmentOf(2) }],
    ['another interface', 'i-1', { attachment: { ...attachmentOf(1), ifname: 'eth1' } }],
    ['an earlier attachment of the container', 'i-1', { nonce: nonceOf(5) }],
  ])('of %s frees nothing', async (_, node, other) => {
    const { here, slot, state } = await leased();
    const before = await state();
    for (const acknowledged of [true, false]) {
      expect(await del(here.environment(), node, delOf(1, { slot, acknowledged, ...other }))).toEqual({ released: [] });
    }
    expect(await state()).toEqual(before);
  });

  it('of the very lease under another name of its node is refused, and frees nothing: it would be forgotten', async () => {
    const { here, slot, state } = await leased();
    const before = await state();
    for (const acknowledged of [true, false]) {
      const refusal = await refusalOf(del(here.environment(), 'role/nodes/i-1', delOf(1, { slot, acknowledged })));
      expect([refusal.code, refusal.message]).toEqual([
        'auth.denied',
        "The lease is node i-1's, and the caller is role/nodes/i-1: give the node the role and session that it had, and see that its role is among nodeRoles of the deployment",
      ]);
    }
    expect(await state()).toEqual(before);
    expect(await del(here.environment(), 'i-1', delOf(1, { slot, acknowledged: true }))).toEqual({ released: [slot] });
  });

  it('under another name of its node succeeds once the lease is over', async () => {
    const { here, slot } = await leased();
    await del(here.environment(), 'i-1', delOf(1, { slot, acknowledged: true }));
    expect(await del(here.environment(), 'role/nodes/i-1', delOf(1, { slot }))).toEqual({ released: [] });
  });

  it.each([
    ['no slot', undefined],
    ['another slot than was leased', { block: '0', slot: 0 }],
  ])('of an ADD without an answer finds the lease, where the journal has %s', async (_, journal) => {
    const { here, pool, slot } = await leased();
    const known = journal && { slot: { pool: pool.id, ...journal } };
    expect(await del(here.environment(), 'i-1', delOf(1, known))).toEqual({ released: [slot] });
  });

  it('without a nonce frees nothing and answers what its attachment holds, in that network only', async () => {
    const { here, pool, slot } = await leased();
    const second = await add(
      here.environment(),
      'i-1',
      addOf(1, { pool: named, nonce: nonceOf(2), proposal: proposal(pool, 0, 0) }),
    );
    const elsewhere = {
      attachment: attachmentOf(1, 'green'),
      pool: named,
      nonce: nonceOf(3),
      proposal: proposal(pool, 0, 1),
    };
    await add(here.environment(), 'i-1', addOf(1, elsewhere));
    await add(here.environment(), 'i-1', addOf(4, { pool: named, proposal: proposal(pool, 1, 0) }));
    const { nonce: _, ...request } = delOf(1);
    const { released, held } = await del(here.environment(), 'i-1', request);
    expect(released).toEqual([]);
    expect(held).toHaveLength(2);
    const wanted = [
      { slot, nonce: nonceOf(1) },
      { slot: second.slot, nonce: nonceOf(2) },
    ];
    expect(held).toEqual(expect.arrayContaining(wanted));
    for (const one of held ?? []) {
      const known = { attachment: attachmentOf(1), acknowledged: true, ...one };
      expect(await del(here.environment(), 'i-1', known)).toEqual({ released: [one.slot] });
    }
    expect(await del(here.environment(), 'i-1', request)).toEqual({ released: [], held: [] });
  });

  it('of a lost journal that arrives late frees nothing of a successor with the same name', async () => {
    const { here, slot, state } = await leased();
    const { nonce: _, ...byName } = delOf(1);
    const { held } = await del(here.environment(), 'i-1', byName);
    expect(held).toEqual([{ slot, nonce: nonceOf(1) }]);
    const late = { attachment: attachmentOf(1), acknowledged: true, slot, nonce: nonceOf(1) };
    await del(here.environment(), 'i-1', late);
    here.clock.now += COOLDOWN_MS;
    await add(here.environment(), 'i-1', addOf(1, { pool: named, nonce: nonceOf(2), proposal: slot }));
    const successor = await state();
    for (const request of [byName, late]) await del(here.environment(), 'i-1', request);
    expect(await state()).toEqual(successor);
  });

  it('of a node that was never here succeeds', async () => {
    const here = world();
    expect(await del(here.environment(), 'i-7', delOf(1))).toEqual({ released: [] });
    const slot = { pool: 'e'.repeat(16), block: '0', slot: 0 };
    expect(await del(here.environment(), 'i-7', delOf(1, { slot, acknowledged: true }))).toEqual({ released: [] });
  });
});
