/** How many leases are held, kept up by the changes of the leases table: of a pool, and of each namespace in it. */
import type { BegunLease, EndedLease } from './history.ts';
import type { IdentityKey } from './identity.ts';
import type { SlotKey } from './slot-ref.ts';

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
  /** Of a pool's counter: the namespaces that are counted in its item, absent where there is none. */
  readonly beside?: ReadonlyMap<string, Tally>;
}

/** What of a counter is of one namespace: as in `Counter`. */
export type Tally = Pick<Counter, 'held' | 'changes'>;

/** Changes of one shard, in their order; sequences are decimal text that grows along a shard. */
export interface CountedChanges {
  readonly shard: string;
  readonly first: string;
  readonly last: string;
  /** The sum of them, and how many they are. */
  readonly held: number;
  readonly changes: number;
  readonly now: number;
  /** Of a pool's: what of it is of the namespaces in its item. */
  readonly beside?: ReadonlyMap<string, Tally>;
  /** Where namespaces are among them that come into the item by it: how many it had, and how many come. */
  readonly joining?: { readonly had: number; readonly come: number };
}

/**
 * So that a batch is one write of a write unit: the first namespaces of a pool are counted in the pool's own item, as many as
 * have room there. In bytes: two attributes of a name, and what is theirs.
 */
const ROOM_BESIDE = 500;
const roomOf = (namespace: string): number => 2 * new TextEncoder().encode(namespace).length + 16;

/**
 * Which of these are counted in the pool's item, and which of those come into it. What has come stays, so that there is never
 * more room than there was: where a namespace is counted is settled once, whoever asks and however long ago he looked.
 * @param known those in the item, as it was at some time
 */
export function placesBeside(
  wanted: Iterable<string>,
  known: ReadonlySet<string>,
): { readonly beside: ReadonlySet<string>; readonly joining: readonly string[] } {
  let taken = [...known].reduce((sum, namespace) => sum + roomOf(namespace), 0);
  const beside = new Set<string>();
  const joining: string[] = [];
  for (const namespace of wanted) {
    if (!known.has(namespace)) {
      if (taken + roomOf(namespace) > ROOM_BESIDE) continue;
      taken += roomOf(namespace);
      joining.push(namespace);
    }
    beside.add(namespace);
  }
  return { beside, joining };
}

/** A namespace's counter: its own item, and what of the pool's is its. Corrections are in its own. */
export function ofNamespace(own: Counter | undefined, beside: Tally | undefined): Counter | undefined {
  if (beside === undefined) return own;
  const { held, changes, ...rest } = own ?? { held: 0, changes: 0, recounts: 0, recountedAt: 0, counted: new Map() };
  return { ...rest, held: held + beside.held, changes: changes + beside.changes };
}

/** Of each namespace, wherever it is counted. */
export function allNamespaces(own: ReadonlyMap<string, Counter>, total: Counter | undefined): Map<string, Counter> {
  const all = new Map(own);
  for (const [namespace, tally] of total?.beside ?? []) {
    const counter = ofNamespace(own.get(namespace), tally);
    if (counter) all.set(namespace, counter);
  }
  return all;
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
  /** Whose slot it was, and is not any more: another one has it, or nobody ever will. */
  readonly displaced?: { readonly identity: IdentityKey; readonly slot: SlotKey };
}

/** Where they were not added: the last change of the shard that was counted, and the namespaces that are counted beside the total. */
export type AddedChanges =
  | { readonly added: true }
  | { readonly added: false; readonly counted?: string; readonly beside: ReadonlySet<string> };
