/** What the record of a death counts for. Only the mark of this very declaration is evidence that the life is over. */
import type { DeathRecord, NodeState } from '../../../core/protocol/node.ts';
import type { Store } from '../../../core/store.ts';

export type Standing =
  /** The mark is written (`reclaim.markedDead`). */
  | 'marked'
  /** It is not, and may yet be: a request is late, or the declaration was interrupted. Nothing is freed, whatever becomes of the life. */
  | 'open'
  /** It is not, and never will be: that life is over in another way. Who declared it was told so, or was not answered. */
  | 'void';

/**
 * A later life of the node is no mark: a late request of an earlier boot may have begun it, while what the node leased before
 * runs on.
 * @param node as it was read after the record was made
 */
export async function standingOf(
  { nodes }: Pick<Store, 'nodes'>,
  node: NodeState | undefined,
  death: DeathRecord,
): Promise<Standing> {
  const { incarnation, declaredAt, sweptAt, withdrawn } = death;
  if (withdrawn) return 'void';
  if (node === undefined) return 'open';
  const { id, diedAt } = node;
  const isPast = node.incarnation > incarnation;
  const isDead = node.incarnation === incarnation && !node.alive;
  // An earlier version marked without the time. That leases were freed by it is no mark: an earlier version freed them also where a
  // later life had begun.
  if (diedAt === declaredAt || (isDead && diedAt === undefined)) return 'marked';
  if (isPast && diedAt !== undefined) {
    const last = await nodes.readDeath({ node: id, declaredAt: diedAt });
    // Its mark may have given way to that of a later life's death, which frees all that this one would. The times do not say which
    // came first: who declares has another clock.
    if (last === undefined || last.incarnation > incarnation) return 'open';
  }
  // What freed something, rightly or not, is shown.
  return (isPast || isDead) && sweptAt === undefined ? 'void' : 'open';
}
