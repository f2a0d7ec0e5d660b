/**
 * For each condition of each operation a case in which this condition alone does not hold. A store refuses it and changes
 * nothing; a store that lacks the condition is found out by it.
 */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod/mini';
import type { BlockOwner } from '../../core/block.ts';
import { type PoolDefinition, poolPolicy } from '../../core/contract/messages.ts';
import type { Holding, SlotConditionName, SlotKey, SlotOperation } from '../../core/lease.ts';
import type { DeathRecord } from '../../core/node.ts';
import type { BlockStore, LeaseStore, PoolState, Store } from '../../core/store.ts';

/** Ids that no other case uses, since one table serves them all. */
export const newId = (): string => randomBytes(8).toString('hex');
export const newSlot = (): SlotKey => ({ pool: newId(), block: 10n, slot: 11 });

const attachment = { network: 'blue', containerId: 'c1', ifname: 'eth0' };
export const mine: Holding = { attachment, nonce: 'n1', node: 'i-1', incarnation: 2, heldAt: 10_000 };
export const others: Holding = {
  attachment: { network: 'blue', containerId: 'c2', ifname: 'eth0' },
  nonce: 'n2',
  node: 'i-2',
  incarnation: 1,
  heldAt: 20_000,
};
export const owner = { containerId: 'c1', ifname: 'eth0', node: 'i-1', nonce: 'n1' };
const sweeper = { node: 'i-1', incarnation: 2 };

export interface SlotRefusal {
  readonly operation: SlotOperation;
  /** Which of the operation's alternatives lacks just this condition. */
  readonly alternative: number;
  readonly condition: SlotConditionName;
  readonly because: string;
  /** What happened to the slot before. */
  readonly before: (leases: LeaseStore, key: SlotKey) => Promise<unknown>;
  readonly attempt: (leases: LeaseStore, key: SlotKey) => Promise<boolean>;
}

const hold =
  (holding: Holding, generation = 1) =>
  async (leases: LeaseStore, key: SlotKey) =>
    (await leases.hold(key, holding, generation)).held;
const release = (by: typeof owner, at: number) => (leases: LeaseStore, key: SlotKey) => leases.release(key, by, at);
const sweep =
  (by: typeof sweeper, at = 1) =>
  (leases: LeaseStore, key: SlotKey) =>
    leases.sweep(key, by, at);
/** Held and released; free from 15 s on. */
const released = async (leases: LeaseStore, key: SlotKey) => {
  await leases.hold(key, mine, 3);
  await leases.release(key, owner, 15_000);
};
const releasedBy = (holding: Holding) => async (leases: LeaseStore, key: SlotKey) => {
  await leases.hold(key, holding, 3);
  await leases.release(key, owner, 99_000);
};
const held = hold(mine);
const pod = { namespace: 'shop', name: 'web-0' };
const holdSticky =
  (holding: Holding, generation = 3) =>
  async (leases: LeaseStore, key: SlotKey) =>
    (await leases.hold(key, holding, generation, true)).held;

export const slotRefusals: readonly SlotRefusal[] = [
  {
    operation: 'hold',
    alternative: 0,
    condition: 'slotAbsent',
    because: 'another holds it',
    before: held,
    attempt: hold(others),
  },
  {
    operation: 'hold',
    alternative: 1,
    condition: 'slotFree',
    because: 'it is held, and nothing else stands in the way',
    before: held,
    attempt: hold({ ...others, heldAt: 99_000 }, 9),
  },
  {
    operation: 'hold',
    alternative: 1,
    condition: 'slotCooled',
    because: 'it is cooling for one more millisecond',
    before: released,
    attempt: hold({ ...others, heldAt: 14_999 }, 3),
  },
  {
    operation: 'hold',
    alternative: 1,
    condition: 'generationNotNewer',
    because: 'it belongs to a newer generation',
    before: released,
    attempt: hold({ ...others, heldAt: 15_000 }, 2),
  },
  {
    operation: 'hold',
    alternative: 2,
    condition: 'slotFree',
    because: 'the pod’s earlier container holds it still',
    before: hold({ ...mine, pod }),
    attempt: holdSticky({ ...others, pod }),
  },
  {
    operation: 'hold',
    alternative: 2,
    condition: 'samePod',
    because: 'it cools, and is kept for another pod',
    before: releasedBy({ ...mine, pod }),
    attempt: holdSticky({ ...others, pod: { ...pod, name: 'web-1' } }),
  },
  {
    operation: 'hold',
    alternative: 2,
    condition: 'generationNotNewer',
    because: 'the block was fenced since',
    before: releasedBy({ ...mine, pod }),
    attempt: holdSticky({ ...others, pod }, 2),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'slotHeld',
    because: 'a late repeat comes after the release',
    before: released,
    attempt: hold({ ...mine, heldAt: 14_000 }, 3),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'sameOwner',
    because: 'another container of the node holds it',
    before: held,
    attempt: hold({ ...mine, attachment: { ...attachment, containerId: 'c2' } }),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'sameOwner',
    because: 'another interface of the container holds it',
    before: held,
    attempt: hold({ ...mine, attachment: { ...attachment, ifname: 'eth1' } }),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'sameNonce',
    because: 'an earlier attachment of the same name holds it',
    before: held,
    attempt: hold({ ...mine, nonce: 'n2' }),
  },
  {
    operation: 'hold',
    alternative: 3,
    condition: 'sameNode',
    because: 'another node sends the same names',
    before: held,
    attempt: hold({ ...mine, node: 'i-2' }),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'slotHeld',
    because: 'it is released already',
    before: released,
    attempt: release(owner, 99_000),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'sameOwner',
    because: 'another container holds it',
    before: held,
    attempt: release({ ...owner, containerId: 'c2' }, 1),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'sameOwner',
    because: 'another interface holds it',
    before: held,
    attempt: release({ ...owner, ifname: 'eth1' }, 1),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'sameNode',
    because: 'a container of another node holds it',
    before: held,
    attempt: release({ ...owner, node: 'i-2' }, 1),
  },
  {
    operation: 'release',
    alternative: 0,
    condition: 'sameNonce',
    because: 'the container’s next attachment holds it',
    before: held,
    attempt: release({ ...owner, nonce: 'n0' }, 1),
  },
  {
    operation: 'sweep',
    alternative: 0,
    condition: 'slotHeld',
    because: 'it is free already',
    before: released,
    attempt: sweep(sweeper, 99_000),
  },
  {
    operation: 'sweep',
    alternative: 0,
    condition: 'sameNode',
    because: 'another node holds it',
    before: held,
    attempt: sweep({ ...sweeper, node: 'i-2' }),
  },
  {
    operation: 'sweep',
    alternative: 0,
    condition: 'incarnationNotNewer',
    because: 'the node’s next life holds it',
    before: held,
    attempt: sweep({ ...sweeper, incarnation: 1 }),
  },
  {
    operation: 'advance',
    alternative: 0,
    condition: 'slotAbsent',
    because: 'it is held',
    before: held,
    attempt: (leases, key) => leases.advance(key, 9),
  },
  {
    operation: 'advance',
    alternative: 1,
    condition: 'slotFree',
    because: 'it is held, at an older generation',
    before: hold(mine, 8),
    attempt: (leases, key) => leases.advance(key, 9),
  },
  {
    operation: 'advance',
    alternative: 1,
    condition: 'generationOlder',
    because: 'a later fence has been here',
    before: released,
    attempt: (leases, key) => leases.advance(key, 3),
  },
  {
    operation: 'evict',
    alternative: 0,
    condition: 'slotHeld',
    because: 'it is released already',
    before: released,
    attempt: (leases, key) => leases.evict(key, 9, 99_000),
  },
  {
    operation: 'evict',
    alternative: 0,
    condition: 'generationOlder',
    because: 'the block’s next owner holds it',
    before: hold(mine, 9),
    attempt: (leases, key) => leases.evict(key, 9, 99_000),
  },
];

/** Fails unless `store` refuses the case and changes nothing. */
export async function expectRefused({ leases }: Store, { before, attempt }: SlotRefusal): Promise<void> {
  const key = newSlot();
  await before(leases, key);
  const was = await leases.readBlock(key);
  expect(await attempt(leases, key)).toBe(false);
  expect(await leases.readBlock(key)).toEqual(was);
}

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
  (await nodes.listDeaths()).filter(({ node }) => node === id);
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
    expectRefused: nodeRefusal(dead, ({ nodes }, id) => nodes.beginLife(id, 2, 'b2', 3)),
  },
  {
    condition: 'deathOlder',
    because: 'a death is recorded again',
    expectRefused: nodeRefusal(recorded, ({ nodes }, id) => nodes.recordDeath({ ...death(id, 2), reason: 'again' })),
  },
  {
    condition: 'deathAbsent',
    because: 'the death of an earlier life is recorded',
    expectRefused: nodeRefusal(recorded, ({ nodes }, id) => nodes.recordDeath(death(id, 1))),
  },
  {
    condition: 'sameIncarnation',
    because: 'a sweep of an earlier life is recorded',
    expectRefused: nodeRefusal(recorded, ({ nodes }, id) => nodes.recordSweep(id, 1, 5, 3)),
  },
  {
    condition: 'sameIncarnation',
    because: 'a sweep is recorded where no death is',
    expectRefused: nodeRefusal(
      async () => undefined,
      ({ nodes }, id) => nodes.recordSweep(id, 1, 5, 3),
    ),
  },
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
      async (blocks, key) => {
        await blocks.claim(key, ownerOf('i-2'));
        await blocks.fence(key, 1, true);
      },
      async (blocks, key) => (await blocks.claim(key, ownerOf('i-1'))).claimed,
    ),
  },
  {
    condition: 'blockReleasing',
    because: 'a fence ends that another reclaimer has given up',
    expectRefused: blockRefusal(
      async (blocks, key) => {
        await blocks.claim(key, ownerOf('i-2'));
        await blocks.fence(key, 1, false);
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
