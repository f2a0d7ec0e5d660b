/** What EC2 says of instances: a port. The client behind it is functions/ec2. */
import type { InstanceState } from '../../../core/protocol/node.ts';
import type { Call } from '../dependencies.ts';

/** What came of a question. It is never half an answer: of what failed nothing is known. */
export type LookupAnswer =
  | {
      readonly is: 'answered';
      /** Of each instance of which EC2 said something; one that is left out is neither there nor *not found*. */
      readonly states: ReadonlyMap<string, InstanceState>;
    }
  | { readonly is: 'failed'; readonly why: string };

export interface InstanceLookup {
  /**
   * Asks EC2 of a Region for instances of the deployment's own account.
   * @param ids at most `INSTANCES_A_LOOK`
   * @param call whose time is left some when it is answered, or has failed for lack of it
   */
  lookUp(region: string, ids: readonly string[], call: Pick<Call, 'remainingMs'>): Promise<LookupAnswer>;
}
