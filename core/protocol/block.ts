/** What is known of a block that a node may own, and the conditions under which it changes hands. */

/** Who owns a block: a node, in one boot and with one journal. */
export interface BlockOwner {
  readonly node: string;
  /** The node's life in which it was claimed: the block is taken back when that life was declared over. */
  readonly incarnation: number;
  readonly boot: string;
  /** What was leased while the service was away is written there only: with another journal the block is not usable. */
  readonly journal: string;
}

/** A block item. One that was never claimed is absent; it is never deleted once it exists. */
export interface BlockState {
  readonly state: 'claimed' | 'releasing' | 'free' | 'sealed';
  /** Counts the claims and the fences: (block, generation) is one owner's for ever (I6). */
  readonly generation: number;
  readonly owner?: BlockOwner;
  /** While releasing: whether leases that are held are freed, which needs evidence of death. */
  readonly forced: boolean;
}

type Condition = (block: Pick<BlockState, 'state' | 'generation'> | undefined, generation: number) => boolean;
const condition = (test: Condition): Condition => test;

/** Each condition has one name: here, in the DynamoDB store's expressions and in docs/protocol.md. */
export const blockConditions = {
  blockAbsent: condition((block) => block === undefined),
  blockFree: condition((block) => block?.state === 'free'),
  blockReleasing: condition((block) => block?.state === 'releasing'),
  generationUnchanged: condition((block, generation) => block?.generation === generation),
};
export type BlockConditionName = keyof typeof blockConditions;

/** The writes to a block: each happens only if all conditions of one of its alternatives hold. */
export const blockOperations = {
  /** A node takes a block that nobody has. */
  claim: [['blockAbsent'], ['blockFree']],
  /** A node that has booted again takes over the block of its earlier boot, as one generation later. */
  takeUp: [['generationUnchanged']],
  /** The block begins to be taken back, by its owner or on evidence of its death. */
  fence: [['generationUnchanged']],
  /** A lease was held: the owner keeps the block, at the fence's generation. */
  abort: [['blockReleasing', 'generationUnchanged']],
  /** Every slot was seen free at the fence's generation. */
  finish: [['blockReleasing', 'generationUnchanged']],
  /** The pool is being deleted: nobody claims the block again. */
  seal: [['blockAbsent'], ['blockFree']],
} as const satisfies Record<string, readonly (readonly BlockConditionName[])[]>;
export type BlockOperation = keyof typeof blockOperations;

/** Blocks whose items lie together: one Query finds which of them are free. */
export const BLOCKS_A_SHARD = 256n;
export const shardOf = (block: bigint): bigint => block / BLOCKS_A_SHARD;

/** Neighbours of a shared pool that a node joins together. */
export const BLOCKS_A_STRETCH = 16n;
export const stretchOf = (block: bigint): bigint => block / BLOCKS_A_STRETCH;

export function blockAllows(
  operation: BlockOperation,
  block: Pick<BlockState, 'state' | 'generation'> | undefined,
  generation = 0,
): boolean {
  return blockOperations[operation].some((alternative: readonly BlockConditionName[]) =>
    alternative.every((name) => blockConditions[name](block, generation)),
  );
}
