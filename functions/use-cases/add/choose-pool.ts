/** The pools that an ADD may use, in the order in which they are tried, each with the rule that chose it. */
import pMap from 'p-map';
import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { type PassedOver, type Requester, type Rule, selectPools } from '../../../core/pools/selection.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { READS_AT_ONCE } from '../in-flight.ts';
import { knownPool, readRegistry, rememberedRegistry } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { resolvePool } from './resolve-pool.ts';

export interface Candidate {
  readonly pool: KnownPool;
  readonly rule: Rule;
}

/**
 * One pool where the configuration has ranges or names just one; else those that it names or, where it names none, those
 * that ask for such a pod. Never empty.
 * @param probe for whichever pod the node may be asked; no pool comes to be
 * @throws LessorError pool.forbidden, pool.unmatched, and as resolvePool does
 */
export async function choosePools(
  deps: Dependencies,
  call: Call,
  request: Pick<AllocateRequest, 'pool' | 'proposal' | 'pod' | 'labels'>,
  probe = false,
): Promise<readonly [Candidate, ...Candidate[]]> {
  const { pool: poolRequest, proposal, pod, labels = {} } = request;
  const requester = { cluster: call.cluster, namespace: pod?.namespace, anyNamespace: probe, labels };
  if (poolRequest.ranges || !poolRequest.names) {
    const pool = await resolvePool(deps, poolRequest, proposal?.pool, probe);
    ensureAllowed(pool, requester);
    return [{ pool, rule: 'named' }];
  }
  const remembered = rememberedRegistry(deps, poolRequest.vrf);
  // A pool that was just created is looked for before it is refused.
  const knows = poolRequest.names.every((name) => remembered?.some((pool) => pool.name === name));
  const registered = remembered && knows ? remembered : (await readRegistry(deps, poolRequest.vrf)).pools;
  const read = await pMap(registered, ({ id }) => knownPool(deps, id), { concurrency: READS_AT_ONCE });
  const known = read.flatMap((pool) => pool ?? []);
  const active = known.filter(({ state }) => state === 'active');
  const definitions = active.map(({ definition }) => definition);
  const { choices, passed } = selectPools(definitions, poolRequest.names, requester);
  const candidates = choices.flatMap(({ pool: definition, rule }) =>
    active.filter((pool) => pool.definition === definition).map((pool) => ({ pool, rule })),
  );
  // A pool that was found full a short while ago is tried last.
  const isFull = ({ pool }: Candidate) => deps.memory.fullPools.get(pool.definition.id, deps.now()) !== undefined;
  const [first, ...rest] = [...candidates.filter((one) => !isFull(one)), ...candidates.filter(isFull)];
  if (first === undefined) throw unmatched(poolRequest, known, passed);
  return [first, ...rest];
}

export function noteFullPool({ memory, now }: Dependencies, { definition }: KnownPool): void {
  memory.fullPools.set(definition.id, true, now());
}

function ensureAllowed({ definition }: KnownPool, { cluster }: Requester): void {
  const { name, clusters } = definition;
  if (clusters.length === 0 || clusters.includes(cluster ?? '')) return;
  const of = cluster === undefined ? 'no cluster' : `cluster ${cluster}`;
  throw new LessorError(
    'pool.forbidden',
    `Pool ${name} is kept to cluster ${clusters.join(', ')}, and the caller's role is of ${of}`,
    { remedy: 'name another pool, or let the cluster in', facts: { pool: name } },
  );
}

/** Of several pools each has its reason; they are read in a pod's events. */
const MOST_REASONS = 5;

function unmatched(
  { vrf, names = [] }: AllocateRequest['pool'],
  known: readonly KnownPool[],
  passed: readonly PassedOver[],
): LessorError {
  const missing = names.filter((name) => !known.some(({ definition }) => definition.name === name));
  const idle = known.filter(({ state }) => state !== 'active');
  const reasons = [
    ...missing.map((name) => `${name}: there is no such pool`),
    ...idle.map(({ definition, state }) => `${definition.name}: it is ${state}`),
    ...passed
      .filter(({ pool }) => names.length === 0 || names.includes(pool.name))
      .map(({ pool, why }) => `${pool.name}: ${why}`),
  ];
  const further = reasons.length - MOST_REASONS;
  const shown = [...reasons.slice(0, MOST_REASONS), ...(further > 0 ? [`${further} more pools`] : [])];
  const why = shown.length > 0 ? shown.join('; ') : 'it has none';
  return new LessorError('pool.unmatched', `No pool of VRF ${vrf} may be used for this pod (${why})`, {
    remedy: 'name a pool in the ipam section, or give one a selector that fits or "default": true',
    facts: { vrf },
  });
}
