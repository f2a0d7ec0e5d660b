import { describe, expect, it } from 'vitest';
import { listLeases } from '../../../../functions/use-cases/questions/list-leases.ts';
import {
  add,
  addOf,
  attachmentOf,
  callOf,
  del,
  delOf,
  operatorsPool,
  proposal,
  refusalOf,
  START,
  world,
} from '../../world.ts';

const call = callOf('user/ann');
/** Its pages are as short as pages can be. */
const late = { remainingMs: () => 0 };
const named = { vrf: 'default', name: 'blue' };
const page = (cursor?: string) => ({ ...named, cursor });

describe('the list of a pool’s leases', () => {
  it('shows who holds what since when, what is cooling until when, and nothing that is free', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 10, blockSize: 4 });
    const deps = here.environment();
    const pod = { namespace: 'shop', name: 'web-0' };
    for (const k of [0, 1, 2]) await add(deps, 'i-1', addOf(k, { pool: named, proposal: proposal(pool, 1, k), pod }));
    await del(deps, 'i-1', delOf(0));
    here.clock.now = START + 10_000;
    await del(deps, 'i-1', delOf(1));
    here.clock.now = START + 30_000;
    const common = { node: 'i-1', incarnation: 1, pod, heldAt: '2026-01-01T00:00:00.000Z' };
    expect(await listLeases(deps, call, page())).toEqual({
      pool,
      capacity: '10',
      leases: [
        {
          ...common,
          state: 'cooling',
          addresses: ['10.1.1.5/16'],
          slot: proposal(pool, 1, 1),
          attachment: attachmentOf(1),
          reusableAt: '2026-01-01T00:00:40.000Z',
        },
        {
          ...common,
          state: 'held',
          addresses: ['10.1.1.6/16'],
          slot: proposal(pool, 1, 2),
          attachment: attachmentOf(2),
        },
      ],
    });
  });

  it('is of some blocks where they are named, in pages too, and refuses a last one before the first', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 64, blockSize: 2 });
    const deps = here.environment();
    for (let n = 0; n < 20; n += 1)
      await add(deps, 'i-1', addOf(n, { pool: named, proposal: proposal(pool, Math.floor(n / 2), n % 2) }));
    const blocksOf = async (range: { fromBlock?: string; toBlock?: string }, call: { remainingMs: () => number }) => {
      const found: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const { leases, nextCursor } = await listLeases(deps, call, { ...page(cursor), ...range });
        found.push(...leases.map(({ slot }) => slot.block));
        if (nextCursor === undefined) return found;
        cursor = nextCursor;
      }
    };
    for (const patience of [call, late]) {
      expect(await blocksOf({ fromBlock: '3', toBlock: '5' }, patience)).toEqual(['3', '3', '4', '4', '5', '5']);
      expect(await blocksOf({ toBlock: '0' }, patience)).toEqual(['0', '0']);
      expect(await blocksOf({ fromBlock: '9' }, patience)).toEqual(['9', '9']);
      expect(await blocksOf({ fromBlock: 'ff', toBlock: 'fff' }, patience)).toEqual([]);
    }
    const refused = await refusalOf(listLeases(deps, call, { ...page(), fromBlock: '5', toBlock: '4' }));
    expect(refused).toMatchObject({ code: 'request.invalid', message: expect.stringContaining('query.toBlock 4') });
  });

  it('comes in pages that together are the whole pool', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 64, blockSize: 2 });
    const deps = here.environment();
    const slots = [0, 15, 16, 31].map((block) => proposal(pool, block, 0));
    for (const [k, slot] of slots.entries()) await add(deps, 'i-1', addOf(k, { pool: named, proposal: slot }));
    const seen = [];
    const cursors: (string | undefined)[] = [];
    let cursor: string | undefined;
    do {
      cursors.push(cursor);
      const { leases, nextCursor } = await listLeases(deps, late, page(cursor));
      seen.push(...leases.map(({ slot }) => slot));
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(slots);
    expect(cursors).toEqual([undefined, '10']);
  });

  it('is refused for a pool that is not there, and the refusal names those that are', async () => {
    const here = world();
    const none = await refusalOf(listLeases(here.environment(), call, page()));
    expect([none.code, none.message]).toEqual(['pool.unknown', 'VRF default has no pool blue; its pools are: none']);
    await operatorsPool(here, { addresses: 5, blockSize: 4, name: 'green' });
    expect((await refusalOf(listLeases(here.environment(), call, page()))).message).toContain('its pools are: green');
  });
});
