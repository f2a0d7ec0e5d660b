/** Tests that need more than the npm registry gives: skipped with one line where it is missing, never skipped in CI. */

/** True where nothing is missing. @throws Error in CI, where nothing may be skipped */
export function available(what: string, missing: readonly string[]): boolean {
  if (missing.length === 0) return true;
  const line = `${what}: skipped, since these are missing: ${missing.join(', ')}`;
  if (process.env.CI) throw new Error(line);
  process.stderr.write(`${line}\n`);
  return false;
}
