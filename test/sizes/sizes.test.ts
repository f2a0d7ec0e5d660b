/** Every operation at the size that the product is for: within its time, its answer within its bytes, and as docs/sizes.md says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { most } from '../../core/contract/limits.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { world } from '../functions/world.ts';
import { inLong } from '../support/long.ts';
import { FUNCTION_MS } from './cost.ts';
import { limitRows } from './limits.ts';
import { sized } from './operations.ts';
import { costAt, row, tooMuch } from './table.ts';
import { virtualTime } from './virtual-time.ts';

const page = readFileSync('docs/sizes.md', 'utf8');

/** The largest take too long to be made each time: `npm run test:long` has them too. */
const LARGEST = inLong(Number.POSITIVE_INFINITY, 20_000);

describe('at the size that the product is for', () => {
  it.each(sized.filter((one) => one.most < LARGEST))(
    '$operation, $most $of: in time, in pages, as the documentation says',
    async (one) => {
      const [small, large] = [await costAt(one, 1), await costAt(one, one.most)];
      expect([...tooMuch(small, most.answerBytes), ...tooMuch(large, most.answerBytes)]).toEqual([]);
      expect(page).toContain(row(one, small, large));
    },
  );
});

describe('docs/sizes.md', () => {
  it.each(limitRows())('has the limit %s', (line) => expect(page).toContain(line));
});

describe('the check', () => {
  it('finds an operation that asks for everything at once, one after the other too late, or answers too much', async () => {
    const spend = (act: (ask: () => Promise<unknown>) => Promise<unknown>) => ({
      operation: 'spending',
      of: 'things',
      most: 1,
      prepare: async () => ({
        here: world(),
        request: (deps: Dependencies) => act(() => deps.store.pools.readPool('none')),
      }),
    });
    const found = async (act: Parameters<typeof spend>[0]) => tooMuch(await costAt(spend(act), 1), most.answerBytes);
    expect(await found((ask) => Promise.all(Array.from({ length: 301 }, ask)))).toEqual(['sends 301 requests at once']);
    const oneByOne = async (ask: () => Promise<unknown>) => {
      for (let n = 0; n <= FUNCTION_MS / 4; n += 1) await ask();
    };
    expect(await found(oneByOne)).toEqual(['takes 10004 ms']);
    expect(await found(async () => 'x'.repeat(most.answerBytes))).toEqual(['answers 1000002 bytes']);
  });

  it('measures what runs side by side by the longest', async () => {
    const time = virtualTime();
    await time.during(() => Promise.all([time.sleep(5), time.sleep(9), time.sleep(2).then(() => time.sleep(4))]));
    expect(time.now()).toBe(9);
    await expect(time.during(() => new Promise(() => undefined))).rejects.toThrow('waits for something else');
  });
});
