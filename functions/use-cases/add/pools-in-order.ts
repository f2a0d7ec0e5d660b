/** The pools of an ADD as they are tried: first the one in which an earlier try of the same request may hold a slot. */

import type { AllocateRequest } from '../../../core/contract/lease.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';
import { findHeld } from '../leases/find-held.ts';
import { type Candidate, choosePools } from './choose-pool.ts';

/** Never empty. @throws LessorError as choosePools does */
export async function poolsInOrder(
  deps: Dependencies,
  call: Call,
  request: AllocateRequest,
): Promise<readonly Candidate[]> {
  const candidates = await choosePools(deps, call, request);
  const { attempt, attachment, nonce } = request;
  if (attempt === 1 || request.pool.names === undefined) return candidates;
  const own = (await findHeld(deps, call, attachment)).find((lease) => lease.nonce === nonce);
  if (own === undefined) return candidates;
  const isOwn = ({ pool }: Candidate) => pool.definition.id === own.key.pool;
  // It may be none of the candidates any more, as one that is being drained.
  const others = candidates.filter((candidate) => !isOwn(candidate));
  const pool = candidates.find(isOwn)?.pool ?? (await knownPool(deps, own.key.pool));
  return pool ? [{ pool, rule: candidates.find(isOwn)?.rule ?? 'named' }, ...others] : candidates;
}
