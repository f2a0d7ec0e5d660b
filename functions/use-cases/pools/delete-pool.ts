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
import { readPool } from './read-pool.ts';
import { sealPool } from './seal-pool.ts';

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
  if (!closing || dryRun) await ensureUnused(deps, call, pool);
  const total = Number(openCount(pool));
  if (dryRun) {
    const effect = `pool ${name} of VRF ${vrf} holds no lease and is deleted: its ${total} open blocks are sealed, then its ranges and its name can be used again`;
    return done({ dryRun, effects: [effect], deleted: false, sealed: 0, total });
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

async function ensureUnused(deps: Dependencies, call: Call, pool: KnownPool): Promise<void> {
  let leases = 0;
  let blocks = 0;
  for await (const { state, slots } of readPool(deps, call, pool)) {
    leases += [...slots.values()].filter((slot) => slot.held).length;
    if (state?.state === 'claimed' || state?.state === 'releasing') blocks += 1;
  }
  if (leases > 0 || blocks > 0)
    throw heldProblem(pool, pool.definition.affinity === 'node' ? { leases, blocks } : { leases });
}

function heldProblem({ definition, state }: KnownPool, facts: { leases?: number; blocks?: number }): LessorError {
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
    `Pool ${name} in VRF ${vrf} has ${[...leases, ...blocks].join(' and ')}. ${begun}`,
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
