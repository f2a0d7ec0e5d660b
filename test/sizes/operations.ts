/** Each operation whose cost might grow with what is there, at 1 and at the size that the product is for. */
import { designedFor, most } from '../../core/contract/limits.ts';
import { allocate } from '../../functions/use-cases/add/allocate.ts';
import type { Call, Dependencies } from '../../functions/use-cases/dependencies.ts';
import { ownLeases } from '../../functions/use-cases/leases/own-leases.ts';
import { release } from '../../functions/use-cases/leases/release.ts';
import { listDeaths } from '../../functions/use-cases/nodes/declare-death.ts';
import { deletePool } from '../../functions/use-cases/pools/delete-pool.ts';
import { listPools } from '../../functions/use-cases/pools/list-pools.ts';
import { explain } from '../../functions/use-cases/questions/explain.ts';
import { findLeases } from '../../functions/use-cases/questions/find-leases.ts';
import { listBlocks } from '../../functions/use-cases/questions/list-blocks.ts';
import { listLeases } from '../../functions/use-cases/questions/list-leases.ts';
import { readiness } from '../../functions/use-cases/questions/readiness.ts';
import { usage } from '../../functions/use-cases/questions/usage.ts';
import { whoHas } from '../../functions/use-cases/questions/who-has.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { manyPools, nameOf } from '../functions/many-pools.ts';
import { addOf, attachmentOf, nonceOf, type World, world } from '../functions/world.ts';
import { concluded, joined, leased, NODE, opened, POOL, pooled, VRF } from './deployments.ts';

/** One request of the operation; `cursor` of the page before where it has pages. */
export type Request = (deps: Dependencies, call: Call, cursor: string | undefined) => Promise<unknown>;

export interface Sized {
  readonly operation: string;
  /** What there is so many of. */
  readonly of: string;
  readonly most: number;
  prepare(count: number): Promise<Prepared>;
}

export interface Prepared {
  readonly here: World;
  readonly request: Request;
}

/** In a deployment of its own. */
const prepared =
  (make: (here: World, count: number) => Promise<Request>): Sized['prepare'] =>
  async (count) => {
    const here = world();
    return { here, request: await make(here, count) };
  };

const add = (pool: { vrf: string; name: string; names?: string[] }, over = {}): Request => {
  const pod = { namespace: 'shop', name: 'cart-1' };
  return (deps, call) => allocate(deps, call, addOf(1_000_000, { pool, pod, ...over }));
};

const pools: readonly Sized[] = (
  [
    ['ADD that names its pool', (names) => add({ vrf: VRF, name: names[0] ?? '' })],
    ['ADD that names two pools', (names) => add({ vrf: VRF, name: 'n', names: [...names.slice(-1), names[0] ?? ''] })],
    ['ADD that names none', () => add({ vrf: VRF, name: 'n', names: [] }, { pod: undefined, labels: { rack: 'r1' } })],
    ['STATUS', (names) => (deps, call) => readiness(deps, call, { pool: { vrf: VRF, name: names[0] ?? '' } })],
    ['who has an address', () => (deps) => whoHas(deps, { vrf: VRF, text: '10.0.0.9' })],
    [
      'a page of the list of pools',
      () => (deps, call, cursor) => listPools(deps, call, { vrf: VRF, limit: 100, cursor }),
    ],
    [
      'explain',
      (names) => (deps, call) =>
        explain(deps, call, { vrf: VRF, pools: [names[0] ?? ''], namespace: 'shop', labels: {} }),
    ],
  ] satisfies [string, (names: string[]) => Request][]
).map(([operation, request]) => ({
  operation,
  of: 'pools in the VRF',
  most: designedFor.poolsOfVrf,
  prepare: prepared(async (here, count) => {
    await manyPools(here, count, (n) => (n === 0 ? { default: true } : { namespaces: [`team-${n}`] }));
    return request(Array.from({ length: count }, (_, n) => nameOf(n)));
  }),
}));

const texts = (count: number, text: (n: number) => string) => Array.from({ length: count }, (_, n) => text(n));
const address = (n: number) => `10.${8 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

/** What the definition of the pool has much of. */
const definitions: readonly Sized[] = [
  {
    operation: 'ADD',
    of: 'ranges in each of 2 sets',
    most: most.rangesOfSet,
    prepare: prepared(async (here, count) => {
      const ranges = [
        texts(count, (n) => `10.${n}.0.0/24`).map((subnet) => ({ subnet })),
        texts(count, (n) => `fd00:${n.toString(16)}::/120`).map((subnet) => ({ subnet })),
      ];
      await pooled(here, { ranges });
      return add(POOL);
    }),
  },
  {
    operation: 'ADD',
    of: 'exclusions',
    most: most.exclusions,
    prepare: prepared(async (here, count) => {
      // Every second of the first blocks.
      await pooled(here, { exclude: texts(count, (n) => `10.0.${n >> 2}.${(n & 3) * 64}/27`) });
      return add(POOL);
    }),
  },
  {
    operation: 'ADD of a pod with a reservation',
    of: `reservations of ${most.addressesOfReservation} addresses`,
    most: most.reservations,
    prepare: prepared(async (here, count) => {
      const reservations = texts(count, String).map((name, n) => ({
        name: `r${name}`,
        namespace: n === count - 1 ? 'shop' : `n${name}`,
        addresses: texts(most.addressesOfReservation, (one) => address(n * most.addressesOfReservation + one)),
      }));
      await pooled(here, { reservations });
      return add(POOL);
    }),
  },
  {
    operation: 'ADD of a namespace with a quota',
    of: 'quotas',
    most: most.quotas,
    prepare: prepared(async (here, count) => {
      const quotas = Object.fromEntries(texts(count, (n) => (n === 0 ? 'shop' : `n${n}`)).map((name) => [name, 5]));
      await pooled(here, { quotas });
      return add(POOL);
    }),
  },
];

/** Made once for each count: what is asked of it changes nothing that the others see. */
const full = new Map<number, Promise<World>>();

function fullOf(count: number): Promise<World> {
  const known = full.get(count) ?? makeFull(count);
  full.set(count, known);
  return known;
}

async function makeFull(count: number): Promise<World> {
  const here = world();
  const pool = await pooled(here, {});
  await opened(here, pool, Math.ceil(count / pool.blockSize));
  await joined(here, pool, Math.min(Math.ceil(count / pool.blockSize), designedFor.joinedBlocks));
  await leased(here, pool, count);
  return here;
}

/** What is held. */
const held: readonly Sized[] = (
  [
    ['the list of a pool’s leases', (deps, call, cursor) => listLeases(deps, call, { ...POOL, cursor })],
    ['leases of a namespace', (deps, call, cursor) => findLeases(deps, call, { vrf: VRF, namespace: 'shop', cursor })],
    ['leases of a node', (deps, call, cursor) => findLeases(deps, call, { vrf: VRF, node: NODE, cursor })],
    ['a node’s own leases', (deps, call, cursor) => ownLeases(deps, call, cursor)],
    ['exact usage', (deps, call) => usage(deps, call, { ...POOL, by: undefined })],
    ['usage by node', (deps, call) => usage(deps, call, { ...POOL, by: 'node' })],
    ['usage by block', (deps, call) => usage(deps, call, { ...POOL, by: 'block' })],
    ['who has an address', (deps) => whoHas(deps, { vrf: VRF, text: '10.0.0.9' })],
    ['ADD', add(POOL)],
    ['DEL', (deps, call) => release(deps, call, delOf(9))],
  ] satisfies [string, Request][]
).map(([operation, request]) => {
  const ofNode = operation.includes('node’s') || operation === 'leases of a node';
  const ofNamespace = operation.includes('namespace');
  return {
    operation,
    of: ofNode ? 'leases of the node' : ofNamespace ? 'leases of the namespace' : 'leases of the pool',
    most: ofNode || ofNamespace ? designedFor.leasesOfNamespace : designedFor.leasesOfPool,
    prepare: async (count) => ({ here: await fullOf(count), request }),
  };
});

const delOf = (n: number) => ({
  attachment: { ...attachmentOf(n), containerId: n.toString(16).padStart(64, '0') },
  nonce: nonceOf(n),
  slot: { pool: 'a'.repeat(16), block: '0', slot: n },
  acknowledged: true,
});

/** What was opened, and where the node was. */
const blocks: readonly Sized[] = (
  [
    ['exact usage', 'shared', (deps, call) => usage(deps, call, { ...POOL, by: undefined })],
    ['exact usage', 'node', (deps, call) => usage(deps, call, { ...POOL, by: undefined })],
    ['the list of blocks', 'node', (deps, call, cursor) => listBlocks(deps, call, { ...POOL, cursor })],
    [
      'the deletion of the pool',
      'shared',
      (deps, call) => deletePool(deps, call, { ...POOL, ifMatch: undefined, dryRun: false }),
    ],
    [
      'the deletion of the pool',
      'node',
      (deps, call) => deletePool(deps, call, { ...POOL, ifMatch: undefined, dryRun: false }),
    ],
  ] satisfies [string, 'shared' | 'node', Request][]
).map(([operation, affinity, request]) => ({
  operation: `${operation}, ${affinity} affinity, nothing leased`,
  of: 'open blocks',
  most: designedFor.openBlocks,
  prepare: prepared(async (here, count) => {
    const pool = await pooled(here, { affinity });
    await opened(here, pool, count);
    return request;
  }),
}));

const node: readonly Sized[] = [
  {
    operation: 'DEL of a lease that the node cannot name',
    of: 'blocks that the node has joined',
    most: designedFor.joinedBlocks,
    prepare: prepared(async (here, count) => {
      const pool = await pooled(here, {});
      await opened(here, pool, count);
      await joined(here, pool, count);
      await leased(here, pool, 1);
      return (deps, call) => release(deps, call, { ...delOf(0), slot: undefined, acknowledged: false });
    }),
  },
];

const deaths: readonly Sized[] = (
  [
    ['the list of deaths', (deps, _, cursor) => listDeaths(deps, { limit: 100, cursor, node: undefined })],
    ['a run of the reclaim', (deps, call) => reclaim(deps, call)],
  ] satisfies [string, Request][]
).map(([operation, request]) => ({
  operation,
  of: 'deaths that are concluded',
  most: designedFor.deaths,
  prepare: prepared(async (here, count) => {
    await concluded(here, count);
    return request;
  }),
}));

export const sized: readonly Sized[] = [...pools, ...definitions, ...held, ...blocks, ...node, ...deaths];
