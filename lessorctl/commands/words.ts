/** Times, shares and states in the words and tones of a table. */
import type { Cell, Tone } from '../print/cell.ts';
import { NONE, toned } from '../print/cell.ts';

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** As kubectl shows ages: `45s`, `3m20s`, `5h`, `12d`. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const index = UNITS.findIndex(([, size]) => seconds >= size);
  const [unit, size] = UNITS[index] ?? ['s', 1];
  const whole = Math.floor(seconds / size);
  const [finer, finerSize] = UNITS[index + 1] ?? ['s', 1];
  const rest = Math.floor((seconds - whole * size) / finerSize);
  return whole < 10 && rest > 0 && finer !== unit ? `${whole}${unit}${rest}${finer}` : `${whole}${unit}`;
}

export const ageCell = (at: string | undefined, now: number): Cell =>
  at === undefined ? NONE : spanText(now - Date.parse(at));

/** RFC 3339 without parts of a second. */
export const timeText = (at: string): string => at.replace(/\.\d+/, '');

export const orNone = (text: string | undefined): Cell => (text === undefined || text === '' ? NONE : text);

const TONES: Readonly<Record<string, Tone>> = {
  active: 'good',
  held: 'good',
  claimed: 'good',
  done: 'good',
  whole: 'good',
  alive: 'good',
  draining: 'waits',
  cooling: 'waits',
  releasing: 'waits',
  begun: 'waits',
  waits: 'waits',
  closing: 'bad',
  sealed: 'bad',
  dead: 'bad',
  refused: 'bad',
  unusable: 'bad',
  free: 'faint',
};

export const stateCell = (state: string): Cell => toned(state, TONES[state]);

/** From there on a pool is said to be filling up, and full. */
const [FILLING, FULL] = [0.8, 0.95];

/** Of numbers as decimal text, which may be more than a double can count. */
export function shareCell(part: string | number, whole: string): Cell {
  const all = Number(whole);
  if (all === 0) return NONE;
  const share = Number(part) / all;
  const text = share > 0 && share < 0.01 ? '<1%' : `${Math.floor(share * 100)}%`;
  return toned(text, share >= FULL ? 'bad' : share >= FILLING ? 'waits' : undefined);
}

/** `1 pool`, `2 pools`. */
export const counted = (count: number | string, one: string, several = `${one}s`): string =>
  `${count} ${String(count) === '1' ? one : several}`;

/** More digits than a column has room for. */
const MOST_DIGITS = 9;

/** 18446744073709551615 is hard to read: it is 1.8e19. */
export const sizeText = (count: string): string =>
  count.length > MOST_DIGITS ? Number(count).toExponential(1).replace('+', '') : count;

/** Pods that the runtime did not name are one namespace to the service. */
export const namespaceCell = (namespace: string): Cell =>
  namespace === '' ? { text: '(pods without a name)', tone: 'faint' } : namespace;
