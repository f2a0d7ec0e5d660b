/** The end of a node's life by evidence, and its fence at once. */
import type { DeathRecord, NodeState } from '../../../core/protocol/node.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { deathNow, endLife } from '../nodes/declare-death.ts';
import { reclaimNow } from '../reclaim/reclaim.ts';

type Said = Pick<DeathRecord, 'reason' | 'declaredBy'>;

export type Ended =
  /** `freed`: leases that were freed at once; the scheduled reclaim frees what is left. */
  | { readonly is: 'ended'; readonly incarnation: number; readonly freed: number }
  /** Another life has begun since it was read, or somebody else ended this one: nothing was done. */
  | { readonly is: 'passed' };

/**
 * Ends exactly the life that was read. An instance's id is never given twice, so that no later life of it can be alive either;
 * but one that begins in this very moment is another request's, and is looked at again.
 */
export async function endTerminated(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  node: NodeState,
  said: Said,
): Promise<Ended> {
  const death = await endLife(deps, deathNow(deps, node, said));
  if (death === undefined) return { is: 'passed' };
  // What is declared is declared: where the fence fails, the schedule finds the death and repeats it.
  const freed = await reclaimNow(deps, call, death).then(
    (outcome) => {
      if (outcome.is === 'failed') notFenced(node, outcome.cause);
      return outcome.is === 'swept' ? outcome.freed : 0;
    },
    (cause: unknown) => {
      notFenced(node, cause);
      return 0;
    },
  );
  return { is: 'ended', incarnation: node.incarnation, freed };
}

const notFenced = ({ id }: NodeState, cause: unknown): void =>
  console.error({
    message: 'Declared dead, and not fenced at once: the schedule goes on',
    node: id,
    cause: String(cause),
  });
