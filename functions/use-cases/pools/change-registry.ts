/** Changing a VRF's list of pools, and why it cannot be changed. */
import pMap from 'p-map';
import { most } from '../../../core/contract/limits.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { entryOf, isListed, listed, type RegisteredPool, type Registry } from '../../../core/pools/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { noteVrf } from './note-vrf.ts';
import { type Contention, done, overtaken, untilWritten } from './optimistic-write.ts';

/** Each write that fails is another's success, so that 64 at the same moment need no more than 64. */
const contention = (vrf: string): Contention => ({
  subject: `The registry of VRF ${vrf}`,
  attempts: 80,
  pauses: { first: 20, longest: 200 },
});

/** What to do about the registry as it was read: `registry` is written, if there is one; then `result` is the outcome. */
export interface Decision<T> {
  readonly registry?: Registry;
  readonly result: T;
}

/** @throws LessorError service.busy, and whatever `decide` throws */
export function changeRegistry<T>(
  deps: Dependencies,
  vrf: string,
  decide: (registry: Registry) => Promise<Decision<T>>,
): Promise<T> {
  return untilWritten(deps, contention(vrf), async () => {
    const { registry, result } = await decide(await deps.store.pools.readRegistry(vrf));
    return registry === undefined || (await writeRegistry(deps, registry)) ? done(result) : overtaken;
  });
}

/** True if it is written now; false where another wrote after it had been read. */
export async function writeRegistry(deps: Dependencies, registry: Registry): Promise<boolean> {
  // First: no VRF has pools and is not found.
  await noteVrf(deps, registry.vrf);
  return deps.store.pools.writeRegistry(await withPolicies(deps, registry), deps.newToken());
}

/**
 * What its item says of a pool is listed for ADDs to choose by. The item was written first. The registry is read before the item
 * is, and written only if it is still the one that was read: so nobody lists what an item said earlier, whoever comes last.
 * @throws LessorError vrf.full, service.busy
 */
export function listPolicy(deps: Dependencies, vrf: string, id: string): Promise<void> {
  return changeRegistry<void>(deps, vrf, async (registry) => {
    const entry = registry.pools.find((pool) => pool.id === id);
    const current = entry && (await listedNow(deps, entry));
    return current === undefined
      ? { result: undefined }
      : { registry: ensureRoom(deps, listed(registry, [current])), result: undefined };
  });
}

/** The entry with what the pool's item says now. The ranges stay: the registry may have more of them than the item (I8). */
async function listedNow({ store }: Dependencies, entry: RegisteredPool): Promise<RegisteredPool | undefined> {
  const pool = await store.pools.readPool(entry.id);
  return pool && { ...entry, policy: entryOf(pool.definition, pool.state).policy };
}

/** So many entries of an earlier version are completed by one write. */
const COMPLETED_AT_ONCE = 500;

/** Entries that an earlier version wrote get what ADDs choose by. */
async function withPolicies(deps: Dependencies, registry: Registry): Promise<Registry> {
  const lacking = registry.pools.filter((entry) => !isListed(entry)).slice(0, COMPLETED_AT_ONCE);
  if (lacking.length === 0) return registry;
  const read = await pMap(lacking, (entry) => listedNow(deps, entry), { concurrency: READS_AT_ONCE });
  const complete = listed(
    registry,
    read.flatMap((entry) => entry ?? []),
  );
  const written = { ...complete, version: registry.version };
  return hasRoom(deps, written) ? written : registry;
}

const hasRoom = ({ store }: Dependencies, registry: Registry): boolean =>
  store.registryBytes(registry) <= most.registryBytes;

/** @throws LessorError vrf.full */
export function ensureRoom(deps: Dependencies, registry: Registry): Registry {
  if (hasRoom(deps, registry)) return registry;
  const bytes = deps.store.registryBytes(registry);
  const { vrf, pools } = registry;
  throw new LessorError(
    'vrf.full',
    `The list of VRF ${vrf} would take ${bytes} bytes with ${pools.length} pools, and ${most.registryBytes} are the most that it may`,
    {
      remedy: 'delete pools, give them fewer ranges or shorter selectors, or use another VRF',
      facts: { vrf, pools: pools.length, bytes, limit: most.registryBytes },
    },
  );
}
