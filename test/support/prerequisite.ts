/** Tests that need more than the npm registry gives: skipped with one line where it is missing, never skipped in CI. */

/**
 * True where nothing is missing.
 * @param inCi `may be missing`: what CI may fail to get, since it comes from a place that none of the rest needs
 * @throws Error in CI, where nothing else may be skipped
 */
export function available(
  what: string,
  missing: readonly string[],
  inCi: 'must be there' | 'may be missing' = 'must be there',
): boolean {
  if (missing.length === 0) return true;
  const line = `${what}: skipped, since these are missing: ${missing.join(', ')}`;
  if (process.env.CI && inCi === 'must be there') throw new Error(line);
  process.stderr.write(`${line}\n`);
  return false;
}
