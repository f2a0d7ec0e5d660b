/** How much of a loop over requests is under way at once. */

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
