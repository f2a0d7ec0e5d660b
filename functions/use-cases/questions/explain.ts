/** Why a pod gets an address, or none: every pool and every block that an ADD would consider, each with a reason. */
import pMap from 'p-map';
import type { ExplainRequest, ExplainResult } from '../../../core/contract/questions.ts';
import { reservationFor } from '../../../core/pools/reservations.ts';
import { type Selection, selectPools } from '../../../core/pools/selection.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { knownPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { type JudgedPool, judgePool } from './judge-pool.ts';
import { blockVerdictText, type PoolVerdict, poolVerdictText, type Verdict, verdictText } from './verdict.ts';

type Choice = Selection['choices'][number];
type Tried = JudgedPool & Pick<Choice, 'rule'>;

/** @throws LessorError service.busy */
export async function explain(deps: Dependencies, call: Call, request: ExplainRequest): Promise<ExplainResult> {
  const { vrf, pools: names, cluster, namespace, labels } = request;
  const { pools: registered } = await deps.store.pools.readRegistry(vrf);
  const read = await pMap(registered, ({ id }) => knownPool(deps, id), { concurrency: READS_AT_ONCE });
  const known = read.flatMap((pool) => pool ?? []);
  const selection = selectPools(
    known.map(({ definition }) => definition),
    names,
    { cluster, namespace, labels },
  );
  const tried: Tried[] = [];
  for (const { pool: definition, rule } of selection.choices) {
    const pool = known.find((one) => one.definition === definition);
    if (pool) tried.push({ rule, ...(await tryPool(deps, call, pool, request)) });
  }
  const unknown = names.filter((name) => !known.some(({ definition }) => definition.name === name));
  const chosen = tried.find(({ verdict }) => verdict.kind === 'has-room')?.pool;
  return {
    verdict: verdictText(verdictOf(chosen, tried, names)),
    ...(chosen === undefined ? {} : { pool: chosen }),
    pools: [
      ...tried.map(shown),
      ...selection.passed.map(({ pool, why }) => untried(pool.name, { kind: 'passed-over', why })),
      ...unknown.map((name) => untried(name, { kind: 'unknown', vrf })),
    ],
    at: new Date(deps.now()).toISOString(),
  };
}

/** The quota comes first: with it used up, the pool's room is of no use. */
async function tryPool(
  deps: Dependencies,
  call: Call,
  pool: KnownPool,
  { node, namespace, pod }: ExplainRequest,
): Promise<JudgedPool> {
  const requester = namespace === undefined ? undefined : { namespace, name: pod ?? '' };
  const reservation = reservationFor(pool.definition.reservations, requester);
  const judged = await judgePool(deps, call, pool, { node, reservation: reservation?.name });
  const usedUp = await usedUpQuota(deps, pool, namespace);
  return usedUp ? { ...judged, verdict: usedUp } : judged;
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

function verdictOf(pool: string | undefined, tried: readonly Tried[], names: readonly string[]): Verdict {
  if (pool !== undefined) return { kind: 'address', pool };
  return tried.length > 0 ? { kind: 'no-room', tried } : { kind: 'none-fits', named: names.length > 0 };
}

const shown = ({ pool, rule, verdict, blocks }: Tried): ExplainResult['pools'][number] => ({
  rule,
  pool,
  verdict: poolVerdictText(verdict),
  blocks: blocks.map((block) => ({ ...block, verdict: blockVerdictText(block.verdict) })),
});

const untried = (pool: string, verdict: PoolVerdict): ExplainResult['pools'][number] => ({
  pool,
  verdict: poolVerdictText(verdict),
  blocks: [],
});
