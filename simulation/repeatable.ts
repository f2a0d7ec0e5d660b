/**
 * What a run takes from chance without asking for it comes from its seed too: journals and nonces. Signatures, which nobody looks
 * at here, take no time, and how long a request may take is told in the run's time.
 */
import { type Chance, chanceOf } from '../test/linearizability/chance.ts';

/** Of a journal's id, and of the second half of a nonce. */
const BYTES = 8;
const patience = new WeakMap<AbortSignal, number>();
let chance: Chance | undefined;

/** Milliseconds that a request with this signal may take; no end where nothing is known of it. */
export const patienceOf = (signal: AbortSignal | null | undefined): number =>
  (signal && patience.get(signal)) ?? Number.POSITIVE_INFINITY;

/** @return what makes all as it was */
export function makeRepeatable(): () => void {
  const random = crypto.getRandomValues;
  const { digest, sign, importKey } = crypto.subtle;
  const { timeout } = AbortSignal;
  const getRandomValues: typeof random = (array) => {
    if (chance === undefined || !(array instanceof Uint8Array) || array.length !== BYTES)
      return random.call(crypto, array as never) as never;
    for (let index = 0; index < BYTES; index += 1) array[index] = chance.under(256);
    return array;
  };
  const nothing = async () => new ArrayBuffer(32);
  Object.assign(crypto, { getRandomValues });
  Object.assign(crypto.subtle, { digest: nothing, sign: nothing, importKey: async () => ({}) });
  AbortSignal.timeout = (milliseconds) => {
    const { signal } = new AbortController();
    patience.set(signal, milliseconds);
    return signal;
  };
  return () => {
    Object.assign(crypto, { getRandomValues: random });
    Object.assign(crypto.subtle, { digest, sign, importKey });
    AbortSignal.timeout = timeout;
  };
}

/** One run at a time. */
export async function bySeed<T>(seed: number, act: () => Promise<T>): Promise<T> {
  chance = chanceOf(~seed);
  try {
    return await act();
  } finally {
    chance = undefined;
  }
}
