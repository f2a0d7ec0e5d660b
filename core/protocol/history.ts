/** What is kept of leases that are over. Times are milliseconds since 1970. */
import type { Holding } from './lease.ts';
import type { SlotKey } from './slot-ref.ts';

/** A lease that begins. */
export interface BegunLease {
  readonly slot: SlotKey;
  readonly holding: Holding;
}

/** A lease that is over. */
export interface EndedLease {
  readonly slot: SlotKey;
  readonly holding: Holding;
  readonly endedAt: number;
  /**
   * When the lease before it ended, in the same slot: what lies between the two was nobody's. Absent where it is not known, as of
   * the first one.
   */
  readonly previousEndedAt?: number;
}

/** The same in short, to be found by node and by pod: many of them are written together. */
export interface LeaseNote {
  readonly slot: SlotKey;
  readonly node: string;
  readonly incarnation: number;
  readonly network: string;
  readonly ifname: string;
  readonly heldAt: number;
  readonly endedAt: number;
  readonly pod?: Holding['pod'];
}

/** Notes of leases that ended within the same ten minutes are written together, and those of a day lie together. */
const PERIOD_MS = 10 * 60 * 1000;
const PERIODS_OF_DAY = 144;
export const periodOf = (at: number): number => Math.floor(at / PERIOD_MS);
export const dayOfPeriod = (period: number): number => Math.floor(period / PERIODS_OF_DAY);
/** The first period of the day after. */
export const dayEnd = (period: number): number => (dayOfPeriod(period) + 1) * PERIODS_OF_DAY;

/** Of one lane, the periods from one on, up to another one of the same day, which is not among them. */
export interface NoteSpan {
  readonly lane: string;
  readonly from: number;
  readonly to: number;
}

/** Who changed what, or tried to. It is written before the change, and completed after it. */
export interface AuditEntry {
  /** Unique: with `at` the entry's key. */
  readonly id: string;
  readonly at: number;
  readonly by: string;
  readonly action: 'pool.created' | 'pool.changed' | 'pool.deleted' | 'node.declared-dead';
  /** `<vrf>/<name>` of a pool, or a node's id. */
  readonly subject: string;
  /** `begun` for good: whoever carried it out was interrupted, so that it may have happened or not. */
  readonly outcome: 'begun' | 'done' | 'refused';
  readonly before?: unknown;
  readonly after?: unknown;
}

/** How full a pool was at a time. */
export interface UseSample {
  readonly at: number;
  /** Slots, or blocks where they belong to nodes, that are taken, and all of them. */
  readonly taken: number;
  readonly capacity: number;
}
