/** The conditions of the writes to a node's item, by the names that docs/protocol.md gives them. */
import type { NodeState } from '../../core/protocol/node.ts';

interface AgainstNode {
  readonly boot?: string;
  readonly incarnation?: number;
}

type Condition = (node: NodeState | undefined, against: AgainstNode) => boolean;

export const nodeConditions = {
  nodeAbsent: (node) => node === undefined,
  nodeAlive: (node) => node?.alive === true,
  sameBoot: (node, { boot }) => node !== undefined && node.boot === boot,
  sameIncarnation: (node, { incarnation }) => node !== undefined && node.incarnation === incarnation,
} as const satisfies Record<string, Condition>;
export type NodeConditionName = keyof typeof nodeConditions;

/** Each happens only if all conditions of one of its alternatives hold. */
export const nodeOperations = {
  join: [['nodeAbsent'], ['nodeAlive', 'sameBoot']],
  beginLife: [['sameIncarnation']],
  markDead: [['nodeAlive', 'sameIncarnation']],
} as const satisfies Record<string, readonly (readonly NodeConditionName[])[]>;
export type NodeOperation = keyof typeof nodeOperations;

export function nodeAllows(operation: NodeOperation, node: NodeState | undefined, against: AgainstNode): boolean {
  return nodeOperations[operation].some((alternative: readonly NodeConditionName[]) =>
    alternative.every((name) => nodeConditions[name](node, against)),
  );
}
