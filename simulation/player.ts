/** Plays what it is ordered to, in this process. */
import { makeMistake } from './edits.ts';
import { brokenBy, mutants } from './mutants.ts';
import type { PlayOrder } from './plays.ts';
import { bySeed } from './repeatable.ts';
import { type Run, simulate } from './run.ts';
import { type Shrunk, shrink } from './shrink.ts';
import type { Fault } from './weather.ts';

function play({ mutant, only, without, ...order }: PlayOrder): Promise<Run> {
  const { broken } = mutant === undefined ? {} : (mutants[mutant] ?? { broken: brokenBy(mutant) });
  makeMistake(mutant);
  return bySeed(order.seed, () =>
    simulate({
      ...order,
      ...(broken && { broken }),
      only: only && new Set(only),
      without: without && new Set(without as Fault[]),
    }),
  );
}

export interface Played {
  readonly order: PlayOrder;
  readonly run: Run;
  readonly shrunk?: Shrunk | undefined;
}

/** @param isShrunk a failing one is made small */
export async function played(order: PlayOrder, isShrunk: boolean): Promise<Played> {
  const run = await play(order);
  if (run.violations.length === 0) return { order, run: { ...run, trace: [] } };
  return { order, run, ...(isShrunk && { shrunk: await shrink(order, run, play) }) };
}
