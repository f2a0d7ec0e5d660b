/**
 * A failing play made small: acts are left out, and kinds of faults, as long as what is left violates the same property (Zeller
 * and Hildebrandt, "Simplifying and isolating failure-inducing input"). What an act draws hangs on its number alone.
 */
import type { PlayOrder } from './plays.ts';
import type { Run } from './run.ts';
import { faults } from './weather.ts';

/** Plays of a shrinking. */
const MOST_TRIES = 300;

export interface Shrunk {
  readonly order: PlayOrder;
  readonly run: Run;
  readonly tries: number;
}

/** @param run of `order`, which has a violation */
export async function shrink(order: PlayOrder, run: Run, play: (order: PlayOrder) => Promise<Run>): Promise<Shrunk> {
  const property = run.violations[0]?.property;
  let best: { order: PlayOrder; run: Run } = { order: run.isHealed ? order : { ...order, isHealed: false }, run };
  let tries = 0;
  async function holds(smaller: PlayOrder): Promise<boolean> {
    if (tries >= MOST_TRIES) return false;
    tries += 1;
    const result = await play(smaller);
    if (result.violations[0]?.property !== property) return false;
    best = { order: smaller, run: result };
    return true;
  }
  let acts = order.only ?? Array.from({ length: run.counts.begun }, (_, number) => number);
  const withActs = (only: readonly number[]): PlayOrder => ({ ...best.order, only, acts: (only.at(-1) ?? 0) + 1 });
  for (let size = Math.ceil(acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    // The last ones first: what happens after the violation has nothing to do with it.
    for (let end = acts.length; end > 0; end -= size) {
      const rest = [...acts.slice(0, Math.max(0, end - size)), ...acts.slice(end)];
      if (await holds(withActs(rest))) acts = rest;
    }
  }
  for (const fault of faults) {
    const { without = [] } = best.order;
    if (!without.includes(fault)) await holds({ ...best.order, without: [...without, fault] });
  }
  return { ...best, tries };
}
