/** Why a pod gets an address, or none: every pool and every block that an ADD would consider, each with a reason. */

import { covers } from '../../../core/addresses/slot-intervals.ts';
import type { ExplainRequest, ExplainResult } from '../../../core/contract/questions.ts';
import { reservationFor } from '../../../core/pools/reservations.ts';
import { selectPools } from '../../../core/pools/selection.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import { blockToText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { type ReadBlock, readPool } from '../pools/read-pool.ts';

type PoolVerdict = ExplainResult['pools'][number];
type BlockVerdict = PoolVerdict['blocks'][number];

/** @throws LessorError service.busy */
export async function explain(deps: Dependencies, call: Call, request: ExplainRequest): Promise<ExplainResult> {
  const { vrf, pools: names, cluster, namespace, pod, labels } = request;
  const { pools: registered } = await deps.store.pools.readRegistry(vrf);
  const known = (await Promise.all(registered.map(({ id }) => knownPool(deps, id)))).flatMap((one) => one ?? []);
  const selection = selectPools(
    known.map(({ definition }) => definition),
    names,
    { cluster, namespace, labels },
  );
  const verdicts: PoolVerdict[] = [];
  for (const { pool: definition, rule } of selection.choices) {
    const pool = known.find((one) => one.definition === definition);
    if (!pool) continue;
    const reservation =
      namespace === undefined
        ? undefined
        : reservationFor(pool.definition.reservations, { namespace, name: pod ?? '' });
    const judged = await judgePool(deps, call, pool, request.node, reservation?.name);
    const limit = await usedUpQuota(deps, pool, namespace);
    verdicts.push({ rule, ...judged, ...(limit === undefined ? {} : { verdict: limit }) });
  }
  const unknown = names.filter((name) => !known.some(({ definition }) => definition.name === name));
  const chosen = verdicts.find((one) => one.verdict.startsWith('has room'));
  return {
    verdict: verdictOf(chosen?.pool, verdicts, names),
    ...(chosen ? { pool: chosen.pool } : {}),
    pools: [
      ...verdicts,
      ...selection.passed.map(({ pool, why }) => ({ pool: pool.name, verdict: `passed over: ${why}`, blocks: [] })),
      ...unknown.map((name) => ({ pool: name, verdict: `there is no such pool in VRF ${vrf}`, blocks: [] })),
    ],
    at: new Date(deps.now()).toISOString(),
  };
}

/** By the counters, as an ADD sees it. */
async function usedUpQuota(deps: Dependencies, { definition }: KnownPool, namespace = ''): Promise<string | undefined> {
  const { id, quota, quotas } = definition;
  const limit = Object.hasOwn(quotas, namespace) ? quotas[namespace] : quota;
  if (limit === undefined) return undefined;
  const held = (await deps.store.counters.read({ pool: id, namespace }))?.held ?? 0;
  return held < limit
    ? undefined
    : `lets namespace ${namespace} hold ${limit} leases, and it holds ${held}: raise its quota`;
}

function verdictOf(pool: string | undefined, tried: readonly PoolVerdict[], names: readonly string[]): string {
  if (pool !== undefined) return `an ADD gets an address from pool ${pool}`;
  if (tried.length > 0) {
    const reasons = tried.map((one) => `${one.pool} ${one.verdict}`).join('; ');
    return `an ADD gets no address: ${reasons}`;
  }
  return names.length > 0
    ? 'an ADD gets no address: it may use none of the pools that the configuration names'
    : 'an ADD gets no address: the configuration names no pool, and none asks for this pod; make one a default pool';
}

const hasRoom = ({ free, verdict }: BlockVerdict): boolean => free > 0 && !verdict.startsWith('passed over');

async function judgePool(
  deps: Dependencies,
  call: Call,
  pool: KnownPool,
  node: string | undefined,
  reservation: string | undefined,
): Promise<Omit<PoolVerdict, 'rule'>> {
  const { definition, space, open, state } = pool;
  const blocks: BlockVerdict[] = [];
  if (state !== 'active') return { pool: definition.name, verdict: `is passed over: it is ${state}`, blocks };
  for await (const read of readPool(deps, call, pool))
    blocks.push(judgeBlock(deps.now(), pool, read, node, reservation));
  const owned = definition.affinity === 'node';
  const unclaimed = owned ? space.blocks - BigInt(blocks.filter(({ node: owner }) => owner !== undefined).length) : 0n;
  const mine = blocks.filter((one) => one.node === node).length;
  const mayClaim = owned && unclaimed > 0n && (node === undefined || mine < definition.maxBlocksPerNode);
  const more = !owned && open < space.blocks && reservation === undefined;
  const room = blocks.some(hasRoom) || mayClaim || more;
  const limit = owned && mine >= definition.maxBlocksPerNode ? `, and the node has its ${mine} blocks` : '';
  const cooling = blocks.reduce((sum, one) => sum + one.cooling, 0);
  const full =
    cooling > 0
      ? `has ${cooling} addresses that are only cooling: wait, or lower its cooldown`
      : 'is exhausted: every address is held';
  const kept =
    reservation === undefined ? '' : ` in reservation ${reservation}, of which this pod gets an address or none`;
  return { pool: definition.name, verdict: room ? `has room${kept}` : `${full}${limit}${kept}`, blocks };
}

function judgeBlock(
  now: number,
  { definition, space }: KnownPool,
  { block, state, slots }: ReadBlock,
  node: string | undefined,
  reservation: string | undefined,
): BlockVerdict {
  const count = { held: 0, cooling: 0, free: 0 };
  const kept = reservation === undefined ? undefined : space.reservedFor(reservation);
  for (let slot = 0; slot < space.blockSize; slot += 1) {
    const k = block * BigInt(space.blockSize) + BigInt(slot);
    if (kept ? covers(kept, k) : space.isUsable(block, slot)) count[stateOf(slots.get(slot), now)] += 1;
  }
  const owner = state?.owner?.node;
  return {
    block: blockToText(block),
    ...count,
    ...(owner === undefined ? {} : { node: owner }),
    verdict: blockVerdict(definition.affinity, state?.state, owner, node, count),
  };
}

function stateOf(slot: SlotState | undefined, now: number): 'held' | 'cooling' | 'free' {
  if (slot?.held) return 'held';
  return slot !== undefined && slot.reusableAt > now ? 'cooling' : 'free';
}

function blockVerdict(
  affinity: 'shared' | 'node',
  state: string | undefined,
  owner: string | undefined,
  node: string | undefined,
  { free, cooling }: { free: number; cooling: number },
): string {
  if (affinity === 'node' && state === 'releasing') return 'passed over: it is being taken back from its node';
  if (affinity === 'node' && state === 'claimed' && owner !== node)
    return `passed over: it belongs to node ${owner ?? '?'}`;
  if (free > 0) return 'has room';
  return cooling > 0 ? 'has only cooling addresses' : 'is full';
}
