/** Turns that nobody gives: requests meet in a real database as they come. Late ones come some milliseconds later. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { Turns } from './turns.ts';

const LATE_MS = 60;

export function realTurns(chance: Chance): Turns {
  const unheard = new Set<Promise<unknown>>();
  return {
    next: (weight = 1) => (weight < 1 ? sleep(chance.under(LATE_MS)) : new Promise((goOn) => setImmediate(goOn))),
    later(work) {
      const carriedOut = sleep(chance.under(LATE_MS))
        .then(work)
        .catch(() => undefined)
        .finally(() => unheard.delete(carriedOut));
      unheard.add(carriedOut);
    },
    async run(all) {
      const result = await all;
      // A slow database may carry one out long afterwards: after the last look, were it not waited for.
      await Promise.all(unheard);
      return result;
    },
  };
}
