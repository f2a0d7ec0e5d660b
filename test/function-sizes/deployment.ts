/** What the measured functions find: pools, nodes and leases, written past them. */
import { randomBytes } from 'node:crypto';
import pMap from 'p-map';
import type { PoolDefinition } from '../../core/contract/pool.ts';
import { stretchOf } from '../../core/protocol/block.ts';
import type { Holding } from '../../core/protocol/lease.ts';
import { blockKeyToText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { keys as itemKeys, slotItem } from '../../functions/store/items.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { declareDeath } from '../../functions/use-cases/nodes/declare-death.ts';
import { create } from '../functions/pool-requests.ts';
import { callOf, nonceOf, world } from '../functions/world.ts';

export const BLOCK_SIZE = 64;
export const NAMESPACES = 50;
export const BOOT = 'boot-1';
export const JOURNAL = nonceOf(0).slice(0, 16);
const MARSHALLED_AT_ONCE = 25;

export interface Deployment {
  readonly store: Store;
  /** As an environment of a function has them that does everything here, and is not measured. */
  readonly deps: Dependencies;
  /** Every usable address of a /16 is held, by 1,024 nodes and 50 namespaces. */
  readonly full: PoolDefinition;
  /** Hardly used, and open at its whole length. */
  readonly plain: PoolDefinition;
  /** Its blocks belong to nodes, and are claimed in their order. */
  readonly owned: PoolDefinition;
  /** A node that has claimed so many of the owned pool's blocks, each with so many leases. @returns its blocks */
  node(id: string, blocks: number, leasesOfBlock: number): Promise<bigint[]>;
  /** The same, declared dead. */
  dead(blocks: number): Promise<void>;
}

/** @param write of items into the leases table, 25 at once */
export async function deployed(store: Store, write: (items: readonly object[]) => Promise<void>): Promise<Deployment> {
  const newPoolId = () => randomBytes(8).toString('hex');
  const deps = world(store).environment({ now: Date.now, newPoolId });
  const pool = async (name: string, octet: number, affinity: 'shared' | 'node' = 'shared') => {
    const made = await create(deps, { name, ranges: [[{ subnet: `10.${octet}.0.0/16` }]], affinity });
    await openWhole(store, made.pool.id);
    return (await store.pools.readPool(made.pool.id))?.definition as PoolDefinition;
  };
  const [full, plain, owned] = [await pool('full', 100), await pool('plain', 101), await pool('owned', 102, 'node')];
  // For ADDs, which claim any block.
  await pool('claimed', 103, 'node');
  for (let stretch = 0n; stretch <= stretchOf(1023n); stretch += 1n) await store.pools.noteJoined(full.id, stretch);
  const held = (keys: readonly SlotKey[], node: (key: SlotKey) => string) => {
    const items = keys.map((key) => ({ ...itemKeys.slot(key), ...slotItem(holding(node(key), key), 1) }));
    const chunks = Array.from({ length: Math.ceil(items.length / MARSHALLED_AT_ONCE) }, (_, n) =>
      items.slice(n * MARSHALLED_AT_ONCE, (n + 1) * MARSHALLED_AT_ONCE),
    );
    return pMap(chunks, write, { concurrency: 8 });
  };
  await held(slotsOf(full.id, blocksFrom(0n, 1024), BLOCK_SIZE).filter(isUsable), ({ block }) => `i-full-${block}`);

  let next = 0n;
  const node: Deployment['node'] = async (id, count, leases) => {
    const blocks = blocksFrom(next, count);
    next += BigInt(count);
    const keys = blocks.map((block) => ({ pool: owned.id, block }));
    await store.nodes.join(id, keys.map(blockKeyToText), BOOT, Date.now());
    const owner = { node: id, incarnation: 1, boot: BOOT, journal: JOURNAL };
    for (const key of keys) await store.blocks.claim(key, owner);
    await held(slotsOf(owned.id, blocks, leases), () => id);
    return blocks;
  };
  let deaths = 0;
  const dead = async (blocks: number) => {
    const id = `i-dead-${deaths++}`;
    await node(id, blocks, BLOCK_SIZE);
    await declareDeath(deps, callOf('user/ann'), { node: id, reason: 'its power supply burned', alsoIfAlive: true });
  };
  return { store, deps, full, plain, owned, node, dead };
}

async function openWhole(store: Store, id: string): Promise<void> {
  const pool = await store.pools.readPool(id);
  if (pool) await store.pools.openPool(id, pool.open, 1024n);
}

const blocksFrom = (first: bigint, count: number): bigint[] =>
  Array.from({ length: count }, (_, n) => first + BigInt(n));

const slotsOf = (pool: string, blocks: readonly bigint[], ofBlock: number): SlotKey[] =>
  blocks.flatMap((block) => Array.from({ length: ofBlock }, (_, slot) => ({ pool, block, slot })));

/** Neither network, gateway nor broadcast of the /16. */
const isUsable = ({ block, slot }: SlotKey): boolean =>
  !((block === 0n && slot < 2) || (block === 1023n && slot === BLOCK_SIZE - 1));

/** As a pod of a deployment has it. */
function holding(node: string, { block, slot }: SlotKey): Holding {
  const n = Number(block) * BLOCK_SIZE + slot;
  return {
    attachment: { network: 'blue', containerId: n.toString(16).padStart(64, '0'), ifname: 'eth0' },
    nonce: nonceOf(n),
    node,
    incarnation: 1,
    heldAt: Date.now(),
    pod: {
      namespace: `team-${n % NAMESPACES}`,
      name: `cart-7d9c5b6f4-${n}`,
      uid: '6f1c2b9e-0000-4000-8000-000000000000',
    },
  };
}
