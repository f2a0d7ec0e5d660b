/** Whether an ADD could be given an address, as far as a few reads tell: nothing is leased and no pool comes to be. */
import type { ReadinessRequest, ReadinessResult } from '../../core/contract/node.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { type Candidate, choosePools } from './choose-pool.ts';
import { type Call, type Dependencies, type KnownPool, readRegistry, rememberedRegistry } from './dependencies.ts';
import { full } from './pool-full.ts';
import { inlineForbidden } from './resolve-pool.ts';

/** Pods have namespaces, and the runtime that asks has none in mind: where those decide, it cannot be told. */
export async function readiness(
  deps: Dependencies,
  call: Call,
  { pool: wish, labels }: ReadinessRequest,
): Promise<ReadinessResult> {
  try {
    if (wish.ranges !== undefined && !(await isRegistered(deps, wish))) {
      if (deps.settings.inlinePools) return { ready: true };
      throw inlineForbidden(wish.vrf, wish.name);
    }
    const candidates = await choosePools(deps, call, { pool: wish, ...(labels === undefined ? {} : { labels }) });
    return await firstWithRoom(deps, candidates);
  } catch (error) {
    if (!(error instanceof LessorError) || error.kind.retry) throw error;
    const decidedByNamespace = error.code === 'pool.unmatched' && wish.names?.length === 0;
    return decidedByNamespace ? { ready: true } : { ready: false, code: error.code, detail: error.message };
  }
}

async function isRegistered(deps: Dependencies, { vrf, name }: ReadinessRequest['pool']): Promise<boolean> {
  const isIt = (pool: { readonly name: string }) => pool.name === name;
  return rememberedRegistry(deps, vrf)?.some(isIt) || (await readRegistry(deps, vrf)).pools.some(isIt);
}

async function firstWithRoom(deps: Dependencies, candidates: readonly Candidate[]): Promise<ReadinessResult> {
  for (const { pool } of candidates) if (await mayHaveRoom(deps, pool)) return { ready: true };
  const reasons = candidates.map(({ pool }) => full(pool, Number.POSITIVE_INFINITY).message);
  return { ready: false, code: 'pool.exhausted', detail: reasons.join('; ') };
}

/** By the counter, which may be some seconds behind. */
async function mayHaveRoom(deps: Dependencies, { definition: { id }, space }: KnownPool): Promise<boolean> {
  const counter = await deps.store.counters.read({ pool: id });
  return BigInt(Math.max(0, counter?.held ?? 0)) < space.capacity - space.reserved;
}
