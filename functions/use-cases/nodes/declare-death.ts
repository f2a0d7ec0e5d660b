/** That a node's life is over: the only evidence there is on which leases are freed without their owner. An operator says it, or the node itself. */
import type { Death, DeclareDeathRequest, ListDeathsResult } from '../../../core/contract/nodes.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { DeathRecord, NodeState } from '../../../core/protocol/node.ts';
import type { Call, Dependencies } from '../dependencies.ts';

/**
 * Records the death of the node's present life; a repeat answers the record that is there.
 * @throws LessorError node.unknown
 */
export async function declareDeath(deps: Dependencies, { caller }: Call, request: DeclareDeathRequest): Promise<Death> {
  const node = await deps.store.nodes.readNode(request.node);
  if (node === undefined) {
    throw new LessorError('node.unknown', `Node ${request.node} never leased an address here`, {
      remedy: 'give its id as the table of leases shows it',
    });
  }
  await endLife(deps, node, { reason: request.reason, declaredBy: caller });
  const record = (await deps.store.nodes.listDeaths()).find((death) => death.node === node.id);
  if (record) return deathOf(record);
  throw new LessorError('service.fault', `The death of node ${node.id} was recorded but is not there`);
}

/** Ends that life of the node and no later one. A repeat changes nothing. */
export async function endLife(
  { store, now }: Dependencies,
  { id, incarnation }: Pick<NodeState, 'id' | 'incarnation'>,
  said: Pick<DeathRecord, 'reason' | 'declaredBy'>,
): Promise<void> {
  // The record first, so that the reclaim finds every node that is marked. Only the mark is evidence: a record whose
  // declaration was interrupted frees nothing until it is repeated.
  await store.nodes.recordDeath({ node: id, incarnation, ...said, declaredAt: now(), freed: 0 });
  await store.nodes.markDead(id, incarnation, now());
}

export async function listDeaths({ store }: Dependencies): Promise<ListDeathsResult> {
  return { deaths: (await store.nodes.listDeaths()).map(deathOf) };
}

function deathOf({ declaredAt, sweptAt, ...record }: DeathRecord): Death {
  const swept = sweptAt === undefined ? {} : { sweptAt: new Date(sweptAt).toISOString() };
  return { ...record, declaredAt: new Date(declaredAt).toISOString(), ...swept };
}
