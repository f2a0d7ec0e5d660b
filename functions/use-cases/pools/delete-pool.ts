/** An operator deletes a pool. Each step may be the last one: the same request goes on where it ended. */
import type { DeletePoolResult } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { unregister } from '../../../core/pools/registry.ts';
import type { PoolState } from '../../../core/store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { changeRegistry } from './change-registry.ts';
import { entryNamed, storedPool } from './named-pool.ts';
import { openCount } from './open-blocks.ts';
import { type Attempt, done, overtaken, poolContention, untilWritten } from './optimistic-write.ts';
import { ensureVersion, type PoolChange } from './pool-view.ts';
import { passedBlocks, sealPool } from './seal-pool.ts';
import { type InUse, lookThrough } from './unused-pool.ts';

/**
 * Refused while anything is in use; then the pool closes for good, all of it is sealed, and last it leaves the registry: only
 * then may another pool have its addresses (I8).
 * @throws LessorError pool.unknown, pool.changed, pool.held, service.busy
 */
export function deletePool(deps: Dependencies, call: Call, change: PoolChange): Promise<DeletePoolResult> {
  return untilWritten(deps, poolContention(change.name), () => tryToDelete(deps, call, change));
}

async function tryToDelete(
  deps: Dependencies,
  call: Call,
  { vrf, name, ifMatch, dryRun }: PoolChange,
): Promise<Attempt<DeletePoolResult>> {
  const entry = entryNamed(await deps.store.pools.readRegistry(vrf), name);
  const pool = await storedPool(deps, entry);
  const closing = pool.state === 'closing';
  // The closing itself was one change, and the request that began it may be repeated as it is.
  ensureVersion(pool, closing && ifMatch !== undefined ? [ifMatch, ifMatch + 1] : [ifMatch]);
  const total = Number(openCount(pool));
  if (!closing || dryRun) {
    const looked = await ensureUnused(deps, call, pool, dryRun ? 0 : passedBlocks(pool));
    if (dryRun) {
      const unused = looked === total ? 'holds no lease' : `holds no lease in the ${looked} blocks that were looked at`;
      const effect = `pool ${name} of VRF ${vrf} ${unused} and is deleted: its ${total} open blocks are sealed, then its ranges and its name can be used again`;
      return done({ dryRun, effects: [effect], deleted: false, sealed: 0, total });
    }
    if (looked < total) return done(await lookedSoFar(deps, pool, looked));
  }
  const { space: _, ...stored } = pool;
  const closed: PoolState = { ...stored, state: 'closing', version: pool.version + 1 };
  if (!closing && !(await deps.store.pools.changePool(closed, deps.newToken()))) return overtaken;
  // More may have been opened while the leases were counted; nothing is once it is closing.
  return done(await finish(deps, call, await storedPool(deps, entry)));
}

async function finish(deps: Dependencies, call: Call, pool: KnownPool): Promise<DeletePoolResult> {
  const { id, name, vrf } = pool.definition;
  const { sealed, total, inUse } = await sealPool(deps, call, pool);
  if (inUse > 0) throw heldProblem(pool, pool.definition.affinity === 'node' ? { blocks: inUse } : { leases: inUse });
  if (sealed < total) {
    const effect = `${sealed} of ${total} blocks of pool ${name} are sealed: send the same request again to go on`;
    return { dryRun: false, effects: [effect], deleted: false, sealed, total };
  }
  await changeRegistry(deps, vrf, async (registry) =>
    registry.pools.some((other) => other.id === id)
      ? { registry: unregister(registry, id), result: undefined }
      : { result: undefined },
  );
  deps.memory.pools.delete(id);
  const effect = `pool ${name} of VRF ${vrf} is deleted: its ranges and its name can be used again`;
  return { dryRun: false, effects: [effect], deleted: true, sealed, total };
}

/**
 * How many blocks nothing is in use of: all open ones, or as many as the time sufficed for.
 * @throws LessorError pool.held
 */
async function ensureUnused(deps: Dependencies, call: Call, pool: KnownPool, passed: number): Promise<number> {
  const { leases, blocks, looked } = await lookThrough(deps, call, pool, passed);
  if (leases > 0 || blocks > 0) {
    const facts = pool.definition.affinity === 'node' ? { leases, blocks } : { leases };
    throw heldProblem(pool, facts, looked < Number(openCount(pool)) ? 'has at least' : 'has');
  }
  return looked;
}

/** @throws LessorError service.busy where the pool is not draining: what was seen unused may be leased again */
async function lookedSoFar(deps: Dependencies, pool: KnownPool, passed: number): Promise<DeletePoolResult> {
  const { id, name, vrf } = pool.definition;
  const total = Number(openCount(pool));
  const looked = `${passed} of ${total} blocks of pool ${name} were looked at, and nothing of them is in use`;
  if (pool.state !== 'draining') {
    const remedy =
      'drain it first (PATCH {"state": "draining"}): then the same request goes on where the last one ended';
    throw new LessorError('service.busy', `${looked}. More than that cannot be looked at in one request`, {
      remedy,
      facts: { pool: name, vrf, state: pool.state },
    });
  }
  await deps.store.pools.notePassed(id, { blocks: passed, version: pool.version });
  return {
    dryRun: false,
    effects: [`${looked}: send the same request again to go on`],
    deleted: false,
    sealed: 0,
    total,
  };
}

function heldProblem(
  { definition, state }: KnownPool,
  facts: Partial<InUse>,
  has: 'has' | 'has at least' = 'has',
): LessorError {
  const { name, vrf } = definition;
  const blocks = facts.blocks === undefined ? [] : [`${quantity(facts.blocks, 'block')} that nodes own`];
  const leases =
    facts.leases === undefined
      ? []
      : [`${quantity(facts.leases, 'lease')} that ${facts.leases === 1 ? 'is' : 'are'} held`];
  const begun =
    state === 'closing'
      ? 'They came while it was being deleted, which goes on with the same request once they are gone'
      : 'Nothing was changed: drain it (PATCH {"state": "draining"}), and delete it once they are gone';
  const remedy = `delete the pods${facts.blocks === undefined ? '' : ' and wait until their nodes have given the blocks back'}, or declare dead the nodes that are no more`;
  return new LessorError(
    'pool.held',
    `Pool ${name} in VRF ${vrf} ${has} ${[...leases, ...blocks].join(' and ')}. ${begun}`,
    {
      remedy,
      facts: {
        pool: name,
        vrf,
        state,
        ...facts,
      },
    },
  );
}

const quantity = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
