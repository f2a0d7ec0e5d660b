/** Whether an ADD could be given an address, as far as a few reads tell: nothing is leased and no pool comes to be. */
import type { ReadinessRequest, ReadinessResult } from '../../core/contract/node.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { selectPools } from '../../core/selection.ts';
import { choosePools, poolsOf } from './choose-pool.ts';
import type { Call, Dependencies, KnownPool } from './dependencies.ts';
import { full } from './pool-full.ts';

/** @throws LessorError service.busy, service.unavailable: where it cannot be told now */
export async function readiness(deps: Dependencies, call: Call, request: ReadinessRequest): Promise<ReadinessResult> {
  const { inlinePools } = deps.settings;
  // What no node may create is not created here either.
  const looking = { ...deps, settings: { ...deps.settings, inlinePools: false } };
  try {
    return await firstWithRoom(looking, await candidatesOf(looking, call, request));
  } catch (error) {
    if (!(error instanceof LessorError) || error.kind.retry) throw error;
    // The pool would come to be with the first ADD, and be empty.
    if (error.code === 'pool.inline-forbidden' && inlinePools) return { ready: true };
    return { ready: false, code: error.code, detail: error.message };
  }
}

/**
 * Pools in which an ADD would look. Whoever asks has no pod in mind: where the pod's namespace decides, each pool counts that
 * some namespace could get.
 */
async function candidatesOf(
  deps: Dependencies,
  call: Call,
  { pool: wish, labels = {} }: ReadinessRequest,
): Promise<readonly KnownPool[]> {
  if (wish.ranges === undefined && wish.names?.length === 0) {
    const active = (await poolsOf(deps, { vrf: wish.vrf, names: [] })).filter(({ state }) => state === 'active');
    const definitions = active.map(({ definition }) => definition);
    const namespaces = new Set([undefined, ...definitions.map((definition) => definition.namespaces[0])]);
    const chosen = [...namespaces].flatMap((namespace) =>
      selectPools(definitions, [], { cluster: call.cluster, namespace, labels }).choices.map(({ pool }) => pool),
    );
    const candidates = active.filter(({ definition }) => chosen.includes(definition));
    if (candidates.length > 0) return candidates;
  }
  return (await choosePools(deps, call, { pool: wish, labels })).map(({ pool }) => pool);
}

/** By the counters, which may be some seconds behind. */
async function firstWithRoom(deps: Dependencies, candidates: readonly KnownPool[]): Promise<ReadinessResult> {
  const [only] = candidates;
  const counters =
    candidates.length === 1 && only !== undefined
      ? new Map([[only.definition.id, await deps.store.counters.read({ pool: only.definition.id })]])
      : await deps.store.counters.readPools();
  const heldIn = ({ definition }: KnownPool) => BigInt(Math.max(0, counters.get(definition.id)?.held ?? 0));
  if (candidates.some((pool) => heldIn(pool) < pool.space.capacity - pool.space.reserved)) return { ready: true };
  const reasons = candidates.map((pool) => full(pool, Number.POSITIVE_INFINITY).message);
  return { ready: false, code: 'pool.exhausted', detail: reasons.join('; ') };
}
