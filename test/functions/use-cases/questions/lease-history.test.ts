/** How what is over is read: the requests that it takes, and that pages together have each lease once. */
import { describe, expect, it } from 'vitest';
import type { LeaseHistory } from '../../../../core/contract/history.ts';
import { periodOf } from '../../../../core/protocol/history.ts';
import type { Store } from '../../../../core/store.ts';
import { addressHistory } from '../../../../functions/use-cases/questions/address-history.ts';
import { leaseHistory } from '../../../../functions/use-cases/questions/lease-history.ts';
import { counted } from '../../intercepted.ts';
import { add, addOf, callOf, operatorsPool, START, type World, world } from '../../world.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const NODE = 'i-1';
const call = { ...callOf('user/ann'), remainingMs: () => 10_000 };

const pool = { vrf: 'default', name: 'blue' };

/** A pool, and leases of the node that ended so many milliseconds ago, one note a lease. */
async function ended(ago: readonly number[]): Promise<World> {
  const here = world();
  const { id } = await operatorsPool(here, { addresses: 4096, blockSize: 256 });
  here.clock.now += 60 * DAY;
  for (const [n, before] of ago.entries()) {
    const endedAt = here.clock.now - before;
    const slot = { pool: id, block: BigInt((n >> 8) % 16), slot: n & 255 };
    const note = { slot, node: NODE, incarnation: 1, network: 'n', ifname: 'eth0', heldAt: endedAt - 5, endedAt };
    const part = { period: periodOf(endedAt), lane: 'all' };
    await here.store.history.recordNotes(part, [note], here.clock.now + DAY);
  }
  return here;
}

async function allPages(here: World, store: Store = here.store, limitMs = 10_000) {
  const leases: LeaseHistory['leases'][number][] = [];
  let pages = 0;
  for (let cursor: string | undefined; ; ) {
    let left = limitMs;
    const short = { ...call, remainingMs: () => (left -= 100) };
    const query = { vrf: 'default', node: NODE, ...(cursor === undefined ? {} : { cursor }) };
    const page = await leaseHistory(here.environment({ store }), short, query);
    leases.push(...page.leases);
    pages += 1;
    cursor = page.nextCursor;
    if (cursor === undefined) return { leases, pages };
  }
}

describe('what a node had', () => {
  it('is asked for in some 300 requests where nothing ended in a month, not in one for each ten minutes', async () => {
    const here = await ended([]);
    const { store, requests } = counted(here.store);
    expect((await allPages(here, store)).leases).toEqual([]);
    const reads = requests.filter((name) => name === 'readNotes').length;
    expect(reads).toBeGreaterThan(30);
    expect(reads).toBeLessThan(320);
  });

  it('is found once each, in the order of its ends, wherever it lies in the month and wherever pages end', async () => {
    const ago = [29.9 * DAY, 20 * DAY, 20 * DAY - 1, 3 * DAY, 11 * MINUTE, 9 * MINUTE, 1];
    const here = await ended(ago);
    const { leases } = await allPages(here);
    expect(leases.map(({ to }) => here.clock.now - Date.parse(to ?? ''))).toEqual(ago.map(Math.floor));
    const short = await allPages(here, here.store, 2_700);
    expect(short.pages).toBeGreaterThan(3);
    expect(short.leases).toEqual(leases);
  });

  it('is found once each where more ended than a page has room for', async () => {
    const ago = Array.from({ length: 6000 }, (_, n) => 5 * DAY - n * 500);
    const here = await ended(ago);
    const { leases, pages } = await allPages(here);
    expect(pages).toBeGreaterThan(2);
    expect(leases.map(({ to }) => here.clock.now - Date.parse(to ?? ''))).toEqual(ago);
  });
});

it('The first lease ever of a slot leaves nothing unknown from before its pool came to be', async () => {
  const here = world();
  await operatorsPool(here, { addresses: 4, blockSize: 4 });
  here.clock.now += MINUTE;
  // History is younger than the pool: what was before it began nobody knows.
  await here.store.history.noteBegun(here.clock.now);
  here.clock.now += MINUTE;
  const { addresses } = await add(here.environment(), NODE, addOf(1, { pool }));
  const address = addresses[0]?.address.split('/')[0] ?? '';
  const asked = async (at: Record<string, string>) =>
    addressHistory(here.environment(), { vrf: 'default', address, ...at });
  const { unknown } = await asked({});
  expect(unknown).toEqual([{ from: new Date(START).toISOString(), to: new Date(here.clock.now).toISOString() }]);
  expect(await asked({ at: new Date(START - DAY).toISOString() })).toMatchObject({ state: 'free', unknown: [] });
  expect((await asked({ at: new Date(START + 1).toISOString() })).state).toBe('unknown');
});
