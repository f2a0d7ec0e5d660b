/** Times and spans as a user writes them: `90m` is so long, or so long ago; or RFC 3339. */
import { patterns } from '../../core/contract/limits.ts';
import { wrong } from '../settings/wrong.ts';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
const SPAN = /^(?<count>\d{1,6})(?<unit>[smhdw])$/;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Milliseconds; undefined where it is no span. */
function spanOf(text: string): number | undefined {
  const { count, unit } = SPAN.exec(text)?.groups ?? {};
  return count === undefined ? undefined : Number(count) * SECONDS[unit as keyof typeof SECONDS] * 1_000;
}

/** Milliseconds. @param option as the user names it. @throws LessorError `request.invalid` */
export function readSpan(option: string, text: string): number {
  const span = spanOf(text);
  if (span !== undefined) return span;
  throw wrong(`${option} ${JSON.stringify(text)} is no span of time`, 'write it like 90s, 30m, 4h, 2d or 1w');
}

/** RFC 3339. @throws LessorError `request.invalid` */
export function readTime<T extends string | undefined>(
  option: string,
  text: T,
  now: number,
): T extends string ? string : undefined;
export function readTime(option: string, text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const span = spanOf(text);
  if (span !== undefined) return new Date(now - span).toISOString();
  const whole = DAY.test(text) ? `${text}T00:00:00Z` : text;
  if (patterns.time.test(whole) && !Number.isNaN(Date.parse(whole))) return whole;
  throw wrong(
    `${option} ${JSON.stringify(text)} is no time`,
    'write it like 2h (so long ago), 2026-01-31 (UTC) or 2026-01-31T12:00:00Z',
  );
}
