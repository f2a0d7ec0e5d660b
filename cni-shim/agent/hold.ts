/** Hysteresis: something is held once it was wanted for some time without a break, and let go once it was not for some time. */
export interface Hold {
  readonly held: boolean;
  /** Milliseconds since 1970: since when the other is so. */
  readonly turnedAt: number | undefined;
}

export interface HoldTimes {
  readonly setAfterMs: number;
  readonly clearAfterMs: number;
}

export const notHeld: Hold = { held: false, turnedAt: undefined };

/** It is there, whoever set it: it goes no sooner than one that was set here. */
export const found = (hold: Hold): Hold => (hold.held ? hold : { held: true, turnedAt: undefined });

export function nextHold(
  { held, turnedAt }: Hold,
  wanted: boolean,
  now: number,
  { setAfterMs, clearAfterMs }: HoldTimes,
): Hold {
  if (wanted === held) return { held, turnedAt: undefined };
  // A clock that was set back begins anew.
  const since = turnedAt === undefined || turnedAt > now ? now : turnedAt;
  if (now - since < (wanted ? setAfterMs : clearAfterMs)) return { held, turnedAt: since };
  return { held: wanted, turnedAt: undefined };
}
