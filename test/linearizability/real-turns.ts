/** Turns that nobody gives: requests meet in a real database as they come. Late ones come some milliseconds later. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { Turns } from './turns.ts';

const LATE_MS = 60;

export function realTurns(chance: Chance): Turns {
  const underWay = new Set<Promise<void>>();
  return {
    next(weight = 1) {
      const turn = weight < 1 ? sleep(chance.under(LATE_MS)) : new Promise<void>((goOn) => setImmediate(goOn));
      underWay.add(turn);
      return turn.finally(() => underWay.delete(turn));
    },
    async run(all) {
      const result = await all;
      // What is still under way was sent by nobody who waits.
      for (let idle = 0; idle < 3; idle = underWay.size === 0 ? idle + 1 : 0) await sleep(LATE_MS);
      return result;
    },
  };
}
