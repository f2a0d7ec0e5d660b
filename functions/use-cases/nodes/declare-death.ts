/** That a node's life is over: the only evidence there is on which leases are freed without their owner. An operator says it, or the node itself. */

import type { Death, DeclareDeathRequest, ListDeathsQuery, ListDeathsResult } from '../../../core/contract/nodes.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { DeathRecord, NodeState } from '../../../core/protocol/node.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { heardOfLately, stillAlive } from './heard-of.ts';
import { unknownNode } from './membership.ts';
import { standingOf } from './standing.ts';

/**
 * Records the death of the node's present life; a repeat answers the record that is there.
 * @throws LessorError node.unknown; node.alive where it was heard of lately and the operator does not insist, or began another life
 */
export async function declareDeath(deps: Dependencies, call: Call, request: DeclareDeathRequest): Promise<Death> {
  const node = await dyingNode(deps, request.node);
  const said = { reason: request.reason, declaredBy: call.caller };
  if (!node.alive) return deathOf(await recordOf(deps, node, said));
  const heardOfAt = request.alsoIfAlive ? undefined : await heardOfLately(deps, call, node);
  if (heardOfAt !== undefined) throw stillAlive(node.id, heardOfAt);
  const death = deathNow(deps, node, said);
  const ended = await endLife(deps, death);
  if (ended) return deathOf(ended);
  const now = await dyingNode(deps, request.node);
  // Another has ended that life meanwhile.
  if (now.incarnation === node.incarnation) return deathOf(await recordOf(deps, now, said));
  throw livesAgain(node.id);
}

/** The next life began before the mark: that the node is dead is not true any more, or a late request of it came. A person decides. */
const livesAgain = (id: string): LessorError =>
  new LessorError('node.alive', `Node ${id} began another life while it was declared dead`, {
    remedy:
      'make certain that nothing of it runs any more, and if so declare it again: of its present life nothing was declared',
  });

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

/**
 * Ends that life of the node and no later one.
 * @returns the record by which it is over; undefined where it was over already
 */
export async function endLife({ store }: Dependencies, death: DeathRecord): Promise<DeathRecord | undefined> {
  const { node, incarnation } = death;
  // The record first, so that the reclaim finds every node that is marked. Only the mark is evidence: a record whose
  // declaration was interrupted frees nothing for ever, and a repeat makes another record.
  const recorded = await recordOnce(store, death);
  const isMarked = await store.nodes.markDead(node, incarnation, recorded.declaredAt);
  // A repeat of a request whose answer was lost is refused by its own mark.
  const standing = isMarked ? 'marked' : await standingOf(store, await store.nodes.readNode(node), recorded);
  // For showing only: what is declared is declared, and no failure of these takes it back.
  if (standing === 'marked') await store.nodes.noteListedDead(node, incarnation).catch(() => undefined);
  if (standing === 'void') await store.nodes.withdrawDeath(recorded).catch(() => undefined);
  return standing === 'marked' ? recorded : undefined;
}

/** Two who declare one life in one millisecond have one record. Of another life that is another one, a millisecond later. */
async function recordOnce(store: Dependencies['store'], death: DeathRecord): Promise<DeathRecord> {
  if (await store.nodes.recordDeath(death)) return death;
  const found = await store.nodes.readDeath(death);
  if (found?.incarnation === death.incarnation) return found;
  return recordOnce(store, { ...death, declaredAt: death.declaredAt + 1 });
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
  const those = deaths.filter(({ withdrawn }) => !withdrawn);
  return { deaths: those.map(deathOf), ...(nextCursor === undefined ? {} : { nextCursor }) };
}

export function deathOf({ declaredAt, sweptAt, retryAt: _, withdrawn: __, ...record }: DeathRecord): Death {
  const swept = sweptAt === undefined ? {} : { sweptAt: new Date(sweptAt).toISOString() };
  return { ...record, declaredAt: new Date(declaredAt).toISOString(), ...swept };
}
