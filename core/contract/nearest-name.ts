/** What was meant by a name that is not known, as far as spelling tells. */

/** The name that is fewest changes away; undefined where none is near: a third of a name may be wrong, one letter always. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const folded = given.toLowerCase();
  const [nearest] = names
    .map((name) => ({ name, distance: distance(folded, name.toLowerCase()) }))
    .filter((one) => one.distance <= Math.max(1, Math.floor(one.name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.name;
}

/** Letters to insert, delete, replace, or swap with the next one, until `a` is `b` (optimal string alignment). */
function distance(a: string, b: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last?.[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? (before?.[j - 2] ?? 0) + 1 : replaced;
      row.push(Math.min(replaced, swapped, (last?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    [before, last] = [last, row];
  }
  return last?.[b.length] ?? 0;
}
