import { describe, expect, it } from 'vitest';
import type { AllocateResult, CheckRequest } from '../../../../core/contract/lease.ts';
import { checkLease } from '../../../../functions/use-cases/leases/check-lease.ts';
import { counted } from '../../intercepted.ts';
import { add, addOf, attachmentOf, callOf, del, delOf, nonceOf, operatorsPool, proposal, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };

/** Containers 1 and 2 of node i-1 hold slots 1 and 2 of block 0, and container 3 of node i-2 slot 3. */
async function leased() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 64, blockSize: 4 });
  const deps = here.environment();
  const answers: AllocateResult[] = [];
  for (const n of [1, 2, 3])
    answers.push(await add(deps, n === 3 ? 'i-2' : 'i-1', addOf(n, { pool: blue, proposal: proposal(pool, 0, n) })));
  const { store, requests } = counted(here.store);
  const check = async (request: Partial<CheckRequest> = {}, node = 'i-1') => {
    const asked = { attachment: attachmentOf(1), ...request };
    return (await checkLease(here.environment({ store }), callOf(node), asked)).held;
  };
  const lease = (n: number) => ({
    slot: proposal(pool, 0, n),
    nonce: nonceOf(n),
    addresses: answers[n - 1]?.addresses ?? [],
  });
  return {
    here,
    deps,
    pool,
    check,
    requests,
    lease,
    at: (...slots: number[]) => slots.map((n) => proposal(pool, 0, n)),
  };
}

describe('what an attachment is told that it holds', () => {
  it('is the slot that it names, with its nonce and its addresses, by one read of it', async () => {
    const { check, lease, at, requests } = await leased();
    expect(await check({ slots: at(1) })).toEqual([lease(1)]);
    expect(lease(1).addresses[0]?.address).toMatch(/^10\.1\.1\.1\/16$/);
    expect(requests).toEqual(['readSlot', 'readPool']);
  });

  it('is of several slots those that it holds', async () => {
    const { check, lease, at } = await leased();
    expect(await check({ slots: at(0, 1, 2, 3) })).toEqual([lease(1)]);
  });

  it('is found in the node’s blocks where it names none', async () => {
    const { check, lease, requests } = await leased();
    expect(await check()).toEqual([lease(1)]);
    expect(requests).toEqual(['readNode', ...Array<string>(16).fill('readBlock'), 'readPool']);
  });

  it('is every slot, each with its own nonce, where an earlier attachment of the container holds one too', async () => {
    const { deps, pool, check } = await leased();
    const again = addOf(1, { pool: blue, nonce: nonceOf(9), incarnation: 1, proposal: proposal(pool, 5, 0) });
    await add(deps, 'i-1', again);
    const nonces = async (request?: Partial<CheckRequest>) => (await check(request)).map(({ nonce }) => nonce).sort();
    expect(await nonces()).toEqual([nonceOf(1), nonceOf(9)]);
    expect(await nonces({ slots: [proposal(pool, 0, 1), proposal(pool, 5, 0)] })).toEqual([nonceOf(1), nonceOf(9)]);
  });

  it.each<[string, Partial<CheckRequest>, string]>([
    ['another container', { attachment: attachmentOf(2) }, 'i-1'],
    ['another interface', { attachment: { ...attachmentOf(1), ifname: 'eth1' } }, 'i-1'],
    ['another network', { attachment: attachmentOf(1, 'green') }, 'i-1'],
    ['a container of its name on another node', {}, 'i-2'],
    ['a container of its name on a node that never leased', {}, 'i-9'],
  ])('is nothing of what %s asks about', async (_, request, node) => {
    const { check, lease, at } = await leased();
    expect(await check({ slots: at(1), ...request }, node)).toEqual([]);
    const others = await check(request, node);
    expect(others).not.toContainEqual(lease(1));
  });

  it('is nothing of a slot that nobody ever held, and nothing of one in a pool that never was', async () => {
    const { check, at } = await leased();
    expect(await check({ slots: [...at(0), { pool: 'e'.repeat(16), block: 'ff', slot: 7 }] })).toEqual([]);
  });

  it('is nothing any more once it was released', async () => {
    const { deps, check, at } = await leased();
    await del(deps, 'i-1', delOf(1, { slot: at(1)[0], acknowledged: true }));
    expect(await check({ slots: at(1) })).toEqual([]);
    expect(await check()).toEqual([]);
  });

  it('changes nothing', async () => {
    const { here, pool, check, at } = await leased();
    const all = () => here.store.leases.readBlock({ pool: pool.id, block: 0n });
    const before = await all();
    await check({ slots: at(0, 1, 2, 3) });
    await check();
    expect(await all()).toEqual(before);
  });
});
