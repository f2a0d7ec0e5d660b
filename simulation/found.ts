/** A play that finds out a condition or decision that was taken away. */
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
