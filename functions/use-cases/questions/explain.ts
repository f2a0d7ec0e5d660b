/** Why a pod gets an address, or none: the pools and the blocks that an ADD would consider, each with a reason. */
import { most } from '../../../core/contract/limits.ts';
import type { ExplainRequest, ExplainResult } from '../../../core/contract/questions.ts';
import type { ListedPool } from '../../../core/pools/registry.ts';
import { reservationFor } from '../../../core/pools/reservations.ts';
import { judge, type Rule, type Selection, selectPools } from '../../../core/pools/selection.ts';
import { listedPools } from '../add/choose-pool.ts';
import { keepsNone } from '../add/identity.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { freshRegistry, knownPool } from '../known-pools.ts';
import { isOfIdentity } from '../leases/identity-slot.ts';
import type { KnownPool } from '../memory.ts';
import { type JudgedPool, judgePool } from './judge-pool.ts';
import { blockVerdictText, type PoolVerdict, poolVerdictText, type Verdict, verdictText } from './verdict.ts';

/** Without a rule it is passed over: the pool says so, and the VRF's list is behind. */
type Tried = JudgedPool & { readonly rule?: Rule };

/** @throws LessorError service.busy */
export async function explain(deps: Dependencies, call: Call, request: ExplainRequest): Promise<ExplainResult> {
  const { vrf, pools: names, cluster, namespace, labels, podPools } = request;
  const registry = await freshRegistry(deps, vrf);
  const selection = selectPools(await listedPools(deps, registry), names, {
    cluster,
    namespace,
    labels,
    podPools,
  });
  const { tried, further } = await tryPools(deps, call, request, selection.choices);
  const unknown = (podPools ?? names).filter((name) => !registry.has(name));
  const shown = [
    ...tried.map(shownPool),
    ...unknown.map((name) => untried(name, { kind: 'unknown', vrf })),
    ...passedOver(selection, most.poolsExplained - tried.length - unknown.length),
  ];
  const chosen = tried.find(({ verdict }) => ['has-room', 'identity-kept'].includes(verdict.kind))?.pool;
  const more = selection.choices.length + selection.passed.length + unknown.length - shown.length;
  return {
    verdict: verdictText(verdictOf(chosen, { tried, further, by: namedBy(request) })),
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
    const one = pool && (await tryPool(deps, call, pool, request));
    if (one) tried.push(one);
    // The first that keeps addresses for identities is the identity's: no other one is tried.
    if (request.identity !== undefined && one?.rule !== undefined && one.verdict.kind !== 'passed-over') break;
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
  { pools: names, node, cluster, namespace, pod, labels, podPools, identity }: ExplainRequest,
): Promise<Tried> {
  const { name } = pool.definition;
  const chosen = judge({ name, policy: pool.definition }, names, { cluster, namespace, labels, podPools });
  if ('why' in chosen) return { pool: name, verdict: { kind: 'passed-over', why: chosen.why() }, blocks: [] };
  const unkept = identity === undefined ? undefined : keepsNone(pool, identity);
  if (unkept) return { pool: name, verdict: { kind: 'passed-over', why: unkept.message }, blocks: [] };
  const requester = namespace === undefined ? undefined : { namespace, name: pod ?? '' };
  const reservation = reservationFor(pool.definition.reservations, requester);
  if (identity !== undefined && reservation !== undefined) {
    const verdict = { kind: 'identity-reserved', identity, reservation: reservation.name } as const;
    return { pool: name, rule: chosen.rule, verdict, blocks: [] };
  }
  const judged = await judgePool(deps, call, pool, { node, reservation: reservation?.name });
  const usedUp = await usedUpQuota(deps, pool, namespace);
  const kept = identity === undefined ? undefined : await judgeIdentity(deps, pool, namespace, identity);
  const verdict = kept?.kind === 'identity-held' ? kept : (usedUp ?? kept);
  return { ...judged, rule: chosen.rule, ...(verdict ? { verdict } : {}) };
}

/** What the identity has there; undefined where it has nothing yet, and gets an address like any other. */
async function judgeIdentity(
  { store }: Dependencies,
  { definition, space }: KnownPool,
  namespace = '',
  identity: string,
): Promise<PoolVerdict | undefined> {
  const key = { pool: definition.id, namespace, identity };
  const kept = await store.identities.read(key);
  const state = kept && (await store.leases.readSlot({ pool: key.pool, block: kept.block, slot: kept.slot }));
  if (kept === undefined || state?.holding === undefined || !isOfIdentity(key, state)) return undefined;
  const addresses = space.addresses(kept.block, kept.slot).map(({ address }) => address);
  const { pod, node } = state.holding;
  if (!state.held)
    return space.isUsable(kept.block, kept.slot) ? { kind: 'identity-kept', identity, addresses } : undefined;
  return { kind: 'identity-held', identity, addresses, pod: `${pod?.namespace}/${pod?.name}`, node };
}

const namedBy = ({ pools, podPools }: ExplainRequest): 'annotation' | 'configuration' | 'nobody' =>
  podPools !== undefined ? 'annotation' : pools.length > 0 ? 'configuration' : 'nobody';

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
  { tried, further, by }: { tried: readonly Tried[]; further: number; by: ReturnType<typeof namedBy> },
): Verdict {
  if (pool !== undefined) return { kind: 'address', pool };
  return tried.length > 0 ? { kind: 'no-room', tried, ...(further > 0 ? { further } : {}) } : { kind: 'none-fits', by };
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
