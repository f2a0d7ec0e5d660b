/** What became of each condition and decision, taken away: by which play it is found out, or why by none. */
import type { ConfigurationName } from './configurations.ts';
import type { Violation } from './witness.ts';

export interface Found {
  readonly as: Violation['property'];
  readonly where: ConfigurationName;
  readonly seed: number;
  /** Of the play. */
  readonly operations: number;
  /** Until it is found out. */
  readonly after: number;
}

export const f = (as: Found['as'], where: Found['where'], seed: number, operations: number, after: number): Found => ({
  ...{ as, where, seed, operations, after },
});

export const found: Readonly<Record<string, Found>> = {};

export const notFound: Readonly<Record<string, string>> = {};
