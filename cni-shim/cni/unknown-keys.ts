/** Keys that the plugin does not know: what is meant by them, as far as that can be told. */

const MOST_SHOWN = 8;
const LONGEST_SHOWN = 64;

/** What a kind of object may hold. */
export interface Keys {
  readonly names: readonly string[];
  /** Of what others write there, which says nothing to this plugin. */
  isOverlooked?(key: string): boolean;
  /** Keys that others have for what is written otherwise here: in lower case, with what to do. */
  readonly foreign?: Readonly<Record<string, string>>;
}

/** What is wrong, and the remedy. @param keys at least one */
export function unknownKeys(where: string, keys: readonly string[], known: Keys): [string, string] {
  const further = keys.length - MOST_SHOWN;
  const shown = keys.slice(0, MOST_SHOWN).map((key) => key.slice(0, LONGEST_SHOWN));
  const remedies = new Map<string, string[]>();
  for (const key of shown) {
    const remedy = remedyFor(key, known);
    remedies.set(remedy, [...(remedies.get(remedy) ?? []), JSON.stringify(key)]);
  }
  const named = [...shown.map((key) => `${where}.${key}`), ...(further > 0 ? [`${further} more`] : [])];
  return [
    `${named.join(', ')} ${keys.length === 1 ? 'is' : 'are'} not known`,
    [...remedies].map(([remedy, of]) => `${of.join(', ')}: ${remedy}`).join('; '),
  ];
}

function remedyFor(key: string, { names, foreign = {} }: Keys): string {
  const folded = key.toLowerCase();
  const translation = Object.hasOwn(foreign, folded) ? foreign[folded] : undefined;
  if (translation !== undefined) return translation;
  const [nearest] = names
    .map((name) => ({ name, distance: distance(folded, name.toLowerCase()) }))
    .filter((one) => one.distance <= Math.max(1, Math.floor(one.name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return nearest === undefined ? `the keys are ${names.join(', ')}` : `did you mean ${JSON.stringify(nearest.name)}?`;
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
