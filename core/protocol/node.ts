/** What is known of a node. It is whoever calls, as its signature proves it. */
import type { JournalReport } from '../contract/heartbeat.ts';
import { type Account, type InstanceState, instanceStates } from '../contract/limits.ts';

export { type Account, type InstanceState, instanceStates };

/** A boot of a node's machine. */
export interface Boot {
  readonly boot: string;
  /** Its first life: what an earlier life leased is of an earlier boot, and nothing of it runs any more. */
  readonly firstOfBoot: number;
}

/** The boot in which a node's life began, and those in which lives began before, the latest first. */
export interface Boots extends Boot {
  readonly earlier: readonly Boot[];
}

/** So many earlier boots are known. */
const EARLIER_BOOTS = 4;

export interface NodeState extends Boots {
  readonly id: string;
  readonly alive: boolean;
  /** Counts the node's lives: each boot begins another one, and so does coming back after being declared dead. */
  readonly incarnation: number;
  /** Every block in which the node may hold a lease, as `blockKeyToText` writes it; it only grows while the node lives. */
  readonly joinedBlocks: ReadonlySet<string>;
  /** When the last of its lives that was declared over was declared so: with the id, the key of that death. */
  readonly diedAt?: number;
}

/**
 * The boots of the node's next life, begun in `boot`. Late requests of earlier boots may have begun lives in between: what the
 * returning boot leased before them still runs. It is forgotten only if more boots than are known do so one after the other.
 */
export function bootsAfter(
  { incarnation, boot: last, firstOfBoot, earlier }: Pick<NodeState, 'incarnation' | keyof Boots>,
  boot: string,
): Boots {
  if (boot === last) return { boot, firstOfBoot, earlier };
  const others = earlier.filter((one) => one.boot !== boot);
  return {
    boot,
    firstOfBoot: earlier.find((one) => one.boot === boot)?.firstOfBoot ?? incarnation + 1,
    earlier: [{ boot: last, firstOfBoot }, ...others].slice(0, EARLIER_BOOTS),
  };
}

/** What a node last said of itself; nothing that is safe depends on it. */
export interface Heartbeat {
  /** Milliseconds since 1970. */
  readonly heartbeatAt?: number;
  readonly name?: string;
  readonly version?: string;
  readonly journal?: SaidOfJournal;
}

/** What a node counted in its journal, and when (ms) it said so: not every heartbeat does. */
export interface SaidOfJournal {
  readonly at: number;
  readonly report: JournalReport;
}

/** What EC2 said of an instance when it was asked last. */
export interface Instance {
  readonly state: InstanceState;
  /** The Region whose EC2 was asked. */
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Whose a node is, as its requests prove it, and what it says of itself. */
export interface Whereabouts {
  /** Of the identity with which it signs. */
  readonly account?: Account;
  /** Of the role in whose session it calls. */
  readonly cluster?: string;
  /** As the node says: for people, never evidence. */
  readonly region?: string;
}

/**
 * A node as the list has it, where all of them are found. Each is listed before its life begins, and so before it can hold a lease.
 * That a life is over is told by the node itself (`NodeState`), never by the list.
 */
export interface ListedNode extends Heartbeat, Whereabouts {
  readonly id: string;
  /** Its present life as it was last noted: for showing only. */
  readonly incarnation: number;
  readonly alive: boolean;
  /** When that life was listed: in milliseconds since 1970, before it began. */
  readonly lifeAt: number;
  readonly instance?: Instance;
  /** When EC2 was first seen to know it. Of an instance of another account or Region it says *not found*, whether it runs or not. */
  readonly knownToEc2At?: number;
  /** The Region whose EC2 knew it last: *not found* counts in no other one. Tables may have been restored elsewhere. */
  readonly knownToEc2In?: string;
}

/**
 * An instance of the deployment's own account, by its node's id: another account's has that account before it, and what is no
 * instance is called otherwise. EC2 takes ids of these two lengths: one of another length, and it answers for none of those that are
 * asked for with it.
 */
export const isOwnInstance = (id: string): boolean => /^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id);

/** How long the service has been there without a gap, and the nodes could be heard: milliseconds since 1970. */
export interface ServiceWatch {
  readonly since: number;
  /** When that was noted last. */
  readonly at: number;
}

/** The partition key of a part of the list. */
export const nodeListKey = (shard: number): string => `NODES#${shard}`;

/**
 * That a node's life is over, said by an operator or by the node itself. With the mark on the node it is the only evidence on
 * which a lease is freed without its owner. Times are milliseconds since 1970.
 */
export interface DeathRecord {
  readonly node: string;
  readonly incarnation: number;
  readonly reason: string;
  readonly declaredBy: string;
  readonly declaredAt: number;
  readonly freed: number;
  /** When the last sweep that went through all of the node's blocks began. */
  readonly sweptAt?: number;
  /** After a sweep that failed: it is not swept again before. */
  readonly retryAt?: number;
  /** It ended no life, and never will: another declaration had ended that one, or the next one began before the mark. */
  readonly withdrawn?: true;
}

/** Each declaration has a record of its own. */
export type DeathKey = Pick<DeathRecord, 'node' | 'declaredAt'>;

/** What a sweep came to: `sweptAt` where it came to its end, `retryAt` where it failed, neither where its time was up. */
export interface Sweep {
  readonly freed: number;
  readonly sweptAt?: number;
  readonly retryAt?: number;
}

/** How far deaths are concluded: nothing that was declared before `before` is looked for any more. */
export interface Concluded {
  readonly before: number;
  /** When this was noted for the first time. */
  readonly since: number;
}
