/** What an identity is to its pods: a lock, held by the one that lives, with one slot, until its DEL begins or its node is no more. */
import { type Evidence, nameOf, type Try } from './slot.ts';
import type { Specification } from './wgl.ts';

export type IdentityOperation =
  /** An ADD that was answered. */
  | { readonly kind: 'has'; readonly by: Try; readonly slot: string; readonly life: number }
  /** Its container is gone: a fact of the node, at one moment. */
  | { readonly kind: 'left'; readonly by: Try };

interface Identity {
  readonly holder?: Extract<IdentityOperation, { kind: 'has' }>;
}

/** @param evidence of every node's: who lived in a life that is over has nothing any more */
export function identitySpecification(evidence: readonly Evidence[]): Specification<Identity, IdentityOperation> {
  const isOver = ({ holder }: Identity, before: number): boolean =>
    evidence.some(({ node, life, invoked }) => node === holder?.by.node && holder.life <= life && invoked < before);
  return {
    initial: {},
    step(identity, { operation }, before) {
      const { holder } = identity;
      const isOwn = holder !== undefined && nameOf(holder.by) === nameOf(operation.by);
      if (operation.kind === 'left') return [isOwn ? {} : identity];
      const isFree = holder === undefined || (isOwn && holder.slot === operation.slot) || isOver(identity, before);
      return isFree ? [{ holder: operation }] : [];
    },
    keyOf: ({ holder }) => (holder === undefined ? '' : `${nameOf(holder.by)} ${holder.slot} ${holder.life}`),
  };
}
