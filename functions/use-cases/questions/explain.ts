/** Why a pod gets an address, or none: the pools and the blocks that an ADD would consider, each with a reason. */
import { most } from '../../../core/contract/limits.ts';
import type { ExplainRequest, ExplainResult } from '../../../core/contract/questions.ts';
import type { ListedPool } from '../../../core/pools/registry.ts';
import { reservationFor } from '../../../core/pools/reservations.ts';
import { judge, type Rule, type Selection, selectPools } from '../../../core/pools/selection.ts';
import { listedPools } from '../add/choose-pool.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { freshRegistry, knownPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { type JudgedPool, judgePool } from './judge-pool.ts';
import { blockVerdictText, type PoolVerdict, poolVerdictText, type Verdict, verdictText } from './verdict.ts';

/** Without a rule it is passed over: the pool says so, and the VRF's list is behind. */
type Tried = JudgedPool & { readonly rule?: Rule };

/** @throws LessorError service.busy */
export async function explain(deps: Dependencies, call: Call, request: ExplainRequest): Promise<ExplainResult> {
  const { vrf, pools: names, cluster, namespace, labels } = request;
  const registry = await freshRegistry(deps, vrf);
  const selection = selectPools(await listedPools(deps, registry), names, { cluster, namespace, labels });
  const { tried, further } = await tryPools(deps, call, request, selection.choices);
  const unknown = names.filter((name) => !registry.has(name));
  const shown = [
    ...tried.map(shownPool),
    ...unknown.map((name) => untried(name, { kind: 'unknown', vrf })),
    ...passedOver(selection, most.poolsExplained - tried.length - unknown.length),
  ];
  const chosen = tried.find(({ verdict }) => verdict.kind === 'has-room')?.pool;
  const more = selection.choices.length + selection.passed.length + unknown.length - shown.length;
  return {
    verdict: verdictText(verdictOf(chosen, { tried, further, names })),
    ...(chosen === undefined ? {} : { pool: chosen }),
    pools: shown,
    ...(more > 0 ? { morePools: more } : {}),
    at: new Date(deps.now()).toISOString(),
  };
}

/** In an ADD's order, a pool after the other since each may have thousands of blocks. @returns how many were not looked at, too */
async function tryPools(
  deps: Dependencies,
  call: Call,
  request: ExplainRequest,
  choices: Selection<ListedPool>['choices'],
): Promise<{ readonly tried: readonly Tried[]; readonly further: number }> {
  const looked = choices.slice(0, most.poolsJudged);
  const tried: Tried[] = [];
  for (const { pool: entry } of looked) {
    const pool = await knownPool(deps, entry.id);
    if (pool) tried.push(await tryPool(deps, call, pool, request));
  }
  return { tried, further: choices.length - looked.length };
}

function* passedOver({ passed }: Selection<ListedPool>, most: number): Generator<ExplainResult['pools'][number]> {
  for (const { pool, why } of passed.slice(0, Math.max(0, most)))
    yield untried(pool.name, { kind: 'passed-over', why: why() });
}

/** The quota comes first: with it used up, the pool's room is of no use. */
async function tryPool(
  deps: Dependencies,
  call: Call,
  pool: KnownPool,
  { pools: names, node, cluster, namespace, pod, labels }: ExplainRequest,
): Promise<Tried> {
  const { name } = pool.definition;
  const chosen = judge({ name, policy: pool.definition }, names, { cluster, namespace, labels });
  if ('why' in chosen) return { pool: name, verdict: { kind: 'passed-over', why: chosen.why() }, blocks: [] };
  const requester = namespace === undefined ? undefined : { namespace, name: pod ?? '' };
  const reservation = reservationFor(pool.definition.reservations, requester);
  const judged = await judgePool(deps, call, pool, { node, reservation: reservation?.name });
  const usedUp = await usedUpQuota(deps, pool, namespace);
  return { ...judged, rule: chosen.rule, ...(usedUp ? { verdict: usedUp } : {}) };
}

/** By the counters, as an ADD sees it. */
async function usedUpQuota(
  deps: Dependencies,
  { definition }: KnownPool,
  namespace = '',
): Promise<PoolVerdict | undefined> {
  const { id, quota, quotas } = definition;
  const limit = Object.hasOwn(quotas, namespace) ? quotas[namespace] : quota;
  if (limit === undefined) return undefined;
  const held = (await deps.store.counters.read({ pool: id, namespace }))?.held ?? 0;
  return held < limit ? undefined : { kind: 'quota-used-up', namespace, limit, held };
}

function verdictOf(
  pool: string | undefined,
  { tried, further, names }: { tried: readonly Tried[]; further: number; names: readonly string[] },
): Verdict {
  if (pool !== undefined) return { kind: 'address', pool };
  return tried.length > 0
    ? { kind: 'no-room', tried, ...(further > 0 ? { further } : {}) }
    : { kind: 'none-fits', named: names.length > 0 };
}

const shownPool = ({ pool, rule, verdict, blocks }: Tried): ExplainResult['pools'][number] => ({
  ...(rule === undefined ? {} : { rule }),
  pool,
  verdict: poolVerdictText(verdict),
  blocks: blocks.map((block) => ({ ...block, verdict: blockVerdictText(block.verdict) })),
});

const untried = (pool: string, verdict: PoolVerdict): ExplainResult['pools'][number] => ({
  pool,
  verdict: poolVerdictText(verdict),
  blocks: [],
});
