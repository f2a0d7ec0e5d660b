/** Chance that a seed decides: the same one again gives the same run. */
export interface Chance {
  /** 0 or more, less than 1. */
  next(): number;
  happens(probability: number): boolean;
  /** From 0 up to, but not including, `below`. */
  under(below: number): number;
  pick<T>(from: readonly T[]): T;
}

/** mulberry32. */
export function chanceOf(seed: number): Chance {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const under = (below: number) => Math.floor(next() * below);
  return {
    next,
    happens: (probability) => next() < probability,
    under,
    pick: (from) => {
      const picked = from[under(from.length)];
      if (picked === undefined) throw new RangeError('there is nothing to pick from');
      return picked;
    },
  };
}
