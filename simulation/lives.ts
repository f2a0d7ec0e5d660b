/** Which life each node is in, which of its lives were declared over, and which blocks it joined: beside the tables. */
import type { DeathKey, DeathRecord } from '../core/protocol/node.ts';
import { type BlockKey, blockKeyToText } from '../core/protocol/slot-ref.ts';
import { type Witness, WRONGLY } from './witness.ts';

interface Joined {
  readonly joined: boolean;
  readonly node: { readonly incarnation: number };
  readonly before: ReadonlySet<string>;
}

export interface Lives {
  lifeOf(node: string): number;
  /** The last life that is marked as over; 0: none. */
  overLife(node: string): number;
  hasJoined(node: string, key: BlockKey): boolean;
  /** A request to the tables was carried out. */
  saw(name: string, args: readonly unknown[], outcome: unknown): void;
}

export function livesBeside(witness: Witness): Lives {
  const lives = new Map<string, number>();
  const over = new Map<string, number>();
  const marks = new Set<string>();
  const blocks = new Map<string, ReadonlySet<string>>();
  return {
    lifeOf: (node) => lives.get(node) ?? 0,
    overLife: (node) => over.get(node) ?? 0,
    hasJoined: (node, key) => blocks.get(node)?.has(blockKeyToText(key)) === true,
    saw(name, args, outcome) {
      if (name === 'join' && (outcome as Joined).joined) {
        const [node, joined] = args as [string, readonly string[]];
        const known = outcome as Joined;
        lives.set(node, known.node.incarnation);
        blocks.set(node, new Set([...known.before, ...joined]));
      }
      if (name === 'recordDeath') {
        const { node, incarnation, reason } = args[0] as DeathRecord;
        if (reason === WRONGLY) witness.isInsistedOn(node, incarnation);
      }
      const [node, life] = [String(args[0]), args[1] as number];
      if (name === 'beginLife' && outcome === true) {
        lives.set(node, life + 1);
        witness.note(`${node} begins life ${life + 1}`);
      }
      if (name === 'withdrawDeath' && outcome === true) {
        const { node: dead, declaredAt } = args[0] as DeathKey;
        if (marks.has(`${dead} ${declaredAt}`))
          witness.fail({ property: 'forbidden write', what: `a death of ${dead} is withdrawn, and was marked` });
      }
      if (name === 'markDead' && outcome === true) {
        marks.add(`${node} ${args[2]}`);
        over.set(node, life);
        witness.note(`life ${life} of ${node} is marked as over`);
        witness.isOver(node, life);
      }
    },
  };
}
