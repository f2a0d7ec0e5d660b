/** Addresses of a larger range set beyond the end of the smallest one: asked for, and seen wherever leases are seen. */
import { describe, expect, it } from 'vitest';
import { most } from '../../../../core/contract/limits.ts';
import { SEALED_GENERATION } from '../../../../core/protocol/lease.ts';
import { blockFromText } from '../../../../core/protocol/slot-ref.ts';
import { checkLease } from '../../../../functions/use-cases/leases/check-lease.ts';
import { ownLeases } from '../../../../functions/use-cases/leases/own-leases.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { findLeases } from '../../../../functions/use-cases/questions/find-leases.ts';
import { listLeases } from '../../../../functions/use-cases/questions/list-leases.ts';
import { usage } from '../../../../functions/use-cases/questions/usage.ts';
import { whoHas } from '../../../../functions/use-cases/questions/who-has.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { intercepted } from '../../intercepted.ts';
import { change, create, remove } from '../../pool-requests.ts';
import { add, addOf, attachmentOf, COOLDOWN_MS, callOf, del, delOf, nonceOf, refusalOf, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };
const BEEF = '2001:db8:30::beef';
/** Five addresses of IPv4 beside a whole /64. */
const UNEQUAL = { ranges: [[{ subnet: '10.0.0.0/29' }], [{ subnet: '2001:db8:30::/64' }]], blockSize: 4 };

async function unequal(input: Parameters<typeof create>[1] = {}) {
  const here = world();
  const { pool } = await create(here.environment(), { ...UNEQUAL, ...input });
  const deps = here.environment();
  const ask = (n: number, addresses?: string[], over = {}) =>
    add(deps, 'i-1', addOf(n, { pool: blue, ...(addresses ? { addresses } : {}), ...over }));
  const counted = () => usage(here.environment(), callOf('user/ann'), { ...blue, by: undefined });
  return { here, deps, pool, ask, counted };
}
const textOf = ({ addresses }: { addresses: readonly { address: string }[] }) =>
  addresses.map(({ address }) => address);

describe('an address beyond the smaller range set', () => {
  it.each([BEEF, `${BEEF}/64`])('%s is had with an ordinary one of the other set, in two slots', async (address) => {
    const { ask, pool } = await unequal();
    const { slot, more = [], ...answer } = await ask(1, [address]);
    expect(textOf(answer)).toEqual([expect.stringMatching(/^10\.0\.0\.[2-6]\/29$/), `${BEEF}/64`]);
    expect(answer.addresses[1]?.gateway).toBe('2001:db8:30::1');
    expect(more).toEqual([{ pool: pool.id, block: '2fbb', slot: 2 }]);
    // The node proposes where an ADD may be given a slot.
    expect([slot.block, answer.blocks.map(({ block }) => block)]).toEqual([
      expect.stringMatching(/^[01]$/),
      ['0', '1'],
    ]);
  });

  it('goes with the address of the other set that is asked for too, whole or partial', async () => {
    const { ask } = await unequal();
    expect(textOf(await ask(1, ['10.0.0.4', BEEF]))).toEqual(['10.0.0.4/29', `${BEEF}/64`]);
    expect(textOf(await ask(2, [BEEF.replace('beef', 'cafe'), '10.0.0.5']))[0]).toBe('10.0.0.5/29');
  });

  it('of the slots in between has addresses of each of three sets', async () => {
    const ranges = [[{ subnet: '10.0.0.0/29' }], [{ subnet: '10.9.0.0/24' }], [{ subnet: 'fd00::/64' }]];
    const { ask } = await unequal({ ranges });
    const first = await ask(1, ['fd00::c8']);
    expect(textOf(first)).toEqual([
      expect.stringMatching(/^10\.0\.0\./),
      expect.stringMatching(/^10\.9\.0\.[2-6]\//),
      'fd00::c8/64',
    ]);
    expect(textOf(await ask(2, ['10.9.0.201']))[1]).toBe('10.9.0.201/24');
    expect(textOf(await ask(3, ['10.9.0.210', 'fd00::1:0:0'])).slice(1)).toEqual(['10.9.0.210/24', 'fd00::1:0:0/64']);
  });

  it('is never handed out by itself', async () => {
    const { ask, counted } = await unequal();
    await ask(1, [BEEF]);
    for (const n of [2, 3, 4, 5]) await ask(n);
    expect(await refusalOf(ask(6))).toMatchObject({ code: 'pool.exhausted' });
    expect(await counted()).toMatchObject({ capacity: '5', free: '0', held: 6 });
    const proposed = ask(6, undefined, { proposal: { ...(await ask(1, [BEEF], { attempt: 2 })).more?.[0], slot: 1 } });
    expect(await refusalOf(proposed)).toMatchObject({ code: 'pool.exhausted' });
  });

  it('is refused where no ordinary one is left, and nothing of it stays held', async () => {
    const { ask, here, counted } = await unequal();
    for (const n of [1, 2, 3, 4, 5]) await ask(n);
    expect(await refusalOf(ask(6, [BEEF]))).toMatchObject({ code: 'pool.exhausted' });
    expect(await counted()).toMatchObject({ held: 5 });
    expect(await whoHas(here.environment(), { vrf: 'default', text: BEEF })).toMatchObject({ state: 'free' });
  });

  it('that is held or cools is refused with its address, and no ordinary one is taken', async () => {
    const { here, deps, ask, counted } = await unequal();
    await ask(1, [BEEF]);
    expect(await refusalOf(ask(2, [BEEF]))).toMatchObject({
      code: 'address.held',
      what: `Address ${BEEF}/64 of pool blue is held by container container-1 on node i-1`,
    });
    expect(await counted()).toMatchObject({ held: 2 });
    await del(deps, 'i-1', delOf(1));
    expect(await refusalOf(ask(2, [BEEF]))).toMatchObject({ code: 'address.cooling' });
    here.clock.now += COOLDOWN_MS;
    expect(textOf(await ask(2, [BEEF]))[1]).toBe(`${BEEF}/64`);
  });

  it.each([
    ['2001:db8:31::1', /it is not in its ranges \(10\.0\.0\.0\/29, 2001:db8:30::\/64\)/],
    [
      '2001:db8:30::',
      /not in its ranges \(of 2001:db8:30::\/64 it has 2001:db8:30::1-2001:db8:30:0:ffff:ffff:ffff:ffff\)/,
    ],
    ['2001:db8:30::1', /it is a gateway/],
    ['10.0.0.1', /it is a gateway/],
    ['2001:db8:30::bad', /it is excluded/],
    ['2001:db8:30::4', /it goes with 10\.0\.0\.4, which is excluded/],
  ])('%s cannot be had, with the reason', async (address, message) => {
    const { ask } = await unequal({ exclude: ['2001:db8:30::bad', '10.0.0.4'] });
    expect(await refusalOf(ask(1, [address]))).toMatchObject({
      code: 'address.unknown',
      what: expect.stringMatching(message),
    });
  });
});

describe('a lease of an ordinary and a partial slot', () => {
  it('is the same for a repeat, whichever answer was lost', async () => {
    const { here, pool } = await unequal();
    for (const [n, lost] of ['join', 'openApart', 'hold', 'hold'].entries()) {
      let left = n === 3 ? 2 : 1;
      const store = intercepted(here.store, async (name, _, proceed) => {
        const answer = await proceed();
        if (name === lost && --left === 0) throw new Error('the answer is lost');
        return answer;
      });
      const request = addOf(n, { pool: blue, addresses: [`2001:db8:30::${n + 1}:1`] });
      await expect(add(here.environment({ store }), `i-${n}`, request)).rejects.toThrow('lost');
      const again = await add(here.environment(), `i-${n}`, { ...request, attempt: 2 });
      const { slot, more, addresses } = again;
      const third = await add(here.environment(), `i-${n}`, { ...request, attempt: 3 });
      expect(third).toMatchObject({ slot, more, addresses });
      const { leases } = await ownLeases(here.environment(), callOf(`i-${n}`), undefined);
      expect(leases.map((lease) => lease.slot)).toEqual([slot, ...(more ?? [])]);
    }
    expect((await here.store.pools.readPool(pool.id))?.openApart).toHaveLength(4);
  });

  it('is the same for copies of the request at one moment', async () => {
    const { here } = await unequal();
    const copies = await Promise.all(
      [1, 1, 2].map((attempt) => add(here.environment(), 'i-1', addOf(1, { pool: blue, addresses: [BEEF], attempt }))),
    );
    for (const copy of copies) expect(copy).toMatchObject({ slot: copies[0]?.slot, more: copies[0]?.more });
    expect((await ownLeases(here.environment(), callOf('i-1'), undefined)).leases).toHaveLength(2);
  });

  it('is confirmed, shown in every list, and freed by one DEL', async () => {
    const { here, deps, pool, ask, counted } = await unequal();
    const { slot, more = [] } = await ask(1, [BEEF]);
    const { held } = await checkLease(here.environment(), callOf('i-1'), {
      attachment: attachmentOf(1),
      slots: [slot, ...more],
    });
    expect(held.map(textOf)).toEqual([[expect.stringMatching(/^10/), expect.any(String)], [`${BEEF}/64`]]);
    const who = await whoHas(here.environment(), { vrf: 'default', text: BEEF });
    expect(who).toMatchObject({ state: 'held', slot: more[0], lease: { addresses: [`${BEEF}/64`], node: 'i-1' } });
    const listed = await listLeases(here.environment(), callOf('user/ann'), { ...blue, cursor: undefined });
    expect(listed.leases.map((row) => row.slot)).toEqual([slot, ...more]);
    expect(listed.nextCursor).toBeUndefined();
    for (const which of [{ node: 'i-1' }, { namespace: 'shop' }]) {
      const { leases } = await findLeases(here.environment(), callOf('user/ann'), { vrf: 'default', ...which });
      expect(leases).toHaveLength('node' in which ? 2 : 0);
    }
    expect((await ownLeases(here.environment(), callOf('i-1'), undefined)).leases).toMatchObject([
      { slot: slot, nonce: nonceOf(1) },
      { slot: more[0], nonce: nonceOf(1) },
    ]);
    expect((await here.store.nodes.readNode('i-1'))?.joinedBlocks).toContain(`${pool.id}:2fbb`);
    expect((await del(deps, 'i-1', delOf(1, { slot, acknowledged: false }))).released).toHaveLength(2);
    expect(await counted()).toMatchObject({ held: 0, cooling: 2, free: '4' });
  });

  it('is freed as a whole when its node is dead', async () => {
    const { here, ask } = await unequal();
    await ask(1, [BEEF]);
    await declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'it burned', alsoIfAlive: true });
    expect(await reclaim(here.environment())).toMatchObject({ nodes: [{ node: 'i-1', freed: 2 }] });
  });

  it('is kept for its pod in a sticky pool, each of its addresses', async () => {
    const { deps, ask } = await unequal({ stickySeconds: 600 });
    const pod = { namespace: 'shop', name: 'db-0' };
    const first = await ask(1, [BEEF], { pod });
    await del(deps, 'i-1', delOf(1));
    expect(await refusalOf(ask(2, [BEEF], { pod: { ...pod, name: 'db-1' } }))).toMatchObject({
      code: 'address.cooling',
    });
    expect(textOf(await ask(3, [BEEF], { pod }))).toEqual(textOf(first));
  });

  it('goes on where the pool grows until the slot is whole', async () => {
    const { here, deps, ask } = await unequal();
    const before = await ask(1, ['2001:db8:30::a']);
    const ranges = [[{ subnet: '10.0.0.0/29' }, { subnet: '10.0.1.0/24' }], [{ subnet: '2001:db8:30::/64' }]];
    await change(here.environment(), { ranges });
    const taken = new Set(textOf(before));
    for (let n = 2; n < 30; n += 1)
      for (const address of textOf(await add(here.environment(), 'i-1', addOf(n, { pool: blue })))) {
        expect(taken.has(address)).toBe(false);
        taken.add(address);
      }
    expect((await del(deps, 'i-1', delOf(1))).released).toHaveLength(2);
  });
});

describe('a block that is opened apart', () => {
  it('is counted, keeps its pool from being deleted, and is sealed with it', async () => {
    const { here, deps, pool, ask } = await unequal();
    await ask(1, [BEEF]);
    expect(await refusalOf(remove(here.environment()))).toMatchObject({ code: 'pool.held', facts: { leases: 2 } });
    await del(deps, 'i-1', delOf(1));
    expect((await change(here.environment(), { cooldownSeconds: 5 })).pool.openBlocks).toBe('3');
    expect(await remove(here.environment())).toMatchObject({ deleted: true, sealed: 3, total: 3 });
    for (const block of [0n, 1n, 0x2fbbn]) {
      const slots = [...(await here.store.leases.readBlock({ pool: pool.id, block })).values()];
      expect(slots.map(({ generation, held }) => [generation, held])).toEqual(
        Array(4).fill([SEALED_GENERATION, false]),
      );
    }
    // This environment remembers pool and block as they were.
    const [late] = await Promise.allSettled([ask(2, [BEEF])]);
    expect(late.status).toBe('rejected');
    expect((await here.store.leases.readSlot({ pool: pool.id, block: 0x2fbbn, slot: 2 }))?.held).toBe(false);
  });

  it('does not come to be in a pool that is drained', async () => {
    const { here, pool, ask } = await unequal();
    await ask(1);
    await change(here.environment(), { state: 'draining' });
    expect(await refusalOf(ask(2, [BEEF]))).toMatchObject({
      code: 'address.unknown',
      what: expect.stringContaining('its block cannot be opened: the pool is draining'),
    });
    expect((await here.store.pools.readPool(pool.id))?.openApart).toBeUndefined();
  });

  it('is one of a number that is bounded, and the refusal says so', async () => {
    const { here, pool, ask } = await unequal();
    for (let n = 0; n < most.blocksApart; n += 1)
      await here.store.pools.openApart(pool.id, BigInt(100 + n), most.blocksApart);
    expect(textOf(await ask(1, ['2001:db8:30::191']))[1]).toBe('2001:db8:30::191/64');
    expect(await refusalOf(ask(2, [BEEF]))).toMatchObject({
      code: 'address.unknown',
      what: expect.stringContaining('its block cannot be opened: 1024 blocks are open apart from the others'),
    });
  });

  it('of whole slots leaves what lies before it closed', async () => {
    const { here, pool, ask } = await unequal({ ranges: [[{ subnet: '10.0.0.0/8' }]], blockSize: 64 });
    const { slot } = await ask(1, ['10.200.0.5']);
    const state = await here.store.pools.readPool(pool.id);
    expect([state?.open, state?.openApart]).toEqual([256n, [blockFromText(slot.block)]]);
    expect((await ask(2)).blocks.map(({ block }) => block)).not.toContain(slot.block);
    const seen = await listLeases(here.environment(), callOf('user/ann'), { ...blue, cursor: 'ff' });
    expect(seen.leases.map((row) => row.addresses)).toEqual([['10.200.0.5/8']]);
  });
});
