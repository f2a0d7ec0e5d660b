/**
 * For each condition of each operation a case in which this condition alone does not hold. A store refuses it and changes
 * nothing; a store that lacks the condition is found out by it.
 */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod/mini';
import { type PoolDefinition, poolPolicy } from '../../core/contract/pool.ts';
import type { BlockOwner } from '../../core/protocol/block.ts';
import type { Holding } from '../../core/protocol/lease.ts';
import type { DeathRecord } from '../../core/protocol/node.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { BlockStore, PoolState, Store } from '../../core/store.ts';

/** Ids that no other case uses, since one table serves them all. */
export const newId = (): string => randomBytes(8).toString('hex');
export const newSlot = (): SlotKey => ({ pool: newId(), block: 10n, slot: 11 });

export const attachment = { network: 'blue', containerId: 'c1', ifname: 'eth0' };
export const mine: Holding = { attachment, nonce: 'n1', node: 'i-1', incarnation: 2, heldAt: 10_000 };
export const others: Holding = {
  attachment: { network: 'blue', containerId: 'c2', ifname: 'eth0' },
  nonce: 'n2',
  node: 'i-2',
  incarnation: 1,
  heldAt: 20_000,
};
export const owner = { containerId: 'c1', ifname: 'eth0', node: 'i-1', nonce: 'n1' };

/** With a title for each, as vitest's `it.each` takes them. */
export const titled = <T extends { condition: string; because: string; operation?: string }>(refusals: readonly T[]) =>
  refusals.map((refusal): [string, T] => [
    `${refusal.operation === undefined ? '' : `${refusal.operation} `}${refusal.condition}: ${refusal.because}`,
    refusal,
  ]);

export interface RecordRefusal {
  /** Its name in the DynamoDB store's expressions. */
  readonly condition: string;
  readonly because: string;
  readonly expectRefused: (store: Store) => Promise<void>;
}

export const death = (node: string, incarnation = 1): DeathRecord => ({
  node,
  incarnation,
  reason: `life ${incarnation} burned`,
  declaredBy: 'user/ann',
  declaredAt: 1000 * incarnation,
  freed: 0,
});
export const deathsOf = async ({ nodes }: Store, id: string) =>
  (await nodes.listDeaths({ limit: 100 })).deaths.filter(({ node }) => node === id);
export const definition = (id: string): PoolDefinition => ({
  id,
  vrf: 'default',
  name: 'blue',
  affinity: 'shared',
  ranges: [
    [{ subnet: '10.0.0.0/24', rangeStart: '10.0.0.1', rangeEnd: '10.0.0.254', gateway: '10.0.0.1' }],
    [{ subnet: 'fd00::/64', rangeStart: 'fd00::1', rangeEnd: 'fd00::ffff', gateway: 'fd00::1' }],
  ],
  blockSize: 64,
  ...z.parse(poolPolicy, {}),
  gateway: 'pool',
  createdAt: '2026-01-01T00:00:00.000Z',
});
export const stateOf = (pool: PoolDefinition): PoolState => ({
  definition: pool,
  state: 'active',
  open: 4n,
  version: 1,
});

/** A node refuses `attempt` in the state in which `before` leaves it. */
const nodeRefusal =
  (before: (store: Store, id: string) => Promise<unknown>, attempt: (store: Store, id: string) => Promise<boolean>) =>
  async (store: Store) => {
    const id = newId();
    await before(store, id);
    const was = [await store.nodes.readNode(id), await deathsOf(store, id)];
    expect(await attempt(store, id)).toBe(false);
    expect([await store.nodes.readNode(id), await deathsOf(store, id)]).toEqual(was);
  };
const joined = ({ nodes }: Store, id: string) => nodes.join(id, ['p:0'], 'b1', 1);
const dead = async (store: Store, id: string) => {
  await joined(store, id);
  await store.nodes.markDead(id, 1, 2);
};
const recorded = ({ nodes }: Store, id: string) => nodes.recordDeath(death(id, 2));

export const ownerOf = (node: string, boot = 'boot-1'): BlockOwner => ({ node, incarnation: 1, boot, journal: 'j1' });
const fenced = async (blocks: BlockStore, key: SlotKey, forced: boolean) => {
  await blocks.claim(key, ownerOf('i-2'));
  await blocks.fence(key, 1, forced);
};
const blockRefusal =
  (
    before: (blocks: BlockStore, key: SlotKey) => Promise<unknown>,
    attempt: (blocks: BlockStore, key: SlotKey) => Promise<boolean>,
  ) =>
  async ({ blocks }: Store) => {
    const key = newSlot();
    await before(blocks, key);
    const was = await blocks.read(key);
    expect(await attempt(blocks, key)).toBe(false);
    expect(await blocks.read(key)).toEqual(was);
  };

/** Of an IPv6 /64: more than a double can count. */
export const FAR = 0x3ff_ffff_ffff_fffbn;
const noRoomApart = async ({ pools }: Store) => {
  const pool = stateOf(definition(newId()));
  await pools.createPool(pool);
  for (const block of [FAR, 9n]) expect(await pools.openApart(pool.definition.id, block, 2)).toBe(true);
  expect(await pools.openApart(pool.definition.id, 7n, 2)).toBe(false);
  expect(await pools.readPool(pool.definition.id)).toEqual({ ...pool, openApart: [9n, FAR] });
};

/** Two are for one part of the namespaces, and no third one. */
const noShareApart = async ({ pools }: Store) => {
  const pool = stateOf(definition(newId()));
  const { id } = pool.definition;
  await pools.createPool(pool);
  const by = { part: 'a', most: 2 };
  for (const block of [FAR, 9n]) expect(await pools.openApart(id, block, 9, by)).toBe(true);
  expect(await pools.openApart(id, 7n, 9, by)).toBe(false);
  expect(await pools.readPool(id)).toEqual({ ...pool, openApart: [9n, FAR], openedFor: new Map([['a', 2]]) });
};
const countedOnce = async ({ pools }: Store) => {
  const pool = stateOf(definition(newId()));
  const { id } = pool.definition;
  await pools.createPool(pool);
  for (const part of ['a', 'a', 'b']) expect(await pools.openApart(id, FAR, 9, { part, most: 9 })).toBe(true);
  expect(await pools.readPool(id)).toEqual({ ...pool, openApart: [FAR], openedFor: new Map([['a', 1]]) });
};

export const recordRefusals: readonly RecordRefusal[] = [
  {
    condition: 'nodeAbsent',
    because: 'a node that died is not taken for a new one',
    expectRefused: nodeRefusal(dead, async ({ nodes }, id) => (await nodes.join(id, ['p:1'], 'b1', 3)).joined),
  },
  {
    condition: 'nodeAlive',
    because: 'a dead node joins',
    expectRefused: nodeRefusal(dead, async ({ nodes }, id) => (await nodes.join(id, ['p:1'], 'b1', 3)).joined),
  },
  {
    condition: 'nodeAlive',
    because: 'a dead node is marked dead',
    expectRefused: nodeRefusal(dead, ({ nodes }, id) => nodes.markDead(id, 1, 3)),
  },
  {
    condition: 'sameIncarnation',
    because: 'a life is marked dead that the node is not in',
    expectRefused: nodeRefusal(joined, ({ nodes }, id) => nodes.markDead(id, 2, 3)),
  },
  {
    condition: 'sameBoot',
    because: 'a node joins that has started again since',
    expectRefused: nodeRefusal(joined, async ({ nodes }, id) => (await nodes.join(id, ['p:1'], 'b2', 3)).joined),
  },
  {
    condition: 'sameIncarnation',
    because: 'a life begins after one that the node is not in',
    expectRefused: nodeRefusal(dead, ({ nodes }, id) =>
      nodes.beginLife(id, 2, { boot: 'b2', firstOfBoot: 3, earlier: [] }, 3),
    ),
  },
  {
    condition: 'deathAbsent',
    because: 'a death is recorded again',
    expectRefused: nodeRefusal(recorded, ({ nodes }, id) => nodes.recordDeath({ ...death(id, 2), reason: 'again' })),
  },
  {
    condition: 'deathThere',
    because: 'a sweep is recorded where no death is',
    expectRefused: nodeRefusal(
      async () => undefined,
      ({ nodes }, node) => nodes.recordSweep({ node, declaredAt: 1000 }, { freed: 5, sweptAt: 3 }),
    ),
  },
  ...['concludedNothing', 'concludedLess'].map((condition) => ({
    condition,
    because: 'deaths are concluded up to a time that was passed',
    async expectRefused({ nodes }: Store) {
      const before = ((await nodes.readConcluded())?.before ?? 0) + 1000;
      await nodes.noteConcluded(before, 1);
      const was = await nodes.readConcluded();
      expect(await nodes.noteConcluded(before - 1, 2)).toBe(false);
      expect(await nodes.noteConcluded(before, 2)).toBe(false);
      expect(await nodes.readConcluded()).toEqual(was);
    },
  })),
  ...[
    { condition: 'passedLess', because: 'less of a pool is passed than was', passed: { blocks: 2, version: 1 } },
    { condition: 'poolUnchanged', because: 'a pool is passed as it was earlier', passed: { blocks: 4, version: 0 } },
  ].map(({ passed, ...refusal }) => ({
    ...refusal,
    async expectRefused({ pools }: Store) {
      const pool = stateOf(definition(newId()));
      const { id } = pool.definition;
      await pools.createPool(pool);
      expect(await pools.notePassed(id, { blocks: 3, version: 1 })).toBe(true);
      expect(await pools.notePassed(id, passed)).toBe(false);
      expect(await pools.readPool(id)).toEqual({ ...pool, passed: { blocks: 3, version: 1 } });
    },
  })),
  {
    condition: 'poolAbsent',
    because: 'a pool is created under a used id',
    async expectRefused({ pools }) {
      const id = newId();
      await pools.createPool(stateOf(definition(id)));
      const other = { ...definition(id), name: 'green' };
      expect(await pools.createPool(stateOf(other))).toBe(false);
      expect(await pools.readPool(id)).toEqual(stateOf(definition(id)));
    },
  },
  {
    condition: 'poolUnchanged',
    because: 'another changed the pool since it was read',
    async expectRefused({ pools }) {
      const pool = stateOf(definition(newId()));
      await pools.createPool(pool);
      const draining = { ...pool, state: 'draining', version: 2 } as const;
      await pools.changePool(draining);
      expect(await pools.changePool({ ...pool, version: 2 })).toBe(false);
      expect(await pools.readPool(pool.definition.id)).toEqual(draining);
    },
  },
  {
    condition: 'poolActive',
    because: 'more of a pool is opened that is being drained',
    async expectRefused({ pools }) {
      const pool = stateOf(definition(newId()));
      await pools.createPool(pool);
      await pools.changePool({ ...pool, state: 'draining', version: 2 });
      expect(await pools.openPool(pool.definition.id, 4n, 8n)).toBe(false);
      expect(await pools.readPool(pool.definition.id)).toMatchObject({ open: 4n });
    },
  },
  {
    condition: 'openUnchanged',
    because: 'another opened more of the pool',
    async expectRefused({ pools }) {
      const pool = stateOf(definition(newId()));
      await pools.createPool(pool);
      await pools.openPool(pool.definition.id, 4n, 16n);
      expect(await pools.openPool(pool.definition.id, 4n, 8n)).toBe(false);
      expect(await pools.readPool(pool.definition.id)).toMatchObject({ open: 16n });
    },
  },
  {
    condition: 'poolActive',
    because: 'a block is opened apart of a pool that is being deleted',
    async expectRefused({ pools }) {
      const pool = stateOf(definition(newId()));
      await pools.createPool(pool);
      const closing = { ...pool, state: 'closing', version: 2 } as const;
      await pools.changePool(closing);
      expect(await pools.openApart(pool.definition.id, FAR, 9)).toBe(false);
      expect(await pools.readPool(pool.definition.id)).toEqual(closing);
    },
  },
  { condition: 'apartAbsent', because: 'as many blocks as may be are apart', expectRefused: noRoomApart },
  { condition: 'apartRoom', because: 'as many blocks as may be are apart', expectRefused: noRoomApart },
  { condition: 'notApart', because: 'a block that is open is counted again', expectRefused: countedOnce },
  { condition: 'apartUncounted', because: 'some namespaces have as many as they may', expectRefused: noShareApart },
  { condition: 'apartShare', because: 'some namespaces have as many as they may', expectRefused: noShareApart },
  {
    condition: 'blockAbsent',
    because: 'a block is claimed that another owns',
    expectRefused: blockRefusal(
      (blocks, key) => blocks.claim(key, ownerOf('i-2')),
      async (blocks, key) => (await blocks.claim(key, ownerOf('i-1'))).claimed,
    ),
  },
  {
    condition: 'blockFree',
    because: 'a block is claimed while it is being fenced',
    expectRefused: blockRefusal(
      (blocks, key) => fenced(blocks, key, true),
      async (blocks, key) => (await blocks.claim(key, ownerOf('i-1'))).claimed,
    ),
  },
  {
    condition: 'blockReleasing',
    because: 'a fence ends that another reclaimer has given up',
    expectRefused: blockRefusal(
      async (blocks, key) => {
        await fenced(blocks, key, false);
        await blocks.abort(key, 2);
      },
      (blocks, key) => blocks.finish(key, 2),
    ),
  },
  {
    condition: 'generationUnchanged',
    because: 'a fence begins on what was seen before the block’s next claim',
    expectRefused: blockRefusal(
      async (blocks, key) => {
        await blocks.claim(key, ownerOf('i-2'));
        await blocks.takeUp(key, 1, ownerOf('i-2', 'boot-2'));
      },
      (blocks, key) => blocks.fence(key, 1, true),
    ),
  },
  {
    condition: 'registryAbsent',
    because: 'a registry is begun twice',
    async expectRefused({ pools }) {
      const vrf = newId();
      await pools.writeRegistry({ vrf, version: 1, pools: [definition(newId())].map(registered) });
      const was = await pools.readRegistry(vrf);
      expect(await pools.writeRegistry({ vrf, version: 1, pools: [] })).toBe(false);
      expect(await pools.readRegistry(vrf)).toEqual(was);
    },
  },
  {
    condition: 'registryUnchanged',
    because: 'another changed the registry since it was read',
    async expectRefused({ pools }) {
      const vrf = newId();
      for (const version of [1, 2, 3]) await pools.writeRegistry({ vrf, version, pools: [] });
      const stale = { vrf, version: 3, pools: [definition(newId())].map(registered) };
      expect(await pools.writeRegistry(stale)).toBe(false);
      expect(await pools.readRegistry(vrf)).toEqual({ vrf, version: 3, pools: [] });
    },
  },
];

export const registered = ({ id, name, ranges }: PoolDefinition) => ({ id, name, ranges });
