/** An operator changes a pool in use: its policy, whether it gives new leases, and further ranges. */
import { type ChangePoolResult, FIXED, type PoolDefinition, type PoolPatch } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { overlapProblem } from '../../../core/pools/overlap-problem.ts';
import { resolvePoolShape } from '../../../core/pools/pool-shape.ts';
import { poolSpace } from '../../../core/pools/pool-space.ts';
import {
  beginWith,
  entryOf,
  listed,
  type RegisteredPool,
  type Registry,
  register,
  sameRanges,
} from '../../../core/pools/registry.ts';
import type { PoolState } from '../../../core/store.ts';
import type { Dependencies } from '../dependencies.ts';
import { remember } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { canonicalText } from './canonical-text.ts';
import { ensureRoom, listPolicy, writeRegistry } from './change-registry.ts';
import { entryNamed, storedPool } from './named-pool.ts';
import { firstAfter, firstOf } from './open-blocks.ts';
import { type Attempt, done, overtaken, poolContention, untilWritten } from './optimistic-write.ts';
import { ordinaryRanges } from './ordinary-ranges.ts';
import { effectsOf } from './pool-effects.ts';
import { ensureFits } from './pool-size.ts';
import { valueText } from './pool-text.ts';
import { ensureVersion, type PoolChange, viewOf } from './pool-view.ts';
import { warningsOf } from './warnings.ts';

/**
 * Where the pool grows, the registry is written first: it always has all that the pool's item has (I8). What pods it is for is
 * listed there last: an ADD uses a pool only where both say so, so that in between it is for fewer pods, never for others. A change
 * that was interrupted between the writes is completed by the same request.
 * @throws LessorError pool.unknown, pool.changed, pool.fixed, pool.overlap, pool.draining, vrf.full, request.invalid, service.busy
 */
export function changePool(deps: Dependencies, change: PoolChange, patch: PoolPatch): Promise<ChangePoolResult> {
  return untilWritten(deps, poolContention(change.name), () => tryToChange(deps, change, patch));
}

async function tryToChange(
  deps: Dependencies,
  { vrf, name, ifMatch, dryRun }: PoolChange,
  patch: PoolPatch,
): Promise<Attempt<ChangePoolResult>> {
  const registry = await deps.store.pools.readRegistry(vrf);
  const entry = entryNamed(registry, name);
  const pool = await storedPool(deps, entry);
  if (pool.state === 'closing') {
    throw new LessorError('pool.draining', `Pool ${name} in VRF ${vrf} is being deleted and can no longer be changed`, {
      remedy: `repeat DELETE /v1/pools/${name} until it is gone`,
      facts: { pool: name, vrf, state: pool.state },
    });
  }
  const next = changed(pool, entry, patch);
  ensureFits(next.definition);
  const effects = effectsOf(pool, next);
  const ranges = patch.ranges ? ordinaryRanges(name, next.definition.ranges, pool.definition.ranges) : [];
  const warnings = warningsOf(deps, { ranges, asked: patch, definition: next.definition });
  // RFC 9110, section 13.1.1: whatever If-Match says, a change that is there already has succeeded.
  if (effects.length > 0) ensureVersion(pool, [ifMatch]);
  const target = entryOf(next.definition, next.state);
  const relists = !samePolicy(entry, target);
  const grows = patch.ranges !== undefined && !sameRanges(target.ranges, entry.ranges);
  const grown = grows ? grownRegistry(registry, { ...entry, ranges: target.ranges }, vrf) : registry;
  if (grows || relists) ensureRoom(deps, listed(grown, [{ ...target, ranges: grows ? target.ranges : entry.ranges }]));
  if (dryRun || (effects.length === 0 && !relists)) {
    const shown = effects.length === 0 ? pool : { ...pool, ...next, space: poolSpace(next.definition) };
    return done({ dryRun, effects: effects.length === 0 ? NOTHING : effects, pool: viewOf(shown), ...warnings });
  }
  if (grows && !(await writeRegistry(deps, grown))) return overtaken;
  if (effects.length > 0 && !(await deps.store.pools.changePool(next, deps.newToken()))) return overtaken;
  const shown = effects.length > 0 ? remember(deps, next) : pool;
  // Also where the list has it by chance already: what another change listed meanwhile is then read again.
  if (relists || !samePolicy(entryOf(pool.definition, pool.state), target)) await listPolicy(deps, vrf, entry.id);
  return done({ dryRun, effects: effects.length > 0 ? effects : NOTHING, pool: viewOf(shown), ...warnings });
}

const NOTHING = ['nothing changes'];

const samePolicy = (a: RegisteredPool, b: RegisteredPool): boolean =>
  canonicalText(a.policy) === canonicalText(b.policy);

function grownRegistry(registry: Registry, entry: RegisteredPool, vrf: string): Registry {
  const admission = register(registry, entry);
  if (admission.kind === 'overlap') throw overlapProblem(admission, entry.name, vrf);
  return admission.registry;
}

function changed(pool: KnownPool, entry: RegisteredPool, patch: PoolPatch): PoolState {
  const { definition } = pool;
  for (const field of FIXED) {
    if (patch[field] === undefined || canonicalText(patch[field]) === canonicalText(definition[field])) continue;
    throw fixed(definition, field, `${field} is ${JSON.stringify(definition[field])} for good`);
  }
  const { state = pool.state, ranges, ...rest } = patch;
  const policy = Object.fromEntries(
    Object.entries(rest).filter(
      ([field, value]) => value !== undefined && !(FIXED as readonly string[]).includes(field),
    ),
  );
  const { quota, ...merged } = { ...definition, ...policy, ranges: ranges ?? definition.ranges };
  // RFC 7396: null takes a field away.
  const wanted = { ...merged, ...(quota == null ? {} : { quota }) };
  // A reservation of before, of which nothing can be had, is in the way of no other change.
  const judged = patch.reservations || patch.exclude ? wanted : { ...wanted, reservations: [] };
  const shape = resolvePoolShape(judged);
  if (!shape.ok) throw new LessorError('request.invalid', `Pool ${definition.name}: ${shape.problem}`);
  if (ranges && !beginWith(shape.value.ranges, entry.ranges)) {
    const begun = sameRanges(entry.ranges, definition.ranges) ? '' : ' (a growth to them has begun: complete it first)';
    throw fixed(
      definition,
      'ranges',
      `ranges has to begin with what is there${begun}, set by set: ${valueText(entry.ranges)}; further ranges go to the ends of the sets`,
    );
  }
  const next = { ...wanted, ...shape.value };
  const first = patch.exclude || ranges ? firstAfter(pool, next) : firstOf(pool);
  const { space: _, ...stored } = pool;
  return { ...stored, definition: next, state, first, version: pool.version + 1 };
}

function fixed({ name, vrf }: PoolDefinition, field: string, why: string): LessorError {
  return new LessorError(
    'pool.fixed',
    `Pool ${name} in VRF ${vrf}: ${why}. What an address is computed from cannot be edited, since leases are kept as numbers; ` +
      'create another pool beside it, drain this one and delete it',
    { facts: { pool: name, vrf, field } },
  );
}
