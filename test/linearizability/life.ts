/** What a node is to those who ask: a count of lives, each of one boot, and over only if somebody said so. */
import type { NodeState } from '../../core/protocol/node.ts';
import type { Specification } from './wgl.ts';

export type LifeOperation =
  /** An ADD was answered in this life. */
  | { readonly kind: 'answered'; readonly life: number; readonly boot: string; readonly from: number }
  /** Somebody looked at the node's item. */
  | { readonly kind: 'read'; readonly state: NodeState | undefined };

/** That a life was declared over. */
export interface Declaration {
  readonly life: number;
  readonly invoked: number;
  /** From when on (ms) nobody reads any more that it lives; infinity where the declaration was not answered. */
  readonly knownAt: number;
}

interface Lives {
  readonly boots: ReadonlyMap<number, string>;
  readonly latest: number;
  /** Whether the latest was seen to be over. */
  readonly isOver: boolean;
}

/**
 * @param declarations of this node's lives
 * @param remembered for so long (ms) an environment may go on with the life that it knows
 */
export function lifeSpecification(
  declarations: readonly Declaration[],
  remembered: number,
): Specification<Lives, LifeOperation> {
  const ofBoot = (lives: Lives, life: number, boot: string): Lives[] => {
    const known = lives.boots.get(life) ?? boot;
    return known === boot ? [{ ...lives, boots: new Map(lives.boots).set(life, boot) }] : [];
  };
  return {
    initial: { boots: new Map(), latest: 0, isOver: false },
    step(lives, { operation }, before) {
      if (operation.kind === 'answered') {
        const { life, boot, from } = operation;
        const isOver = declarations.some((one) => one.life >= life && one.knownAt + remembered < from);
        return isOver ? [] : ofBoot(lives, life, boot);
      }
      if (operation.state === undefined) return lives.latest === 0 ? [lives] : [];
      const { incarnation: life, boot, alive } = operation.state;
      const isSaid = declarations.some((one) => one.life >= life && one.invoked < before);
      const isBack = life < lives.latest || (life === lives.latest && lives.isOver && alive);
      return isBack || (!alive && !isSaid) ? [] : ofBoot({ ...lives, latest: life, isOver: !alive }, life, boot);
    },
    keyOf: ({ boots, latest, isOver }) => `${latest} ${isOver} ${[...boots].sort().join(' ')}`,
  };
}
