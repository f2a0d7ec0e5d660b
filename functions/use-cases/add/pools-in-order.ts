/** The pools of an ADD as they are tried: first the one in which an earlier try of the same request may hold a slot. */

import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { judge } from '../../../core/pools/selection.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { findHeld } from '../leases/find-held.ts';
import type { KnownPool } from '../memory.ts';
import { type Candidate, choosePools, namesIn, requesterOf } from './choose-pool.ts';

/** Each is read when its turn comes. @throws LessorError as choosePools does */
export async function* poolsInOrder(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
): AsyncGenerator<Candidate, void> {
  const own = await ownPool(deps, call, request);
  if (own) yield { pool: own, rule: ruleOf(call, request, own) };
  for await (const candidate of choosePools(deps, call, request))
    if (candidate.pool.definition.id !== own?.definition.id) yield candidate;
}

/** It may be one that is not chosen any more, as one that is being drained. */
async function ownPool(
  deps: Dependencies,
  call: Call,
  { pool, podPools, attempt, attachment, nonce }: AllocateRequest,
): Promise<KnownPool | undefined> {
  const isOnePool = pool.names === undefined && podPools === undefined;
  if (attempt === 1 || isOnePool) return undefined;
  const own = (await findHeld(deps, call, attachment)).find((lease) => lease.nonce === nonce);
  return own && knownPool(deps, own.key.pool);
}

function ruleOf(call: Call, request: AllocateRequest, { definition }: KnownPool): Candidate['rule'] {
  const judged = judge(
    { name: definition.name, policy: definition },
    namesIn(request.pool),
    requesterOf(call, request),
  );
  if ('rule' in judged) return judged.rule;
  return request.podPools?.includes(definition.name) ? 'annotation' : 'named';
}
