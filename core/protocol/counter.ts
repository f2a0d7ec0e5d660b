/** How many leases are held, kept up by the changes of the leases table: of a pool, and of each namespace in it. */
import type { BegunLease, EndedLease } from './history.ts';

/** A pool's leases of one namespace; all of them where `namespace` is left out. A pod that is not known is of namespace ''. */
export interface CounterKey {
  readonly pool: string;
  readonly namespace?: string;
}

export interface Counter {
  readonly held: number;
  /** How many changes were counted, up or down. */
  readonly changes: number;
  readonly recounts: number;
  /** Milliseconds since 1970: the last recount, or before it the first change. */
  readonly recountedAt: number;
  /** Of each shard of the stream the last change that was counted, and when (ms). */
  readonly counted: ReadonlyMap<string, { readonly sequence: string; readonly at: number }>;
}

/** Changes of one shard, in their order; sequences are decimal text that grows along a shard. */
export interface CountedChanges {
  readonly shard: string;
  readonly first: string;
  readonly last: string;
  /** The sum of them, and how many they are. */
  readonly held: number;
  readonly changes: number;
  readonly now: number;
}

/** One change of one slot: who held it before, and after. */
export interface LeaseChange {
  readonly pool: string;
  /** The namespace that held it; absent where nobody did. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** Its position in the shard: decimal text. */
  readonly sequence: string;
  /** Milliseconds since 1970, as the database has it, to the second. */
  readonly changedAt?: number;
  /** The lease that is over by it, and the one that begins with it, where there is one. */
  readonly ended?: EndedLease;
  readonly began?: BegunLease;
}
