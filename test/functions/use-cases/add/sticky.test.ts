import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockSet } from '../../../../core/pools/block-set.ts';
import { homeBlocks } from '../../../../functions/use-cases/add/sticky.ts';
import { add, addOf, del, delOf, operatorsPool, proposal, refusalOf, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };
const HOUR = 3_600_000;
const web = (n: number) => ({ namespace: 'shop', name: `web-${n}` });

async function sticky({ addresses = 600, blockSize = 64 } = {}) {
  const here = world();
  const pool = await operatorsPool(here, { addresses, blockSize });
  const state = await here.store.pools.readPool(pool.id);
  if (state === undefined) throw new Error('no pool');
  await here.store.pools.changePool({ ...state, definition: { ...pool, stickySeconds: 3600 }, version: 2 });
  let containers = 0;
  /** Another container of the pod, on some node. */
  const start = async (pod: { namespace: string; name: string }, node = 'i-1', over = {}) => {
    const n = containers++;
    const { slot, addresses: got } = await add(here.environment(), node, addOf(n, { pool: blue, pod, ...over }));
    const end = () => del(here.environment(), node, delOf(n, { slot, acknowledged: true }));
    return { address: got[0]?.address, end };
  };
  return { here, pool, start };
}

describe('a pod of a sticky pool', () => {
  it('finds its address again on another node, at once and until its time is over', async () => {
    const { here, start } = await sticky();
    const first = await start(web(0));
    await first.end();
    const second = await start(web(0), 'i-2');
    expect(second.address).toBe(first.address);
    await second.end();
    here.clock.now += HOUR - 1;
    expect((await start(web(0), 'i-3')).address).toBe(first.address);
  });

  it('has an address that nobody else gets meanwhile, though the pool is full otherwise', async () => {
    const { here, start } = await sticky({ addresses: 8, blockSize: 4 });
    const mine = await start(web(0));
    for (let n = 1; n < 8; n += 1) await start(web(n));
    await mine.end();
    const refusal = await refusalOf(start(web(99)));
    expect(refusal).toMatchObject({
      code: 'pool.cooling',
      facts: { freeAt: new Date(here.clock.now + HOUR).toISOString() },
    });
    expect((await start(web(0))).address).toBe(mine.address);
  });

  it('loses it to others when its time is over', async () => {
    const { here, start } = await sticky({ addresses: 4, blockSize: 4 });
    const mine = await start(web(0));
    for (let n = 1; n < 4; n += 1) await start(web(n));
    await mine.end();
    here.clock.now += HOUR;
    expect((await start(web(9))).address).toBe(mine.address);
  });

  it('waits while its earlier container lives: the replacement of a StatefulSet’s pod', async () => {
    const { start } = await sticky();
    const old = await start(web(0));
    const refusal = await refusalOf(start(web(0), 'i-2'));
    expect(refusal).toMatchObject({ code: 'address.held', message: expect.stringContaining('on node i-1') });
    expect(refusal.kind).toMatchObject({ retry: true, cni: 11 });
    await old.end();
    expect((await start(web(0), 'i-2')).address).toBe(old.address);
  });

  it('gets its own address, whatever its node proposes', async () => {
    const { pool, start } = await sticky();
    const first = await start(web(0));
    await first.end();
    expect((await start(web(0), 'i-2', { proposal: proposal(pool, 3, 3) })).address).toBe(first.address);
  });

  it('has another address for each of its interfaces', async () => {
    const { here } = await sticky();
    const request = addOf(0, { pool: blue, pod: web(0) });
    const first = await add(here.environment(), 'i-1', request);
    const net1 = { ...request, attachment: { ...request.attachment, ifname: 'net1' }, nonce: 'f'.repeat(32) };
    expect((await add(here.environment(), 'i-1', net1)).addresses).not.toEqual(first.addresses);
  });

  it('without a name gets any address', async () => {
    const { here } = await sticky();
    expect((await add(here.environment(), 'i-1', addOf(500, { pool: blue }))).addresses).toHaveLength(1);
  });

  it('gets an address elsewhere where its home blocks are full', async () => {
    const { start } = await sticky({ addresses: 40, blockSize: 4 });
    const got = new Set<string | undefined>();
    for (let n = 0; n < 40; n += 1) got.add((await start(web(n))).address);
    expect(got.size).toBe(40);
  });
});

const below = (open: bigint) => blockSet([{ from: 0n, to: open - 1n }]);

describe('the home blocks of a pod', () => {
  it('are the same each time, and stay mostly the same when more of the pool is opened', () => {
    const pods = fc.record({ namespace: fc.constantFrom('shop', 'bank'), name: fc.string({ minLength: 1 }) });
    fc.assert(
      fc.property(pods, fc.bigInt({ min: 1n, max: 300n }), (pod, open) => {
        const homes = homeBlocks(pod, below(open));
        expect(homes).toEqual(homeBlocks(pod, below(open)));
        expect(new Set(homes).size).toBe(open < 4n ? Number(open) : 4);
        expect(homes.every((block) => block < open)).toBe(true);
        const kept = homeBlocks(pod, below(open + 1n)).filter((block) => homes.includes(block));
        expect(kept.length).toBeGreaterThanOrEqual(homes.length - 1);
      }),
    );
  });
});
