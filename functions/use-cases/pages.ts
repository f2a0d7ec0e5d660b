/**
 * Lists in pages. A page ends before its JSON would be longer than an answer may be, and before the time of the request is
 * up; then it has a cursor with which the list goes on. So a list is never refused for its length.
 */
import pMap from 'p-map';
import { most as limits } from '../../core/contract/limits.ts';
import type { Call } from './dependencies.ts';
import { asyncChunks } from './in-flight.ts';

/** The more at once, the more is read in vain where a page is full before. */
const KEYS_AT_ONCE = 16;
const KEYS_A_PAGE = 1024;
/** Milliseconds that must remain when reading goes on: for a request that is tried twice, and for the answer. */
const RESERVE_MS = 2_500;
/** What is around the rows: names of fields, the cursor. */
const ENVELOPE_BYTES = 500;

export interface Listing<Key, Row> {
  /** What is read as a whole, in the order of the list: a block, a pool. */
  readonly keys: Iterable<Key> | AsyncIterable<Key>;
  readonly read: (key: Key) => Promise<readonly Row[]>;
  /** The cursor with which the list goes on behind a key. */
  readonly after: (key: Key) => string;
  /** That with which it goes on at a row of a key, where the rows of one key may be more than a page has room for. */
  readonly at?: (key: Key, row: Row) => string;
  /** Keys of one page at most. */
  readonly keysAPage?: number;
  /** What else the answer has beside the rows. */
  readonly beside?: unknown;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** At least one key's rows, as far as they fit: each page gets on, however little time there is. @throws what `read` throws */
export async function pageOf<Key, Row>(
  { remainingMs }: Pick<Call, 'remainingMs'>,
  { keys, read, after, at, keysAPage = KEYS_A_PAGE, beside = '' }: Listing<Key, Row>,
): Promise<Page<Row>> {
  const rows: Row[] = [];
  let room = limits.answerBytes - ENVELOPE_BYTES - bytesOf(beside);
  let taken = 0;
  let last: Key | undefined;
  for await (const next of asyncChunks(keys, KEYS_AT_ONCE)) {
    const some = next.slice(0, keysAPage - taken);
    if (last !== undefined && (some.length === 0 || remainingMs() < RESERVE_MS))
      return { rows, nextCursor: after(last) };
    const found = await pMap(some, async (key) => ({ key, rows: await read(key) }), { concurrency: KEYS_AT_ONCE });
    for (const one of found) {
      const { count, bytes } = thatFit(one.rows, room);
      if (count < one.rows.length && rows.length > 0 && last !== undefined) return { rows, nextCursor: after(last) };
      // Of the first one as much as there is room for, and one row in any case.
      const most = at === undefined ? one.rows.length : Math.max(1, count);
      for (const row of one.rows.slice(0, most)) rows.push(row);
      const rest = one.rows[most];
      if (at !== undefined && rest !== undefined) return { rows, nextCursor: at(one.key, rest) };
      room -= bytes;
      taken += 1;
      last = one.key;
    }
    if (last !== undefined && some.length < next.length) return { rows, nextCursor: after(last) };
  }
  return { rows };
}

/** How many of `rows`, from the first one on, fit into so many bytes of JSON. */
function thatFit(rows: readonly unknown[], room: number): { readonly count: number; readonly bytes: number } {
  let bytes = 0;
  for (const [count, row] of rows.entries()) {
    const size = bytesOf(row) + 1;
    if (bytes + size > room) return { count, bytes };
    bytes += size;
  }
  return { count: rows.length, bytes };
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
