/** A deployment in memory: its tables, its clock, and as many Lambda environments and nodes as a test wants. */
import * as z from 'zod/mini';
import type { AllocateRequest, AllocateResult, ReleaseRequest, ReleaseResult } from '../../core/contract/lease.ts';
import { type PoolDefinition, type PoolPolicy, poolPolicy } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Store } from '../../core/store.ts';
import { allocate } from '../../functions/use-cases/add/allocate.ts';
import type { Call, Dependencies, ServiceSettings } from '../../functions/use-cases/dependencies.ts';
import { release } from '../../functions/use-cases/leases/release.ts';
import { emptyMemory } from '../../functions/use-cases/memory.ts';
import { newPool } from '../../functions/use-cases/pools/open-blocks.ts';
import { memoryStore } from '../store/memory-store.ts';
import { checkingEvents } from './checking-events.ts';

export const START = Date.parse('2026-01-01T00:00:00Z');
export const COOLDOWN_MS = 30_000;

/** host-local's usual configuration: 241 addresses. */
export const RANGES = [[{ subnet: '10.244.0.0/16', rangeStart: '10.244.1.10', rangeEnd: '10.244.1.250' }]];

export interface World {
  readonly store: Store;
  readonly clock: { now: number };
  /** Another Lambda environment, which remembers nothing yet. */
  environment(over?: Partial<Dependencies>): Dependencies;
}

export function world(store: Store = memoryStore(), settings: Partial<ServiceSettings> = {}): World {
  const clock = { now: START };
  let pools = 0;
  let writes = 0;
  const environment = (over: Partial<Dependencies> = {}): Dependencies => ({
    store,
    events: checkingEvents(),
    settings: {
      inlinePools: true,
      inlineCooldownSeconds: COOLDOWN_MS / 1000,
      countWithinSeconds: 1,
      historyDays: 30,
      ...settings,
    },
    now: () => clock.now,
    random: () => 0,
    newPoolId: () => (pools++).toString(16).padStart(16, '0'),
    newToken: () => `write ${writes++}`,
    memory: emptyMemory(),
    ...over,
  });
  return { store, clock, environment };
}

export const callOf = (node: string): Call => ({ caller: node, remainingMs: () => 10_000 });

/** The n-th container of a network, and the nonce of its attachment. */
export const attachmentOf = (container: number | string, network = 'blue') => ({
  network,
  containerId: `container-${container}`,
  ifname: 'eth0',
});
export const nonceOf = (number: number): string => number.toString(16).padStart(32, '0');

/** What a plugin asks with for its n-th container. */
export function addOf(container: number, over: Partial<AllocateRequest> = {}): AllocateRequest {
  return {
    attachment: attachmentOf(container),
    nonce: nonceOf(container),
    attempt: 1,
    boot: 'boot-1',
    pool: { vrf: 'default', name: 'blue', ranges: RANGES },
    ...over,
  };
}

export const delOf = (container: number, over: Partial<ReleaseRequest> = {}): ReleaseRequest => ({
  attachment: attachmentOf(container),
  nonce: nonceOf(container),
  acknowledged: false,
  ...over,
});

export const add = (deps: Dependencies, node: string, request: AllocateRequest): Promise<AllocateResult> =>
  allocate(deps, callOf(node), request);
export const del = (deps: Dependencies, node: string, request: ReleaseRequest): Promise<ReleaseResult> =>
  release(deps, callOf(node), request);

/** The problem that `promise` is refused with. */
export async function refusalOf(promise: Promise<unknown>): Promise<LessorError> {
  const outcome = await promise.then(
    (value) => new Error(`it succeeded: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof LessorError) return outcome;
  throw outcome;
}

/** A pool that an operator made, with blocks as small as a test needs them. */
export async function operatorsPool(
  { store }: World,
  {
    addresses,
    blockSize,
    name = 'blue',
    cooldownSeconds = 30,
    ...policy
  }: { addresses: number; blockSize: number; name?: string } & Partial<PoolPolicy>,
): Promise<PoolDefinition> {
  const registry = await store.pools.readRegistry('default');
  const octet = registry.version + 1;
  const last = addresses - 1;
  const range = {
    subnet: `10.${octet}.0.0/16`,
    rangeStart: `10.${octet}.1.0`,
    rangeEnd: `10.${octet}.${1 + (last >> 8)}.${last & 255}`,
    gateway: `10.${octet}.0.1`,
  };
  const pool: PoolDefinition = {
    id: `${octet}`.padStart(16, 'f'),
    vrf: 'default',
    name,
    affinity: 'shared',
    ranges: [[range]],
    blockSize,
    ...z.parse(poolPolicy, { cooldownSeconds, ...policy }),
    gateway: 'pool',
    createdAt: new Date(START).toISOString(),
  };
  await store.pools.createPool(newPool(pool));
  const { id, ranges } = pool;
  await store.pools.writeRegistry({ ...registry, version: octet, pools: [...registry.pools, { id, name, ranges }] });
  return pool;
}

export const proposal = (pool: PoolDefinition, block: number, slot: number) => ({
  pool: pool.id,
  block: block.toString(16),
  slot,
});
