import { describe, expect, it } from 'vitest';
import { SEALED_GENERATION } from '../../../../core/protocol/lease.ts';
import { deletePool } from '../../../../functions/use-cases/pools/delete-pool.ts';
import { add, addOf, COOLDOWN_MS, callOf, del, delOf, nonceOf, operatorsPool, refusalOf, world } from '../../world.ts';

const blue = { vrf: 'default', name: 'blue' };
const deletion = { ...blue, ifMatch: undefined, dryRun: false };
const RANGES = [[{ subnet: '10.0.0.0/24' }], [{ subnet: 'fd00::/120' }]];

async function dualStack() {
  const here = world();
  const deps = here.environment();
  const pool = { ...blue, ranges: RANGES };
  const ask = (n: number, addresses: string[], over = {}) => add(deps, 'i-1', addOf(n, { pool, addresses, ...over }));
  return { here, deps, pool, ask };
}
const textOf = ({ addresses }: { addresses: readonly { address: string }[] }) =>
  addresses.map(({ address }) => address);

describe('a requested address', () => {
  it.each([
    [['10.0.0.7'], ['10.0.0.7/24', 'fd00::7/120']],
    [['10.0.0.7/24'], ['10.0.0.7/24', 'fd00::7/120']],
    [['FD00:0::0007'], ['10.0.0.7/24', 'fd00::7/120']],
    [
      ['10.0.0.7', 'fd00::7'],
      ['10.0.0.7/24', 'fd00::7/120'],
    ],
    [
      ['fd00::9', '10.0.0.7'],
      ['10.0.0.7/24', 'fd00::9/120'],
    ],
  ])('%j is what the attachment gets: %j', async (addresses, expected) => {
    const { ask } = await dualStack();
    expect(textOf(await ask(1, addresses))).toEqual(expected);
  });

  it('is one write, and the same for a repeat', async () => {
    const { ask } = await dualStack();
    const first = await ask(1, ['10.0.0.7']);
    expect(await ask(1, ['10.0.0.7'], { attempt: 2 })).toEqual(first);
    expect(first.more).toBeUndefined();
  });

  it('that is held is refused with its holder, and given when that one has ended and the address cooled', async () => {
    const { here, deps, ask } = await dualStack();
    const { slot } = await ask(1, ['10.0.0.7']);
    expect(await refusalOf(ask(2, ['10.0.0.7']))).toMatchObject({
      code: 'address.held',
      message: expect.stringMatching(/10\.0\.0\.7.*container-1 on node i-1/),
    });
    await del(deps, 'i-1', delOf(1, { slot, acknowledged: true }));
    const freeAt = new Date(here.clock.now + COOLDOWN_MS).toISOString();
    expect(await refusalOf(ask(2, ['10.0.0.7']))).toMatchObject({ code: 'address.cooling', facts: { freeAt } });
    here.clock.now += COOLDOWN_MS;
    expect(textOf(await ask(2, ['10.0.0.7']))).toEqual(['10.0.0.7/24', 'fd00::7/120']);
  });

  it.each([
    [
      ['10.0.1.7'],
      /^Address 10\.0\.1\.7 cannot be had from pool blue: it is not in its ranges \(10\.0\.0\.0\/24, fd00::\/120\)/,
    ],
    [['10.0.0.1'], /10\.0\.0\.1 cannot be had from pool blue: it is a gateway: ask/],
    [['10.0.0.7', '010.0.0.8'], /addresses\[1\] "010\.0\.0\.8" is not an IP address/],
    [['10.0.0.7', '10.0.0.8'], /ask twice for range set 0: an attachment gets one address of each range set/],
  ])('%j that the pool cannot hand out is refused: %s', async (addresses, message) => {
    const { ask } = await dualStack();
    expect(await refusalOf(ask(1, addresses))).toMatchObject({
      code: 'address.unknown',
      message: expect.stringMatching(message),
    });
  });
});

describe('an attachment that comes back with another nonce', () => {
  const again = { nonce: nonceOf(91) };

  it.each([[['10.0.0.7']], [['10.0.0.7', 'fd00::9']]])('has its own %j before it has cooled', async (addresses) => {
    const { deps, ask } = await dualStack();
    const first = await ask(1, addresses);
    await del(deps, 'i-1', delOf(1, { slot: first.slot, acknowledged: first.more === undefined }));
    expect(await refusalOf(ask(2, addresses))).toMatchObject({ code: 'address.cooling' });
    expect(textOf(await ask(1, addresses, again))).toEqual(textOf(first));
  });

  it('has it on its own node only', async () => {
    const { deps, pool, ask } = await dualStack();
    const { slot } = await ask(1, ['10.0.0.7']);
    await del(deps, 'i-1', delOf(1, { slot, acknowledged: true }));
    const elsewhere = add(deps, 'i-2', addOf(1, { pool, addresses: ['10.0.0.7'], ...again }));
    expect(await refusalOf(elsewhere)).toMatchObject({ code: 'address.cooling' });
  });

  it('is not what a late copy of the request is whose lease ended', async () => {
    const { deps, ask } = await dualStack();
    const { slot } = await ask(1, ['10.0.0.7']);
    await del(deps, 'i-1', delOf(1, { slot, acknowledged: true }));
    expect(await refusalOf(ask(1, ['10.0.0.7']))).toMatchObject({ code: 'address.cooling' });
  });
});

it.each(['10.0.9.0', '10.0.9.255', 'fd00:9::'])(
  'A requested address %s that no host can have is refused',
  async (address) => {
    const whole = [
      [{ subnet: '10.0.9.0/24', rangeStart: '10.0.9.0', rangeEnd: '10.0.9.255' }],
      [{ subnet: 'fd00:9::/120', rangeStart: 'fd00:9::' }],
    ];
    const request = addOf(1, { pool: { ...blue, ranges: whole }, addresses: [address] });
    expect(await refusalOf(add(world().environment(), 'i-1', request))).toMatchObject({
      code: 'address.unknown',
      what: `Address ${address} cannot be had from pool blue: it is a network or broadcast address`,
      remedy: 'ask for another address, or for none',
    });
  },
);

describe('two requested addresses that are not one slot', () => {
  it('take two slots, which a DEL frees together', async () => {
    const { here, deps, ask } = await dualStack();
    const { slot, more } = await ask(1, ['10.0.0.7', 'fd00::9']);
    expect(more).toHaveLength(1);
    const { released } = await del(deps, 'i-1', delOf(1, { slot, acknowledged: false }));
    expect(released).toHaveLength(2);
    here.clock.now += COOLDOWN_MS;
    expect(textOf(await ask(2, ['10.0.0.9']))).toEqual(['10.0.0.9/24', 'fd00::9/120']);
  });

  it('are both left alone where one is held', async () => {
    const { here, ask } = await dualStack();
    const { slot } = await ask(1, ['fd00::9']);
    expect(await refusalOf(ask(2, ['10.0.0.7', 'fd00::9']))).toMatchObject({ code: 'address.held' });
    const slots = await here.store.leases.readBlock({ pool: slot.pool, block: 0n });
    expect([...slots].filter(([, { held }]) => held)).toHaveLength(1);
    expect(textOf(await ask(3, ['10.0.0.7']))).toEqual(['10.0.0.7/24', 'fd00::7/120']);
  });
});

describe('a requested address that lies in what is not open yet', () => {
  it('is leased in a block that the pool’s deletion seals and its node’s death frees', async () => {
    const here = world();
    const ranges = [[{ subnet: '10.0.0.0/8' }]];
    const ask = (n: number, addresses?: string[]) =>
      add(here.environment(), 'i-1', addOf(n, { pool: { ...blue, ranges }, ...(addresses ? { addresses } : {}) }));
    const { pool } = await ask(1);
    const { slot } = await ask(2, ['10.1.0.5']);
    const state = await here.store.pools.readPool(pool.id);
    expect(state?.openApart).toEqual([BigInt(`0x${slot.block}`)]);
    expect((await here.store.nodes.readNode('i-1'))?.joinedBlocks).toContain(`${pool.id}:${slot.block}`);
    expect(await refusalOf(deletePool(here.environment(), callOf('user/ann'), deletion))).toMatchObject({
      code: 'pool.held',
      facts: { leases: 2 },
    });
    for (const n of [1, 2]) await del(here.environment(), 'i-1', delOf(n));
    expect(await deletePool(here.environment(), callOf('user/ann'), deletion)).toMatchObject({
      sealed: 257,
      total: 257,
    });
    const sealed = await here.store.leases.readBlock({ pool: pool.id, block: BigInt(`0x${slot.block}`) });
    expect([...sealed.values()].filter(({ generation }) => generation === SEALED_GENERATION)).toHaveLength(64);
  });

  it('is refused where the pool has grown and is being drained', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 8, blockSize: 4 });
    const [first] = pool.ranges[0] ?? [];
    const further = { subnet: '10.9.0.0/24', rangeStart: '10.9.0.2', rangeEnd: '10.9.0.9', gateway: '10.9.0.1' };
    const grown = { ...pool, ranges: [[...(first ? [first] : []), further]] };
    await here.store.pools.changePool({ definition: grown, state: 'active', open: 2n, version: 2 });
    const deps = here.environment();
    await add(deps, 'i-1', addOf(1, { pool: blue }));
    await here.store.pools.changePool({ definition: grown, state: 'draining', open: 2n, version: 3 });
    const late = add(deps, 'i-1', addOf(2, { pool: blue, addresses: ['10.9.0.5'] }));
    expect(await refusalOf(late)).toMatchObject({ code: 'address.unknown' });
    expect(await here.store.leases.readBlock({ pool: pool.id, block: 2n })).toEqual(new Map());
  });
});

describe('a pool with blocks that belong to nodes', () => {
  it('hands out no requested address', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 200, blockSize: 64 });
    const definition = { ...pool, affinity: 'node' as const };
    await here.store.pools.changePool({ definition, state: 'active', open: 4n, version: 2 });
    const request = addOf(1, { pool: blue, addresses: ['10.1.1.5'] });
    expect(await refusalOf(add(here.environment(), 'i-1', request))).toMatchObject({
      code: 'address.unknown',
      message: expect.stringContaining('its blocks belong to nodes'),
    });
  });
});
