/** Several samples of one thing, as median and quartiles. */
import { quantile } from 'simple-statistics';
import type { Figure, Goal, Spread } from './section.ts';

/** @throws Error without a sample, or where one is no number */
export function spreadOf(samples: readonly number[], unit: string): Spread {
  if (samples.length === 0 || !samples.every(Number.isFinite))
    throw new Error(`no spread of these samples (${unit || 'ratios'}): ${samples.join(', ') || 'there are none'}`);
  const [low = 0, median = 0, high = 0] = [0.25, 0.5, 0.75].map((part) => quantile([...samples], part));
  return { median, low, high, runs: samples.length, unit };
}

/** The samples of one contender. */
export interface Samples {
  readonly name: string;
  readonly samples: readonly number[];
}

/**
 * One contender beside the baseline.
 * @param one and
 * @param baseline as many samples of each, of which those at the same place were taken one after the other
 */
export function figureOf(one: Samples, baseline: Samples, unit: string, goal?: Goal): Figure {
  if (one.samples.length !== baseline.samples.length)
    throw new Error(`${one.name} and ${baseline.name} have not as many samples: they are compared in pairs`);
  return {
    name: one.name,
    value: spreadOf(one.samples, unit),
    against: { name: baseline.name, value: spreadOf(baseline.samples, unit) },
    ratio: spreadOf(
      one.samples.map((sample, index) => sample / (baseline.samples[index] ?? Number.NaN)),
      '',
    ),
    ...(goal === undefined ? {} : { goal }),
  };
}
