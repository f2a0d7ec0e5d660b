/** What is known of a node. It is whoever calls, as its signature proves it. */
import type { BlockKey } from './lease.ts';
import { blockToText } from './pool-space.ts';

/** Of a boot. */
export interface FirstLife {
  readonly boot: string;
  readonly life: number;
}

export interface NodeState {
  readonly id: string;
  readonly alive: boolean;
  /** Counts the node's lives: each boot begins another one, and so does coming back after being declared dead. */
  readonly incarnation: number;
  /** The boot in which this life began. */
  readonly boot: string;
  /** The first life of that boot: what an earlier life leased is of an earlier boot, and nothing of it runs any more. */
  readonly firstOfBoot: number;
  /** Boots in which a life began before, the latest first. */
  readonly earlierBoots: readonly FirstLife[];
  /** Every block in which the node may hold a lease, as `placeOf` writes it; it only grows while the node lives. */
  readonly places: ReadonlySet<string>;
}

/** So many earlier boots are kept. */
const BOOTS_KEPT = 4;

/**
 * What the node's next life, begun in `boot`, knows of boots. A late request of an earlier boot begins a life too; when the
 * boot that really runs begins its next one after that, its first life is still the one from before: else the leases of its
 * containers would count as an earlier boot's. To be forgotten it would have to be passed by more boots at once than are kept.
 */
export function bootsOfNextLife(
  { incarnation, boot: last, firstOfBoot, earlierBoots }: Omit<NodeState, 'id' | 'alive' | 'places'>,
  boot: string,
): Pick<NodeState, 'firstOfBoot' | 'earlierBoots'> {
  const known = [{ boot: last, life: firstOfBoot }, ...earlierBoots];
  return {
    firstOfBoot: known.find((one) => one.boot === boot)?.life ?? incarnation + 1,
    earlierBoots: known.filter((one) => one.boot !== boot).slice(0, BOOTS_KEPT),
  };
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
