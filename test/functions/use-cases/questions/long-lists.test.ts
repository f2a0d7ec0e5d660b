/** Every list at its longest: as many rows as there may be, with the longest texts that the contract takes. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { most } from '../../../../core/contract/limits.ts';
import { type PoolDefinition, poolPolicy } from '../../../../core/contract/pool.ts';
import type { SlotState } from '../../../../core/protocol/lease.ts';
import { blockKeyToText } from '../../../../core/protocol/slot-ref.ts';
import type { Store } from '../../../../core/store.ts';
import type { Call } from '../../../../functions/use-cases/dependencies.ts';
import { ownLeases } from '../../../../functions/use-cases/leases/own-leases.ts';
import { listPools } from '../../../../functions/use-cases/pools/list-pools.ts';
import { newPool } from '../../../../functions/use-cases/pools/open-blocks.ts';
import { findLeases } from '../../../../functions/use-cases/questions/find-leases.ts';
import { listBlocks } from '../../../../functions/use-cases/questions/list-blocks.ts';
import { listLeases } from '../../../../functions/use-cases/questions/list-leases.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { intercepted } from '../../intercepted.ts';
import { callOf, START, type World, world } from '../../world.ts';

const longText = (length: number) => 'ñ'.repeat(length);
const NODE = 'i-0123456789abcdef0';
const pod = { namespace: longText(most.podText), name: longText(most.podText), uid: longText(most.podText) };
const heldSlot = (slot: number): SlotState => ({
  held: true,
  generation: 1,
  reusableAt: 0,
  holding: {
    attachment: { network: 'n'.repeat(most.name), containerId: `${slot}`.padEnd(most.name, 'c'), ifname: longText(15) },
    nonce: 'f'.repeat(32),
    node: NODE,
    incarnation: 1,
    heldAt: START,
    pod,
  },
});

/** Every slot of every block is held. */
function full(blockSize: number): Store {
  const store = memoryStore();
  const slots = new Map(Array.from({ length: blockSize }, (_, slot) => [slot, heldSlot(slot)] as const));
  const everywhere = new Set(Array.from({ length: 64 }, (_, stretch) => BigInt(stretch)));
  return {
    ...store,
    leases: { ...store.leases, readBlock: async () => slots },
    pools: { ...store.pools, readJoined: async () => everywhere },
  };
}

async function pools(
  { store }: Pick<World, 'store'>,
  names: readonly string[],
  over: (index: number) => Partial<PoolDefinition> & Pick<PoolDefinition, 'ranges' | 'blockSize'>,
): Promise<PoolDefinition[]> {
  const definitions = names.map(
    (name, index): PoolDefinition => ({
      ...z.parse(poolPolicy, {}),
      id: (index + 1).toString(16).padStart(16, '0'),
      vrf: 'default',
      name,
      affinity: 'shared',
      gateway: 'pool',
      createdAt: new Date(START).toISOString(),
      ...over(index),
    }),
  );
  for (const definition of definitions) await store.pools.createPool(newPool(definition));
  const entries = definitions.map(({ id, name, ranges }) => ({ id, name, ranges }));
  await store.pools.writeRegistry({ vrf: 'default', version: 1, pools: entries });
  return definitions;
}

const rangeOf = (subnet: string, gateway: string, rangeStart: string, rangeEnd: string) => ({
  subnet,
  gateway,
  rangeStart,
  rangeEnd,
});
const wide = (octet: number) => [
  [rangeOf(`10.${octet}.0.0/16`, `10.${octet}.0.1`, `10.${octet}.0.0`, `10.${octet}.255.255`)],
];
/** 1,024 slots, 16 addresses each. */
const manySets = Array.from({ length: most.rangeSets }, (_, set) => {
  const net = `2001:db8:${(0x1000 + set).toString(16)}:ffff:ffff:ffff:ffff`;
  return [rangeOf(`${net}:0/118`, `${net}:1`, `${net}:0`, `${net}:3ff`)];
});

const patient = callOf('user/ann');

/** The pages to the last one, each of which an answer may be. */
async function pagesOf<P extends { nextCursor?: string | undefined }>(
  ask: (cursor?: string) => Promise<P>,
): Promise<P[]> {
  const pages: P[] = [];
  for (let cursor: string | undefined; pages.length === 0 || cursor !== undefined; cursor = pages.at(-1)?.nextCursor)
    pages.push(await ask(cursor));
  for (const page of pages) expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(most.answerBytes);
  return pages;
}
const slotsOf = (pages: readonly { leases: readonly { slot: { pool: string; block: string; slot: number } }[] }[]) =>
  pages.flatMap(({ leases }) => leases.map(({ slot }) => `${slot.pool}:${slot.block}.${slot.slot}`));

describe('no answer is longer than it may be, and together the pages are the whole list:', () => {
  it('the leases of a pool, where one block alone is too long', async () => {
    const here = world(full(256));
    await pools(here, ['blue'], () => ({ ranges: manySets, blockSize: 256 }));
    const named = { vrf: 'default', name: 'blue' };
    const pages = await pagesOf((cursor) => listLeases(here.environment(), patient, { ...named, cursor }));
    const slots = slotsOf(pages);
    expect([slots.length, new Set(slots).size]).toEqual([1024, 1024]);
  });

  it('the leases of a namespace and of a pod, in several pools', async () => {
    const here = world(full(64));
    await pools(here, ['blue', 'green'], (octet) => ({ ranges: wide(octet), blockSize: 64 }));
    const pages = await pagesOf((cursor) =>
      findLeases(here.environment(), patient, { vrf: 'default', namespace: pod.namespace, cursor }),
    );
    expect([slotsOf(pages).length, new Set(slotsOf(pages)).size]).toEqual([2 * 16_384, 2 * 16_384]);
  });

  it('the leases of a node, asked for by an operator and by itself', async () => {
    const here = world(full(256));
    const [pool = { id: '' }] = await pools(here, ['blue'], () => ({ ranges: manySets, blockSize: 256 }));
    const joined = Array.from({ length: 4 }, (_, block) => blockKeyToText({ pool: pool.id, block: BigInt(block) }));
    await here.store.nodes.join(NODE, joined, 'boot-1', START);
    const found = await pagesOf((cursor) =>
      findLeases(here.environment(), patient, { vrf: 'default', node: NODE, cursor }),
    );
    const own = await pagesOf((cursor) => ownLeases(here.environment(), callOf(NODE), cursor));
    for (const slots of [slotsOf(found), slotsOf(own)])
      expect([slots.length, new Set(slots).size]).toEqual([1024, 1024]);
  });

  it('the blocks of a pool, whose ranges are many and short', async () => {
    const here = world();
    const ranges = Array.from({ length: most.rangeSets }, (_, set) =>
      Array.from({ length: most.rangesOfSet }, (_, index) => {
        const net = `2001:db8:${(0x1000 + set).toString(16)}:${(0x1000 + index).toString(16)}:ffff:ffff:ffff`;
        return rangeOf(`${net}:0/112`, `${net}:ffff`, `${net}:8000`, `${net}:801f`);
      }),
    );
    const [pool = { id: '' }] = await pools(here, ['blue'], () => ({ ranges, blockSize: 4, affinity: 'node' }));
    for (let block = 0n; block < 1024n; block += 1n)
      await here.store.blocks.claim({ pool: pool.id, block }, { node: NODE, incarnation: 1, boot: 'b', journal: 'j' });
    const named = { vrf: 'default', name: 'blue' };
    const pages = await pagesOf((cursor) => listBlocks(here.environment(), patient, { ...named, cursor }));
    const blocks = pages.flatMap(({ blocks }) => blocks.map(({ block }) => block));
    expect(pages.length).toBeGreaterThan(1);
    expect(blocks).toEqual(Array.from({ length: 1024 }, (_, block) => block.toString(16)));
  });

  it('the pools of a VRF, each as long as it may be', async () => {
    const here = world();
    const names = Array.from({ length: 20 }, (_, index) => `pool-${index + 100}`);
    await pools(here, names, (octet) => ({
      ranges: wide(octet),
      blockSize: 64,
      exclude: Array.from({ length: most.exclusions }, (_, k) => `10.${octet}.255.${k}-10.${octet}.255.${k}`),
      reservations: Array.from({ length: most.reservations }, (_, k) => ({
        name: `reservation-${k}`,
        namespace: pod.namespace,
        addresses: Array.from({ length: most.addressesOfReservation }, (_, one) => `10.${octet}.${k}.${one}`),
      })),
    }));
    const pages = await pagesOf((cursor) =>
      listPools(here.environment(), patient, { vrf: 'default', cursor, limit: 100 }),
    );
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flatMap(({ pools }) => pools.map(({ name }) => name))).toEqual(names);
  });
});

describe('a list for which there is no time', () => {
  it('ends the page before, and goes on with the next one', async () => {
    const here = world();
    await pools(
      here,
      Array.from({ length: 100 }, (_, index) => `pool-${index}`),
      (octet) => ({ ranges: wide(octet), blockSize: 256 }),
    );
    const late: Call = { caller: 'user/ann', remainingMs: () => 1_000 };
    const wanted = { vrf: 'default', namespace: 'shop' };
    const first = await findLeases(here.environment(), late, wanted);
    expect([first.leases, first.nextCursor]).toEqual([[], expect.any(String)]);
    const pages = await pagesOf((cursor) => findLeases(here.environment(), late, { ...wanted, cursor }));
    expect(pages.length).toBeGreaterThan(100);
  });

  it('has few requests under way at once, in however many pools it looks', async () => {
    const inner = memoryStore();
    let underWay = 0;
    let atOnce = 0;
    const store = intercepted(inner, async (_, __, proceed) => {
      underWay += 1;
      atOnce = Math.max(atOnce, underWay);
      await new Promise((resume) => setImmediate(resume));
      const answer = await proceed();
      underWay -= 1;
      return answer;
    });
    const here = world(store);
    const names = Array.from({ length: 200 }, (_, index) => `pool-${index}`);
    await pools({ store: inner }, names, (octet) => ({
      ranges: [[rangeOf(`10.${octet}.0.0/29`, `10.${octet}.0.1`, `10.${octet}.0.0`, `10.${octet}.0.7`)]],
      blockSize: 4,
    }));
    atOnce = 0;
    await findLeases(here.environment(), patient, { vrf: 'default', namespace: 'shop' });
    expect(atOnce).toBeGreaterThan(8);
    expect(atOnce).toBeLessThanOrEqual(32);
  });
});
