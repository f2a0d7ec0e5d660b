/** How long who repeats a request waits first: twice as long each time, up to a bound. */
export interface BackOff {
  /** Milliseconds. */
  readonly first: number;
  readonly longest: number;
}

/** Milliseconds, before chance is taken into account. @param repeats how often it was repeated already: 0 is the first time */
export const pauseOf = ({ first, longest }: BackOff, repeats: number): number =>
  Math.min(longest, first * 2 ** repeats);
