/** Lists in pages: whatever the rows are, the pages together are the list, and none is longer than an answer may be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { most } from '../../../core/contract/limits.ts';
import { type Listing, type Page, pageOf } from '../../../functions/use-cases/pages.ts';

type Row = readonly [key: number, row: number, text: string];
type PageOf = (call: { remainingMs: () => number }, listing: Listing<number, Row>) => Promise<Page<Row>>;

interface Scene {
  /** Lengths of each key's rows, in hundredths of an answer. */
  readonly sizes: readonly (readonly number[])[];
  readonly keysAPage: number;
  /** What remains of the time at each look at the clock. */
  readonly remaining: readonly number[];
}

const scene: fc.Arbitrary<Scene> = fc.record({
  sizes: fc.array(fc.array(fc.constantFrom(0, 1, 7, 30, 60, 98), { maxLength: 4 }), { maxLength: 12 }),
  keysAPage: fc.constantFrom(1, 2, 5, 1000),
  remaining: fc.array(fc.constantFrom(0, 10_000, 10_000), { minLength: 1, maxLength: 8 }),
});

const rowOf = (key: number, row: number, size: number): Row => [
  key,
  row,
  'x'.repeat((size * most.answerBytes) / 100 - (size === 0 ? 0 : 200)),
];

/** Every page, each asked for with the cursor of the one before. */
async function pagesOf(page: PageOf, { sizes, keysAPage, remaining }: Scene): Promise<Page<Row>[]> {
  let looks = 0;
  const call = { remainingMs: () => remaining[looks++ % remaining.length] ?? 0 };
  const pages: Page<Row>[] = [];
  let cursor: string | undefined = '0.0';
  while (cursor !== undefined) {
    const [from = 0, at = 0] = cursor.split('.').map(Number);
    const keys = sizes.map((_, key) => key).filter((key) => key >= from);
    const read = async (key: number) =>
      (sizes[key] ?? []).map((size, row) => rowOf(key, row, size)).filter(([, row]) => key > from || row >= at);
    const one: Page<Row> = await page(call, {
      keys,
      read,
      after: (key) => `${key + 1}.0`,
      at: (key, [, row]) => `${key}.${row}`,
      keysAPage,
    });
    pages.push(one);
    if (pages.length > 100) throw new Error('the pages do not end');
    cursor = one.nextCursor;
  }
  return pages;
}

async function expectPages(page: PageOf, given: Scene): Promise<void> {
  const pages = await pagesOf(page, given);
  const whole = given.sizes.flatMap((sizes, key) => sizes.map((_, row) => `${key}.${row}`));
  expect(pages.flatMap(({ rows }) => rows.map(([key, row]) => `${key}.${row}`))).toEqual(whole);
  for (const one of pages) expect(Buffer.byteLength(JSON.stringify(one))).toBeLessThanOrEqual(most.answerBytes);
  for (const { rows } of pages) expect(new Set(rows.map(([key]) => key)).size).toBeLessThanOrEqual(given.keysAPage);
}

const holds = (page: PageOf) =>
  fc.assert(
    fc.asyncProperty(scene, (given) => expectPages(page, given)),
    { numRuns: 200, endOnFailure: true },
  );

describe('a list in pages', () => {
  it('is whole, each row once and in its order, and no page is longer than an answer may be', () => holds(pageOf));

  it('ends with the page that has the last row', async () => {
    const pages = await pagesOf(pageOf, { sizes: [[1], [1]], keysAPage: 1, remaining: [10_000] });
    expect(pages.map(({ rows, nextCursor }) => [rows.length, nextCursor])).toEqual([
      [1, '1.0'],
      [1, undefined],
    ]);
  });

  it('gets on with each page, however little time there is', async () => {
    const sizes = Array.from({ length: 40 }, () => [0]);
    const pages = await pagesOf(pageOf, { sizes, keysAPage: 1000, remaining: [0] });
    expect(pages.map(({ rows }) => rows.length)).toEqual([16, 16, 8]);
  });

  it('has room for what is beside the rows', async () => {
    const beside = 'x'.repeat(most.answerBytes / 2);
    const listing = { keys: [0, 1, 2], read: async () => [rowOf(0, 0, 30)], after: String, beside };
    const page = await pageOf({ remainingMs: () => 10_000 }, listing);
    expect([page.rows.length, page.nextCursor]).toEqual([1, '0']);
  });
});

describe('the property finds out pages', () => {
  it.each<[string, PageOf]>([
    ['that count no bytes', (call, listing) => pageOf(call, { ...listing, read: withoutSize(listing.read) })],
    ['that lose the rest of a key', (call, { at: _, ...listing }) => pageOf(call, { ...listing, at: listing.after })],
    [
      'that begin again with a key of which they had all',
      (call, listing) => pageOf(call, { ...listing, after: (key) => `${key}.0` }),
    ],
  ])('%s', async (_, page) => {
    await expect(holds(page)).rejects.toThrow();
  });
});

/** Rows that say nothing of their length until they are sent. */
const withoutSize = (read: (key: number) => Promise<readonly Row[]>) => async (key: number) => {
  const rows = await read(key);
  let looks = 0;
  return rows.map(([one, row, text]) => {
    const slim: unknown[] = [one, row];
    Object.defineProperty(slim, 'toJSON', { value: () => (looks++ < rows.length ? [] : [one, row, text]) });
    return slim as unknown as Row;
  });
};
