/** What is known of a node. It is whoever calls, as its signature proves it. */
import type { BlockKey } from './lease.ts';
import { blockToText } from './pool-space.ts';

export interface NodeState {
  readonly id: string;
  readonly alive: boolean;
  /** Counts the node's lives: each boot begins another one, and so does coming back after being declared dead. */
  readonly incarnation: number;
  /** The boot in which this life began. */
  readonly boot: string;
  /** The first life of that boot: what an earlier life leased is of an earlier boot, and nothing of it runs any more. */
  readonly firstOfBoot: number;
  /** Every block in which the node may hold a lease, as `placeOf` writes it; it only grows while the node lives. */
  readonly places: ReadonlySet<string>;
}

/** What a node last said of itself; nothing that is safe depends on it. */
export interface NodeNews {
  /** Milliseconds since 1970. */
  readonly seenAt?: number;
  readonly name?: string;
  readonly version?: string;
}

/** That a node's life is over, said by an operator: the only evidence on which a lease is freed without its owner. */
export interface DeathRecord {
  readonly node: string;
  readonly incarnation: number;
  readonly reason: string;
  readonly declaredBy: string;
  readonly declaredAt: number;
  readonly freed: number;
  readonly sweptAt?: number;
}

export const placeOf = ({ pool, block }: BlockKey): string => `${pool}:${blockToText(block)}`;

export function placeFrom(text: string): BlockKey {
  const [pool = '', block = ''] = text.split(':');
  return { pool, block: BigInt(`0x${block}`) };
}
