/** That a node's life is over: the only evidence there is on which leases are freed without their owner. An operator says it, or the node itself. */
import type { Death, DeclareDeathRequest, ListDeathsQuery, ListDeathsResult } from '../../../core/contract/nodes.ts';
import type { DeathRecord, NodeState } from '../../../core/protocol/node.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { heardOfLately, stillAlive } from './heard-of.ts';
import { unknownNode } from './membership.ts';

/**
 * Records the death of the node's present life; a repeat answers the record that is there.
 * @throws LessorError node.unknown; node.alive where it was heard of lately and the operator does not insist
 */
export async function declareDeath(deps: Dependencies, call: Call, request: DeclareDeathRequest): Promise<Death> {
  const node = await dyingNode(deps, request.node);
  const said = { reason: request.reason, declaredBy: call.caller };
  if (!node.alive) return deathOf(await recordOf(deps, node, said));
  const heardOfAt = request.alsoIfAlive ? undefined : await heardOfLately(deps, call, node);
  if (heardOfAt !== undefined) throw stillAlive(node.id, heardOfAt);
  const death = deathNow(deps, node, said);
  if (await endLife(deps, death)) return deathOf(death);
  // Another has ended that life meanwhile, or the node is in its next one.
  const now = await dyingNode(deps, request.node);
  return deathOf(now.incarnation === node.incarnation ? await recordOf(deps, now, said) : death);
}

/** @throws LessorError node.unknown */
export async function dyingNode({ store }: Dependencies, id: string): Promise<NodeState> {
  const node = await store.nodes.readNode(id);
  if (node) return node;
  throw unknownNode(id);
}

export const deathNow = (
  { now }: Dependencies,
  { id, incarnation }: Pick<NodeState, 'id' | 'incarnation'>,
  said: Pick<DeathRecord, 'reason' | 'declaredBy'>,
): DeathRecord => ({ node: id, incarnation, ...said, declaredAt: now(), freed: 0 });

/** Ends that life of the node and no later one. False where it was over already. */
export async function endLife({ store }: Dependencies, death: DeathRecord): Promise<boolean> {
  // The record first, so that the reclaim finds every node that is marked. Only the mark is evidence: a record whose
  // declaration was interrupted frees nothing until it is repeated, which makes another record.
  await store.nodes.recordDeath(death);
  const isOver = await store.nodes.markDead(death.node, death.incarnation, death.declaredAt);
  // For showing only: what is declared is declared, and no failure of this takes it back.
  if (isOver) await store.nodes.noteListedDead(death.node, death.incarnation).catch(() => undefined);
  return isOver;
}

/** Of a node that is marked: the record that was made before. One that an earlier version made may be in its old place still. */
async function recordOf(
  deps: Dependencies,
  node: NodeState,
  said: Pick<DeathRecord, 'reason' | 'declaredBy'>,
): Promise<DeathRecord> {
  const { diedAt } = node;
  const found =
    diedAt === undefined ? undefined : await deps.store.nodes.readDeath({ node: node.id, declaredAt: diedAt });
  if (found) return found;
  const again = { ...deathNow(deps, node, said), ...(diedAt === undefined ? {} : { declaredAt: diedAt }) };
  await deps.store.nodes.recordDeath(again);
  return again;
}

/** A page of them, the latest first; of one node its last. */
export async function listDeaths(
  { store }: Dependencies,
  { node: id, cursor, limit }: ListDeathsQuery,
): Promise<ListDeathsResult> {
  if (id !== undefined) {
    const { diedAt } = (await store.nodes.readNode(id)) ?? {};
    const last = diedAt === undefined ? undefined : await store.nodes.readDeath({ node: id, declaredAt: diedAt });
    return { deaths: last ? [deathOf(last)] : [] };
  }
  const { deaths, nextCursor } = await store.nodes.listDeaths({ limit, cursor });
  return { deaths: deaths.map(deathOf), ...(nextCursor === undefined ? {} : { nextCursor }) };
}

export function deathOf({ declaredAt, sweptAt, retryAt: _, ...record }: DeathRecord): Death {
  const swept = sweptAt === undefined ? {} : { sweptAt: new Date(sweptAt).toISOString() };
  return { ...record, declaredAt: new Date(declaredAt).toISOString(), ...swept };
}
