/** Numbers and times as people read them. */
const grouped = new Intl.NumberFormat('en');
export const numberText = (value: number | bigint): string => grouped.format(value);

/** Of decimal text, which may be more than a double counts: then as a power of two. */
export function sizeText(decimal: string): string {
  const value = BigInt(decimal);
  return value < 10_000_000n ? numberText(value) : `2^${value.toString(2).length - 1}`;
}

export function percentText(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  if (share < 1 && share > 0.99) return '> 99 %';
  return `${Math.round(share * 100)} %`;
}

const STEPS: readonly (readonly [limit: number, unit: string, seconds: number])[] = [
  [90, 's', 1],
  [90 * 60, 'min', 60],
  [36 * 3600, 'h', 3600],
  [Number.POSITIVE_INFINITY, 'd', 86_400],
];

/** `4 min`, of milliseconds. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [, unit, size] = STEPS.find(([limit]) => seconds < limit) ?? [0, 's', 1];
  return `${Math.round(seconds / size)} ${unit}`;
}

export const agoText = (time: string, now = Date.now()): string => `${spanText(now - Date.parse(time))} ago`;

const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
export const timeText = (time: string): string => local.format(new Date(time));

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
export const dayText = (time: string | number | Date): string => day.format(new Date(time));
