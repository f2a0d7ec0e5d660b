/** Measures several contenders in turn, so that a machine whose speed drifts slows all of them. */
import type { Samples } from './spread.ts';

export interface Contender {
  readonly name: string;
  /**
   * One measured run. What it returns is the sample: preparing and clearing up are not in it.
   * @throws Error where what was measured did not succeed
   */
  readonly once: () => number | Promise<number>;
}

export interface Rounds {
  /** Each contender is measured once in each. */
  readonly rounds: number;
  /** Before them, thrown away. */
  readonly warmUp: number;
  readonly progress: (text: string) => void;
}

/** @returns the samples of each contender, in the order of `contenders`; those at the same place are of one round */
export async function inTurn(
  contenders: readonly Contender[],
  { rounds, warmUp, progress }: Rounds,
): Promise<Samples[]> {
  const taken = contenders.map(({ name }) => ({ name, samples: [] as number[] }));
  const indices = contenders.map((_, index) => index);
  for (let round = -warmUp; round < rounds; round += 1) {
    progress(round < 0 ? `warming up, ${-round} to go` : `round ${round + 1} of ${rounds}`);
    // There and back: none of them always runs after the same one.
    for (const index of round % 2 === 0 ? indices : indices.toReversed()) {
      const sample = await contenders[index]?.once();
      if (round >= 0 && sample !== undefined) taken[index]?.samples.push(sample);
    }
  }
  return taken;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
