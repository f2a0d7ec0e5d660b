/** Keys that the plugin does not know: what is meant by them, as far as that can be told. */
import { nearestName } from '../../core/contract/nearest-name.ts';

const MOST_SHOWN = 8;
const LONGEST_SHOWN = 64;

/** What a kind of object may hold. */
export interface Keys {
  readonly names: readonly string[];
  /** Of what others write there, which says nothing to this plugin. */
  isOverlooked?(key: string): boolean;
  /** Keys that others have for what is written otherwise here: in lower case, with what to do. */
  foreign?(): Readonly<Record<string, string>>;
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

function remedyFor(key: string, { names, foreign: translations }: Keys): string {
  const folded = key.toLowerCase();
  const foreign = translations?.() ?? {};
  const translation = Object.hasOwn(foreign, folded) ? foreign[folded] : undefined;
  if (translation !== undefined) return translation;
  const nearest = nearestName(key, names);
  return nearest === undefined ? `the keys are ${names.join(', ')}` : `did you mean ${JSON.stringify(nearest)}?`;
}
