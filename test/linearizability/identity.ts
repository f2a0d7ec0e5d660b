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
  /** Containers that are gone: an answer that comes afterwards lets nothing live. */
  readonly gone: ReadonlySet<string>;
}

/** @param evidence of every node's: who lived in a life that is over has nothing any more */
export function identitySpecification(evidence: readonly Evidence[]): Specification<Identity, IdentityOperation> {
  const isOver = ({ holder }: Identity, before: number): boolean =>
    evidence.some(({ node, life, invoked }) => node === holder?.by.node && holder.life <= life && invoked < before);
  return {
    initial: { gone: new Set() },
    step(identity, { operation }, before) {
      const { holder, gone } = identity;
      const name = nameOf(operation.by);
      const isOwn = holder !== undefined && nameOf(holder.by) === name;
      if (operation.kind === 'left')
        return [{ ...(isOwn || holder === undefined ? {} : { holder }), gone: new Set([...gone, name]) }];
      if (gone.has(name)) return [identity];
      const isFree = holder === undefined || (isOwn && holder.slot === operation.slot) || isOver(identity, before);
      return isFree ? [{ holder: operation, gone }] : [];
    },
    keyOf: ({ holder, gone }) =>
      [holder === undefined ? '' : `${nameOf(holder.by)} ${holder.slot} ${holder.life}`, ...[...gone].sort()].join('|'),
  };
}
