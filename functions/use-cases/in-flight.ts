/** How much of a loop over requests is under way at once, and when it ends for lack of time. */
import pMap, { pMapSkip } from 'p-map';
import type { Call } from './dependencies.ts';

/** For lists that are themselves read piece by piece: all of them in chunks of `size`, the last one as it is. */
export async function* asyncChunks<T>(all: Iterable<T> | AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let chunk: T[] = [];
  for await (const one of all) {
    chunk.push(one);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Reads of one use case, with `p-map`: less than the store's client has connections. */
export const READS_AT_ONCE = 32;

/**
 * For loops that end as soon as something is found: nothing of the next chunk is asked for before the last one was looked at.
 * @param size of the next chunk, by how many there were before
 */
export function* inChunks<T>(all: Iterable<T>, size: (before: number) => number): Generator<T[]> {
  let before = 0;
  let chunk: T[] = [];
  for (const one of all) {
    chunk.push(one);
    if (chunk.length < size(before)) continue;
    yield chunk;
    before += chunk.length;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/**
 * `each` of `all`, in their order, as long as the time suffices; what is not begun then is left out.
 * @param reserveMs what remains of the request's time must suffice for what is under way, and for an answer
 */
export async function whileTime<T, R>(
  { remainingMs }: Pick<Call, 'remainingMs'>,
  reserveMs: number,
  all: Iterable<T>,
  each: (one: T) => Promise<R>,
): Promise<R[]> {
  const begin = (one: T) => (remainingMs() < reserveMs ? pMapSkip : each(one));
  return pMap(all, begin, { concurrency: READS_AT_ONCE });
}

/** Runs what it is given, so many at once, the others in the order in which they came. */
export function atMost(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
