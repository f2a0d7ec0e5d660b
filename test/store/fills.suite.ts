/** What is kept of how full pools are, in every store. */
import { expect, it } from 'vitest';
import type { PoolFill } from '../../core/protocol/fill.ts';
import type { Store } from '../../core/store.ts';
import { newId, type RecordRefusal } from './refusals.ts';

const near: PoolFill = { level: 'near', use: 0.9, at: 5_000, turn: 1 };
const full: PoolFill = { level: 'full', use: 1, at: 6_000, turn: 2 };

export function fillsSuite(open: () => Store): void {
  it('are kept with the time and the turn of their last change', async () => {
    const { fills } = open();
    const pool = newId();
    expect(await fills.read(pool)).toBeUndefined();
    expect(await fills.note(pool, near)).toBe(true);
    expect(await fills.read(pool)).toEqual(near);
    expect(await fills.note(pool, full)).toBe(true);
    expect(await fills.read(pool)).toEqual(full);
  });
}

const refused =
  (before: readonly PoolFill[], note: PoolFill) =>
  async ({ fills }: Store) => {
    const pool = newId();
    for (const fill of before) await fills.note(pool, fill);
    expect(await fills.note(pool, note)).toBe(false);
    expect(await fills.read(pool)).toEqual(before.at(-1));
  };

export const fillRefusals: readonly RecordRefusal[] = [
  { condition: 'fillAbsent', because: 'two note the first level', expectRefused: refused([near], near) },
  {
    condition: 'turnBefore',
    because: 'another has noted a level meanwhile',
    expectRefused: refused([near, full], { ...near, turn: 2 }),
  },
];
