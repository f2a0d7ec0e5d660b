/**
 * The pools that an ADD may use, in the order in which they are tried, each with the rule that chose it. The VRF's list says
 * which: of thousands of pools only those are read whose turn comes.
 */
import pMap from 'p-map';
import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { entryOf, isListed, type ListedPool, type RegisteredPool } from '../../../core/pools/registry.ts';
import { judge, NO_POOL_BY_NAME, type Requester, type Rule, selectPools } from '../../../core/pools/selection.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { freshRegistry, knownPool, registryNaming, rememberedRegistry } from '../known-pools.ts';
import type { KnownPool, KnownRegistry } from '../memory.ts';
import { admits } from '../pools/leasing.ts';
import { firstReasons } from './nowhere.ts';
import { resolvePool } from './resolve-pool.ts';

const NO_SUCH_POOL = 'there is no such pool';

export interface Candidate {
  readonly pool: KnownPool;
  readonly rule: Rule;
}
type Choosing = Pick<AllocateRequest, 'pool' | 'proposal' | 'pod' | 'labels' | 'podPools' | 'identity'>;

/**
 * One pool where the configuration has ranges or names just one; else those that it names or, where it names none, those
 * that ask for such a pod. Where the pod names pools, those of them that it may have. Never none: that is an error, after the last.
 * @param probe for whichever pod the node may be asked; no pool comes to be
 * @throws LessorError pool.forbidden, pool.unmatched, service.busy, and as resolvePool does
 */
export async function* choosePools(
  deps: Dependencies,
  call: Call,
  request: Choosing,
  probe = false,
): AsyncGenerator<Candidate, void> {
  const { pool: poolRequest, proposal, podPools } = request;
  const requester = requesterOf(call, request, probe);
  if (podPools === undefined && (poolRequest.ranges || !poolRequest.names)) {
    const pool = await resolvePool(deps, poolRequest, proposal?.pool, probe);
    ensureAllowed(pool, requester);
    yield { pool, rule: 'named' };
    return;
  }
  const { vrf } = poolRequest;
  const names = namesIn(poolRequest);
  const wanted = podPools ?? names;
  const { choices, reasons } = wanted.length > 0 ? await named(deps, vrf, wanted) : await asking(deps, vrf, requester);
  // An identity's pool does not change with what is full at the moment: else it would have an address in each.
  const inOrder = request.identity === undefined ? fullLast(deps, choices) : choices;
  const idle = new Map<string, Idle>();
  let tried = 0;
  for (const entry of inOrder) {
    if (tried > 0 || idle.size > 0) ensureTime(call, vrf);
    const pool = await knownPool(deps, entry.id);
    const judged = judgeNow(pool, entry, { names, requester });
    if ('why' in judged) idle.set(entry.name, judged);
    else {
      tried += 1;
      yield judged;
    }
  }
  if (tried > 0) return;
  throw podPools === undefined ? unmatched(vrf, reasons(idle)) : unmatchedByPod(vrf, podPools, idle);
}

/** Why a pool that was chosen by the list is not used. */
interface Idle {
  readonly why: () => string;
  /** The pod could have an address there at another time. */
  readonly isForPod?: boolean;
  /** Others have it to themselves. */
  readonly isOthers?: boolean | undefined;
}

/** Of the configuration: none where the service is to choose. */
export const namesIn = ({ ranges, name, names }: AllocateRequest['pool']): readonly string[] =>
  ranges === undefined ? (names ?? [name]) : NO_POOL_BY_NAME;

export const requesterOf = (
  { cluster }: Call,
  { pod, labels = {}, podPools }: Pick<Choosing, 'pod' | 'labels' | 'podPools'>,
  probe = false,
): Requester => ({ cluster, namespace: pod?.namespace, anyNamespace: probe, labels, podPools });

export function noteFullPool({ memory, now }: Dependencies, { definition }: KnownPool): void {
  memory.fullPools.set(definition.id, true, now());
}

/** In the order in which they are tried, and what is said of the others if none of them can be used. */
interface Chosen {
  readonly choices: readonly RegisteredPool[];
  readonly reasons: (idle: ReadonlyMap<string, Idle>) => readonly string[];
}

/** Those that are named, each once: of the others nothing is read. */
async function named(deps: Dependencies, vrf: string, names: readonly string[]): Promise<Chosen> {
  const registry = await registryNaming(deps, vrf, names);
  const all = [...new Set(names)];
  return {
    choices: all.flatMap((name) => registry.get(name) ?? []),
    reasons: (idle) => all.map((name) => `${name}: ${idle.get(name)?.why() ?? NO_SUCH_POOL}`),
  };
}

/** By what the list says that they are for. */
async function asking(deps: Dependencies, vrf: string, requester: Requester): Promise<Chosen> {
  const registry = rememberedRegistry(deps, vrf) ?? (await freshRegistry(deps, vrf));
  const pools = await listedPools(deps, registry);
  const { choices, passed } = selectPools(pools, [], requester);
  const fitting = choices.map(({ pool }) => pool);
  // That may be why: a runtime that does not say whose pod it is.
  const unnamed = requester.namespace ? '' : ', and the pod has no namespace';
  return {
    choices: fitting.filter(({ policy }) => policy.state === 'active'),
    reasons: (idle) => {
      const unfit = [
        ...passed.map(({ pool, why, isOthers }) => ({ name: pool.name, why, isOthers })),
        ...[...idle].map(([name, one]) => ({ name, ...one })),
      ];
      const others = unfit.filter(({ isOthers }) => isOthers).length;
      return [
        ...(others === 0 ? [] : [`pools of other namespaces or clusters: ${others}${unnamed}`]),
        ...fitting
          .filter(({ policy }) => policy.state !== 'active')
          .map(({ name, policy }) => `${name}: it is ${policy.state}`),
        ...unfit.filter(({ isOthers }) => !isOthers).map(({ name, why }) => `${name}: ${why()}`),
      ];
    },
  };
}

/** Each with what it is chosen by: where an earlier version wrote the list, the pools themselves say it. */
export async function listedPools(deps: Dependencies, registry: KnownRegistry): Promise<readonly ListedPool[]> {
  const all = [...registry.values()];
  if (all.every(isListed)) return all;
  const entries = await pMap(
    all,
    async (entry) => {
      if (isListed(entry)) return entry;
      const pool = await knownPool(deps, entry.id);
      return pool && { ...entry, policy: entryOf(pool.definition, pool.state).policy };
    },
    { concurrency: READS_AT_ONCE },
  );
  return entries.flatMap((entry) => entry ?? []);
}

/** A pool that was found full a short while ago is tried last. */
function fullLast({ memory, now }: Dependencies, pools: readonly RegisteredPool[]): readonly RegisteredPool[] {
  const isFull = ({ id }: RegisteredPool) => memory.fullPools.get(id, now()) !== undefined;
  return [...pools.filter((pool) => !isFull(pool)), ...pools.filter(isFull)];
}

/** The list may be behind, and the pool decides: it is used only where both say so. */
function judgeNow(
  pool: KnownPool | undefined,
  { name }: RegisteredPool,
  { names, requester }: { names: readonly string[]; requester: Requester },
): Candidate | Idle {
  if (pool === undefined) return { why: () => NO_SUCH_POOL };
  const judged = judge({ name, policy: pool.definition }, names, requester);
  if ('why' in judged) return judged;
  if (pool.state !== 'active') return { why: () => `it is ${pool.state}`, isForPod: true };
  return { pool, rule: judged.rule };
}

function ensureAllowed({ definition }: KnownPool, { cluster }: Requester): void {
  const { name, clusters } = definition;
  if (admits(definition, cluster)) return;
  const of = cluster === undefined ? 'no cluster' : `cluster ${cluster}`;
  throw new LessorError(
    'pool.forbidden',
    `Pool ${name} is kept to cluster ${clusters.join(', ')}, and the caller's role is of ${of}`,
    { remedy: 'name another pool, or let the cluster in', facts: { pool: name } },
  );
}

/** What remains of the request's time must suffice for an answer. */
const RESERVE_MS = 1_000;

/** @throws LessorError service.busy: those that were found full are tried last by the next request */
function ensureTime({ remainingMs }: Call, vrf: string): void {
  if (remainingMs() > RESERVE_MS) return;
  throw new LessorError('service.busy', `Time ran out before each pool of VRF ${vrf} was tried that may be used`, {
    remedy: 'try again',
  });
}

function unmatched(
  vrf: string,
  reasons: readonly string[],
  remedy = 'name a pool in the ipam section, or give one a selector that fits or "default": true',
): LessorError {
  const why = firstReasons(reasons) || 'it has none';
  const what = `No pool of VRF ${vrf} may be used for this pod (${why})`;
  return new LessorError('pool.unmatched', what, { remedy, facts: { vrf } });
}

/** Of a pool that is not there the same is said as of one that is for others: who writes annotations does not find out which there are. */
function unmatchedByPod(vrf: string, names: readonly string[], idle: ReadonlyMap<string, Idle>): LessorError {
  const whyNot = (name: string) => {
    const known = idle.get(name);
    return known?.isForPod === true ? known.why() : 'there is none of this name that the pod may use';
  };
  const remedy =
    "correct the pod's annotation lessor.dev/pools, or add its namespace to the pool's namespaces; an explanation tells operators why";
  return unmatched(
    vrf,
    [...new Set(names)].map((name) => `${name}: ${whyNot(name)}`),
    remedy,
  );
}
