/** Deployments of a size: written into the store as they would be after a long time of use. */
import * as z from 'zod/mini';
import { type PoolDefinition, poolPolicy } from '../../core/contract/pool.ts';
import { resolvePoolShape } from '../../core/pools/pool-shape.ts';
import { entryOf } from '../../core/pools/registry.ts';
import { stretchOf } from '../../core/protocol/block.ts';
import { blockKeyToText } from '../../core/protocol/slot-ref.ts';
import { newPool } from '../../functions/use-cases/pools/open-blocks.ts';
import { nonceOf, START, type World } from '../functions/world.ts';

export const VRF = 'default';
export const POOL = { vrf: VRF, name: 'sized' };
export const NODE = 'i-0123456789abcdef0';
const ID = 'a'.repeat(16);
const DAY_MS = 24 * 60 * 60 * 1000;

type Shape = Partial<
  Pick<PoolDefinition, 'affinity' | 'exclude' | 'reservations' | 'quotas' | 'quota' | 'blockSize'>
> & {
  readonly ranges?: readonly (readonly { readonly subnet: string }[])[];
};

/** A VRF with this pool alone. */
export async function pooled(
  { store }: World,
  { ranges = [[{ subnet: '10.0.0.0/12' }]], ...given }: Shape,
): Promise<PoolDefinition> {
  const { affinity = 'shared', blockSize = 64, ...policy } = given;
  const { exclude = [], reservations = [] } = policy;
  const shape = resolvePoolShape({ ranges, blockSize, gateway: 'pool', affinity, exclude, reservations });
  if (!shape.ok) throw new Error(shape.problem);
  const definition: PoolDefinition = {
    ...z.parse(poolPolicy, policy),
    ...shape.value,
    ...POOL,
    id: ID,
    affinity,
    gateway: 'pool',
    blockSize,
    createdAt: new Date(START).toISOString(),
  };
  await store.pools.createPool(newPool(definition));
  await store.pools.writeRegistry({ vrf: VRF, version: 1, pools: [entryOf(definition, 'active')] });
  return definition;
}

/** So many leases of one namespace and one node, in the first blocks of the pool. */
export async function leased(here: World, { id, blockSize }: PoolDefinition, count: number): Promise<void> {
  const stretches = stretchOf(BigInt(Math.floor((count - 1) / blockSize)));
  for (let stretch = 0n; stretch <= stretches; stretch += 1n) await here.store.pools.noteJoined(id, stretch);
  for (let n = 0; n < count; n += 1) {
    const key = { pool: id, block: BigInt(Math.floor(n / blockSize)), slot: n % blockSize };
    const holding = {
      attachment: { network: 'blue', containerId: n.toString(16).padStart(64, '0'), ifname: 'eth0' },
      nonce: nonceOf(n),
      node: NODE,
      incarnation: 1,
      heldAt: START,
      pod: { namespace: 'shop', name: `cart-7d9c5b6f4-${n}`, uid: '6f1c2b9e-0000-4000-8000-000000000000' },
    };
    await here.store.leases.hold(key, holding, 1);
  }
}

/** The node has been in the first blocks of the pool. */
export async function joined({ store }: World, { id }: PoolDefinition, blocks: number): Promise<void> {
  const keys = Array.from({ length: blocks }, (_, block) => blockKeyToText({ pool: id, block: BigInt(block) }));
  await store.nodes.join(NODE, keys, 'boot-1', START);
}

/** As many of the pool's blocks may be used. */
export async function opened({ store }: World, { id }: PoolDefinition, blocks: number): Promise<void> {
  const pool = await store.pools.readPool(id);
  if (pool && pool.open < BigInt(blocks)) await store.pools.openPool(id, pool.open, BigInt(blocks));
}

/** So many deaths of which nothing is left to do. */
export async function concluded({ store }: World, count: number): Promise<void> {
  const declaredAt = START - 30 * DAY_MS;
  for (let n = 0; n < count; n += 1) {
    const node = `i-${n.toString(16).padStart(17, '0')}`;
    const said = { reason: 'its power supply burned', declaredBy: 'user/ann', freed: 0 };
    await store.nodes.recordDeath({ node, incarnation: 1, ...said, declaredAt: declaredAt + n, sweptAt: START });
  }
  await store.nodes.noteConcluded(START - 8 * DAY_MS, START);
  while (!(await store.nodes.adoptDeaths()));
}
