/** How full a pool is, in levels of which each change is told once. */

export const fillLevels = ['room', 'near', 'full'] as const;
/** `near`: of exhaustion. */
export type FillLevel = (typeof fillLevels)[number];

export interface PoolFill {
  readonly level: FillLevel;
  /** 0 to 1: what was in use when the level was noted. */
  readonly use: number;
  /** Milliseconds since 1970: when it was noted. */
  readonly at: number;
  /** Counts the changes of the level. */
  readonly turn: number;
}

export const neverFilled: PoolFill = { level: 'room', use: 0, at: 0, turn: 0 };

/** As the alarm pool-filling has it. */
const NEAR_FROM = 0.85;
/** Of a pool whose use goes up and down a little each change is not told again. */
const NEAR_UNTIL = 0.75;
const FULL_UNTIL = 0.95;

/** @param use 0 to 1 */
export function levelAfter(before: FillLevel, use: number): FillLevel {
  if (use >= 1 || (before === 'full' && use >= FULL_UNTIL)) return 'full';
  if (use >= NEAR_FROM || (before !== 'room' && use >= NEAR_UNTIL)) return 'near';
  return 'room';
}

/** To a tenth; 100 only where nothing is free. @param use 0 to 1 */
export const percentOf = (use: number): number => (use >= 1 ? 100 : Math.min(99.9, Math.round(use * 1000) / 10));

export const isFuller = (level: FillLevel, than: FillLevel): boolean =>
  fillLevels.indexOf(level) > fillLevels.indexOf(than);
