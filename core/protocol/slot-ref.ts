/** Which block, which slot: as a key, as text in the tables and in a node's item, and as it crosses the wire. */
import type { SlotReference } from '../contract/ids.ts';

export interface BlockKey {
  readonly pool: string;
  readonly block: bigint;
}

export interface SlotKey extends BlockKey {
  readonly slot: number;
}

/** Hex without leading zeros: an IPv6 pool has more blocks than a double can count. */
export const blockToText = (block: bigint): string => block.toString(16);
export const blockFromText = (text: string): bigint => BigInt(`0x${text}`);

/** `<pool>:<block>`. */
export const blockKeyToText = ({ pool, block }: BlockKey): string => `${pool}:${blockToText(block)}`;

export function blockKeyFromText(text: string): BlockKey {
  const [pool = '', block = ''] = text.split(':');
  return { pool, block: blockFromText(block) };
}

export const slotToWire = ({ pool, block, slot }: SlotKey): SlotReference => ({
  pool,
  block: blockToText(block),
  slot,
});

export const slotFromWire = ({ pool, block, slot }: SlotReference): SlotKey => ({
  pool,
  block: blockFromText(block),
  slot,
});
