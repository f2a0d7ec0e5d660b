/** What the counters of every store do, and for each of their conditions a case that it alone refuses. */
import { expect, it } from 'vitest';
import type { Counter } from '../../core/protocol/counter.ts';
import type { CounterStore, Store } from '../../core/store.ts';
import { newId, type RecordRefusal } from './refusals.ts';

/** More digits than a number of JavaScript or DynamoDB holds; the second is one more, of another length than the first. */
const [FIRST, SECOND] = ['99999999999999999999999999999999999999', '100000000000000000000000000000000000000'] as const;
const batch = (first: string, last: string, held: number, changes: number) => ({
  shard: 's-1',
  first,
  last,
  held,
  changes,
  now: 5_000,
});

const state = (held: number, changes: number, last: string): Counter => ({
  held,
  changes,
  recounts: 0,
  recountedAt: 5_000,
  counted: new Map([['s-1', { sequence: last, at: 5_000 }]]),
});

export function countersSuite(open: () => Store): void {
  it('add up the changes of each batch, shard by shard', async () => {
    const { counters } = open();
    const pool = newId();
    expect(await counters.read({ pool })).toBeUndefined();
    expect(await counters.add({ pool }, batch('7', FIRST, 3, 5))).toEqual({ added: true });
    expect(await counters.read({ pool })).toEqual(state(3, 5, FIRST));
    expect(await counters.add({ pool }, batch(SECOND, SECOND, -1, 1))).toEqual({ added: true });
    expect(await counters.add({ pool }, { ...batch('8', '8', 4, 4), shard: 's-2' })).toEqual({ added: true });
    expect(await counters.read({ pool })).toMatchObject({ held: 6, changes: 10 });
  });

  it('are of a pool and of each namespace in it', async () => {
    const { counters } = open();
    const pool = newId();
    const names = [undefined, '', 'pool', 'shop'];
    for (const [index, namespace] of names.entries())
      await counters.add({ pool, ...(namespace === undefined ? {} : { namespace }) }, batch('1', '1', index, 1));
    expect((await counters.readPools()).get(pool)).toEqual(state(0, 1, '1'));
    expect([...(await counters.readNamespaces(pool))].map(([name, { held }]) => [name, held])).toEqual([
      ['', 1],
      ['pool', 2],
      ['shop', 3],
    ]);
    expect(await counters.read({ pool, namespace: 'shop' })).toEqual(state(3, 1, '1'));
    expect((await counters.readNamespaces(newId())).size).toBe(0);
  });

  it('of the first namespaces of a pool are in its own item, and add up with their own', async () => {
    const { counters } = open();
    const pool = newId();
    const beside = new Map([
      ['shop', { held: 2, changes: 4 }],
      ['', { held: -1, changes: 1 }],
    ]);
    const first = { ...batch('1', '5', 1, 5), beside, joining: { had: 0, come: 2 } };
    expect(await counters.add({ pool }, first)).toEqual({ added: true });
    const again = new Map([['shop', { held: 1, changes: 1 }]]);
    expect(await counters.add({ pool }, { ...batch('6', '6', 1, 1), beside: again })).toEqual({ added: true });
    await counters.add({ pool, namespace: 'shop' }, batch('1', '1', 10, 1));
    await counters.add({ pool, namespace: 'bank' }, batch('1', '1', 7, 1));
    expect(await counters.read({ pool })).toEqual({
      ...state(2, 6, '6'),
      beside: new Map([
        ['shop', { held: 3, changes: 5 }],
        ['', { held: -1, changes: 1 }],
      ]),
    });
    expect(await counters.read({ pool, namespace: 'shop' })).toEqual(state(13, 6, '1'));
    expect(await counters.read({ pool, namespace: '' })).toMatchObject({ held: -1, changes: 1, recounts: 0 });
    expect(await counters.read({ pool, namespace: 'gone' })).toBeUndefined();
    const held = [...(await counters.readNamespaces(pool))].map(([name, one]) => [name, one.held]);
    expect(Object.fromEntries(held)).toEqual({ '': -1, bank: 7, shop: 13 });
  });

  it('are corrected by what is added, and forget shards', async () => {
    const { counters } = open();
    const pool = newId();
    for (const shard of ['s-1', 's-2', 's-3']) await counters.add({ pool }, { ...batch('1', '2', 2, 2), shard });
    const correction = { recounts: 0, by: -2, now: 9_000, forget: ['s-2', 's-3'] };
    expect(await counters.correct({ pool }, correction)).toBe(true);
    const corrected = { ...state(4, 6, '2'), recounts: 1, recountedAt: 9_000 };
    expect(await counters.read({ pool })).toEqual(corrected);
    expect(await counters.correct({ pool }, { recounts: 1, by: 1, now: 9_500, forget: [] })).toBe(true);
    expect(await counters.read({ pool })).toEqual({ ...corrected, held: 5, recounts: 2, recountedAt: 9_500 });
    expect(await counters.correct({ pool, namespace: 'shop' }, correction)).toBe(true);
    expect(await counters.read({ pool, namespace: 'shop' })).toMatchObject({ held: -2, changes: 0, recounts: 1 });
  });

  it('add each of many batches that come at once', async () => {
    const { counters } = open();
    const pool = newId();
    const shards = Array.from({ length: 16 }, (_, index) => `s-${index}`);
    await Promise.all(shards.map((shard) => counters.add({ pool }, { ...batch('1', '9', 3, 3), shard })));
    expect(await counters.read({ pool })).toMatchObject({ held: 48, changes: 48 });
  });
}

const refused =
  (before: (counters: CounterStore, pool: string) => Promise<unknown>, last: string, again: [string, string]) =>
  async ({ counters }: Store) => {
    const pool = newId();
    await before(counters, pool);
    const was = await counters.read({ pool });
    expect(await counters.add({ pool }, batch(...again, 3, 3))).toEqual({
      added: false,
      counted: last,
      beside: new Set(),
    });
    expect(await counters.read({ pool })).toEqual(was);
  };
const comesRefused =
  (before: readonly string[], had: number) =>
  async ({ counters }: Store) => {
    const pool = newId();
    const one = { held: 1, changes: 1 };
    const some = (names: readonly string[], came: number) => ({
      beside: new Map(names.map((name) => [name, one])),
      joining: { had: came, come: names.length },
    });
    for (const [index, name] of before.entries())
      await counters.add({ pool }, { ...batch(String(index + 1), String(index + 1), 1, 1), ...some([name], index) });
    const was = await counters.read({ pool });
    const late = { ...batch('8', '9', 1, 1), ...some(['late'], had) };
    const counted = String(before.length);
    expect(await counters.add({ pool }, late)).toEqual({ added: false, counted, beside: new Set(before) });
    expect(await counters.read({ pool })).toEqual(was);
  };
const recountRefused =
  (earlier: number, recounts: number) =>
  async ({ counters }: Store) => {
    const pool = newId();
    for (let turn = 0; turn < earlier; turn += 1)
      await counters.correct({ pool }, { recounts: turn, by: 2, now: 1, forget: [] });
    const was = await counters.read({ pool });
    expect(await counters.correct({ pool }, { recounts, by: 2, now: 2, forget: [] })).toBe(false);
    expect(await counters.read({ pool })).toEqual(was);
  };

export const counterRefusals: readonly RecordRefusal[] = [
  {
    condition: 'shardUncounted',
    because: 'a batch is delivered twice',
    expectRefused: refused((counters, pool) => counters.add({ pool }, batch('5', '9', 3, 3)), '9', ['5', '9']),
  },
  {
    condition: 'shardOlder',
    because: 'a batch begins with changes that another one ended with',
    expectRefused: refused((counters, pool) => counters.add({ pool }, batch('5', '10', 3, 3)), '10', ['9', '12']),
  },
  {
    condition: 'shardOlder',
    because: 'the last change of a batch comes again',
    expectRefused: refused((counters, pool) => counters.add({ pool }, batch('5', SECOND, 3, 3)), SECOND, [
      SECOND,
      SECOND,
    ]),
  },
  {
    condition: 'besideNone',
    because: 'a namespace came into the item before the first',
    expectRefused: comesRefused(['shop'], 0),
  },
  {
    condition: 'besideUnchanged',
    because: 'another namespace has come into the item meanwhile',
    expectRefused: comesRefused(['shop', 'bank'], 1),
  },
  { condition: 'neverRecounted', because: 'two count for the first time', expectRefused: recountRefused(1, 0) },
  { condition: 'recountsUnchanged', because: 'another has recounted meanwhile', expectRefused: recountRefused(2, 1) },
];
