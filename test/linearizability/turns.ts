/**
 * Who goes on next. Every actor waits for its turn before each request to the store is carried out and before its answer is
 * read, so that the order of a whole run is one sequence of picks, which the seed decides.
 */
import type { Chance } from './chance.ts';

export interface Turns {
  /** @param weight how likely its turn comes next, beside others that wait; 1 is usual */
  next(weight?: number): Promise<void>;
  /** What is carried out while much else happens, or after all of it, for nobody who waits. */
  later(work: () => Promise<unknown>): void;
  /** Runs until `all` is settled, nobody waits any more, and what was for later is carried out. */
  run<T>(all: Promise<T>): Promise<T>;
}

/** What stays under way while much else happens. */
export const SELDOM = 1 / 40;

/** Of a request whose sender gave up. */
const ignored = () => undefined;

export function turns(chance: Chance): Turns {
  const waiting: { readonly weight: number; readonly goOn: () => void }[] = [];
  const take = () => {
    let left = chance.next() * waiting.reduce((sum, { weight }) => sum + weight, 0);
    const found = waiting.findIndex(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    return waiting.splice(found < 0 ? waiting.length - 1 : found, 1)[0];
  };
  const next = (weight = 1) => new Promise<void>((goOn) => waiting.push({ weight, goOn }));
  return {
    next,
    later: (work) => void next(SELDOM).then(work).catch(ignored),
    async run(all) {
      let settled = false;
      const end = () => {
        settled = true;
      };
      all.then(end, end);
      for (;;) {
        // Everything that can go on without a turn does so first.
        await new Promise(setImmediate);
        const one = take();
        if (one) one.goOn();
        else if (settled) return all;
        else throw new Error('nobody waits for a turn, and yet not all is done');
      }
    },
  };
}
