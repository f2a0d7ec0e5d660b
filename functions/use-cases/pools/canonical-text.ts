/** A value as text to compare by: a map that was stored comes back with its keys in another order. */
export const canonicalText = (value: unknown): string | undefined => JSON.stringify(value, sorted);

const sorted = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
