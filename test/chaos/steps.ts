/**
 * Who goes on next, over a real database: one actor at a time, picked by the seed, at each request to the store. While a request
 * is in the database nobody else goes on, so a run has one order, however fast the machine is.
 */
import type { Chance } from '../linearizability/chance.ts';

export interface Steps {
  /** @param weight how likely its turn comes next, beside others that wait; 1 is usual */
  next(weight?: number): Promise<void>;
  /** What takes real time: nobody's turn comes before it is over. */
  outside<T>(act: () => Promise<T>): Promise<T>;
  /** Runs until `all` is settled and nobody waits any more. */
  run<T>(all: Promise<T>): Promise<T>;
}

/** What is loaded already comes after a few turns of the event loop. */
const TURNS = 3;
const soon = () => new Promise<void>((goOn) => setImmediate(goOn));

export function steps(chance: Chance): Steps {
  const waiting: { readonly weight: number; readonly goOn: () => void }[] = [];
  let underWay = 0;
  let whenOver: (() => void) | undefined;

  /** Until all that can go on without a turn has done so. */
  async function quiet(): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < TURNS; turn += 1) await soon();
      if (underWay === 0) return;
      await new Promise<void>((over) => {
        whenOver = over;
      });
    }
  }
  function take() {
    let left = chance.next() * waiting.reduce((sum, { weight }) => sum + weight, 0);
    const found = waiting.findIndex(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    return waiting.splice(found < 0 ? waiting.length - 1 : found, 1)[0];
  }
  return {
    next: (weight = 1) => new Promise((goOn) => waiting.push({ weight, goOn })),
    async outside(act) {
      underWay += 1;
      try {
        return await act();
      } finally {
        underWay -= 1;
        if (underWay === 0) whenOver?.();
      }
    },
    async run(all) {
      let settled = false;
      const end = () => {
        settled = true;
      };
      all.then(end, end);
      for (;;) {
        await quiet();
        const one = take();
        if (one) one.goOn();
        else if (settled) return all;
        else throw new Error('nobody waits for a turn, and yet not all is done');
      }
    },
  };
}
