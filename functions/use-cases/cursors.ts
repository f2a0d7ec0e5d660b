/** How a cursor says where a list goes on. Callers give it back as it is; what it has in it may change. */
import type { SlotReference } from '../../core/contract/ids.ts';
import {
  type BlockKey,
  blockFromText,
  blockKeyFromText,
  blockKeyToText,
  blockToText,
} from '../../core/protocol/slot-ref.ts';

/** In a list of the slots of one pool: with a block, at a slot of it. */
export interface Offset {
  readonly block: bigint;
  readonly slot: number;
}

/** `<block>`, or `<block>.<slot>`. */
export const offsetToText = ({ block, slot }: Offset): string =>
  slot === 0 ? blockToText(block) : `${blockToText(block)}.${slot.toString(16)}`;

export function offsetOf(cursor = '0'): Offset {
  const [block = '0', slot = '0'] = cursor.split('.');
  return { block: blockFromText(block), slot: Number.parseInt(slot, 16) };
}

/** In a list that goes through blocks of several pools: behind a block, or at a slot of it. */
export interface Position extends BlockKey {
  /** Left out: behind the block. */
  readonly slot?: number;
}

export function positionOf(cursor: string): Position {
  const [key = '', slot] = cursor.split('.');
  return { ...blockKeyFromText(key), ...(slot === undefined ? {} : { slot: Number.parseInt(slot, 16) }) };
}

/** `<pool>:<block>`, or `<pool>:<block>.<slot>`. */
export const positions = {
  after: blockKeyToText,
  at: (key: BlockKey, { slot: { slot } }: HasSlot): string => `${blockKeyToText(key)}.${slot.toString(16)}`,
};

interface HasSlot {
  readonly slot: SlotReference;
}

/** Of a block's rows those with which the list goes on. */
export function fromSlot<Row extends HasSlot>(key: BlockKey, cursor: string | undefined, rows: readonly Row[]) {
  if (cursor === undefined) return rows;
  const { pool, block, slot: first = 0 } = positionOf(cursor);
  return key.pool === pool && key.block === block ? rows.filter(({ slot }) => slot.slot >= first) : rows;
}

/** The joined blocks of a node with which a list goes on, in the order of their names. */
export function joinedFrom(joinedBlocks: Iterable<string>, cursor: string | undefined): BlockKey[] {
  const [last = '', slot] = cursor?.split('.') ?? [];
  const sorted = [...joinedBlocks].sort();
  return sorted.filter((name) => name > last || (name === last && slot !== undefined)).map(blockKeyFromText);
}
