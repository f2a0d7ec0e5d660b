/** What EC2's word is worth. */
import { type InstanceState, isOwnInstance, type ListedNode } from '../../../core/protocol/node.ts';

/** By their names, so that a test can break one. */
export const evidenceRules = {
  /**
   * Whether EC2 is asked: of another account's instances it says *not found*, whether they run or not. In a table that was restored
   * in another account, `i-…` are still the instances of the account before.
   */
  isAsked: ({ id, account }: Pick<ListedNode, 'id' | 'account'>, ownAccount: string): boolean =>
    isOwnInstance(id) && (account === undefined || account.id === ownAccount),
  /**
   * Whether an instance is gone for good. *Not found* says so only of what EC2 of that Region knew before: it has forgotten it. One
   * that stops may start again.
   * @param knownIn the Region whose EC2 knew it last
   */
  isEnd: (state: InstanceState, knownIn: string | undefined, region: string): boolean =>
    state === 'terminated' || (state === 'not-found' && knownIn === region),
} as const;
export type EvidenceRules = typeof evidenceRules;
