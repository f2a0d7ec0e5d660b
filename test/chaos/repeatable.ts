/**
 * What a run takes from chance without asking for it comes from its seed too: journals and nonces. Several runs may go on at once.
 * Signatures, which nobody looks at here, take no time.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { vi } from 'vitest';
import { type Chance, chanceOf } from '../linearizability/chance.ts';

/** Of a journal's id, and of the second half of a nonce. */
const BYTES = 8;
const chances = new AsyncLocalStorage<Chance>();

/** Until `vi.restoreAllMocks`. */
export function makeRepeatable(): void {
  const random = crypto.getRandomValues.bind(crypto);
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    const chance = chances.getStore();
    if (chance === undefined || !(array instanceof Uint8Array) || array.length !== BYTES) return random(array as never);
    for (let index = 0; index < BYTES; index += 1) array[index] = chance.under(256);
    return array;
  });
  vi.spyOn(crypto.subtle, 'digest').mockResolvedValue(new ArrayBuffer(32));
  vi.spyOn(crypto.subtle, 'sign').mockResolvedValue(new ArrayBuffer(32));
  vi.spyOn(crypto.subtle, 'importKey').mockResolvedValue({} as Awaited<ReturnType<typeof crypto.subtle.importKey>>);
}

export const bySeed = <T>(seed: number, act: () => Promise<T>): Promise<T> => chances.run(chanceOf(~seed), act);
