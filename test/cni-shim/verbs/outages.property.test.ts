/**
 * Outages, reboots and late messages, all at once, by seeds: LESSOR_SEED is the first one, and repeats a run. `npm test` plays
 * the same ones each time, `npm run test:long` new ones.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chanceOf } from '../../linearizability/chance.ts';
import { inLong } from '../../support/long.ts';
import { brokenNodes } from './broken-nodes.ts';
import { storm } from './stormy-node.ts';

const FIRST = Number(process.env.LESSOR_SEED ?? inLong(Date.now() % 1_000_000, 1000));
const SEEDS = inLong(200, 12);
const LAST = FIRST + SEEDS - 1;
/** One seed in some ninety finds the broken node out. This one does; after a change that plays it differently, a later one. */
const FINDS = 146;
const MOST_SEEDS = 400;

/** Nonces come from the seed too, and signatures, which nobody looks at, take no time: so a seed gives the same run again. */
function repeatable(seed: number): void {
  const chance = chanceOf(seed);
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint8Array) for (const index of array.keys()) array[index] = chance.under(256);
    return array;
  });
}
beforeEach(() => {
  vi.spyOn(crypto.subtle, 'digest').mockResolvedValue(new ArrayBuffer(32));
  vi.spyOn(crypto.subtle, 'sign').mockResolvedValue(new ArrayBuffer(32));
  vi.spyOn(crypto.subtle, 'importKey').mockResolvedValue({} as Awaited<ReturnType<typeof crypto.subtle.importKey>>);
});
afterEach(() => void vi.restoreAllMocks());

const stormBy: typeof storm = (seed, broken) => {
  repeatable(seed);
  return storm(seed, broken);
};

describe('A node through outages, reboots, late messages and steps of the clock', () => {
  it(`gives no address to two living containers, and in the end the table has what lives (seeds ${FIRST} to ${LAST})`, async () => {
    for (let seed = FIRST; seed <= LAST; seed++) {
      const { complaint, trace } = await stormBy(seed);
      expect(complaint, `seed ${seed}\n${trace.join('\n')}`).toBeUndefined();
    }
  }, 600_000);

  it('does the same again with the same seed', async () => {
    expect(await stormBy(7)).toEqual(await stormBy(7));
  });
});

describe('A node is found out that', () => {
  it.each(Object.entries(brokenNodes))(
    '%s',
    async (_, broken) => {
      for (let seed = FINDS; seed < FINDS + MOST_SEEDS; seed++) {
        const { complaint } = await stormBy(seed, broken);
        if (complaint === undefined) continue;
        expect(complaint).toMatch(/both live with/);
        expect((await stormBy(seed)).complaint, `seed ${seed} of a sound node`).toBeUndefined();
        return;
      }
      expect.fail(`${MOST_SEEDS} seeds found nothing`);
    },
    600_000,
  );
});
