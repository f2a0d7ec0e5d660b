/** A node on which nothing lives says that its life is over: what it still has in the table is freed as a dead node's is. */
import type { GoodbyeRequest, GoodbyeResult } from '../../../core/contract/nodes.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { deathNow, endLife } from './declare-death.ts';

/** Ends exactly the life that it names, however late it comes: never a later one (`markDead.sameIncarnation`). */
export async function goodbye(
  deps: Dependencies,
  { caller }: Call,
  { boot, incarnation }: GoodbyeRequest,
): Promise<GoodbyeResult> {
  const node = await deps.store.nodes.readNode(caller);
  if (node === undefined || node.boot !== boot || node.incarnation !== incarnation) return { ended: false };
  if (!node.alive || (await endLife(deps, deathNow(deps, node, { reason: 'said goodbye', declaredBy: caller }))))
    return { ended: true };
  // Somebody else ended that life meanwhile. Or a late request began the next one: then what the node had is still held, and it
  // says goodbye to that one.
  const now = await deps.store.nodes.readNode(caller);
  return { ended: now?.incarnation === incarnation };
}
