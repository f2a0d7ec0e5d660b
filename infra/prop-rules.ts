/** Rules of settings: each finds the first thing that is wrong with a value, and says what to give instead. */
import { Token } from 'aws-cdk-lib';
import { nearestName } from '../core/contract/nearest-name.ts';

export interface Finding {
  /** RecordKeys from the outside to what is wrong. */
  readonly path: readonly string[];
  /** ` is 5`, ` is missing`, ` is not known`. */
  readonly what: string;
  readonly remedy: string;
}

export type PropRule = (value: unknown) => Finding | undefined;

/** Longer values are cut where they are shown. */
const LONGEST_SHOWN = 120;

const text = (value: unknown): string => {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown;
};

/** What is wrong with a value; `path` leads to it. */
export const wrong = (value: unknown, remedy: string, ...path: readonly string[]): Finding => ({
  path,
  what: value === undefined ? 'is missing' : `is ${text(value)}`,
  remedy,
});

const inside = (key: string, found: Finding | undefined): Finding | undefined =>
  found && { ...found, path: [key, ...found.path] };

/** What CDK knows only when it deploys is not looked at. */
export const value =
  (isRight: (value: unknown) => boolean, remedy: string): PropRule =>
  (given) =>
    Token.isUnresolved(given) || isRight(given) ? undefined : wrong(given, remedy);

export const flag = value((given) => typeof given === 'boolean', 'give true or false');

export const oneOf = (...values: readonly unknown[]): PropRule =>
  value((given) => values.includes(given), `give ${values.map(text).join(' or ')}`);

export const whole = (least: number, most: number): PropRule =>
  value(
    (given) => typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most,
    `give a whole number from ${least} to ${most}`,
  );

export const words = (pattern: RegExp, remedy: string): PropRule =>
  value((given) => typeof given === 'string' && pattern.test(given), remedy);

const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/** What the keys of a record are: `a stack`, and how one is spelt. */
export interface RecordKeys {
  readonly pattern: RegExp;
  /** `name of a stack`. */
  readonly called: string;
  readonly remedy: string;
}

/** An object of any keys that are spelt so. */
export const record =
  ({ pattern, called, remedy: spelling }: RecordKeys, each: PropRule, remedy: string): PropRule =>
  (given) => {
    if (!isObject(given)) return wrong(given, remedy);
    for (const [name, one] of Object.entries(given)) {
      if (!pattern.test(name)) return { path: [], what: `${text(name)} is no ${called}`, remedy: spelling };
      const found = inside(name, each(one));
      if (found !== undefined) return found;
    }
    return undefined;
  };

/** An object of these keys; one whose rule is in `optional` may be left out. */
export function fields<T extends object>(
  required: { readonly [K in keyof T as undefined extends T[K] ? never : K]-?: PropRule },
  optional: { readonly [K in keyof T as undefined extends T[K] ? K : never]-?: PropRule },
): PropRule {
  const rules: Readonly<Record<string, PropRule>> = { ...required, ...optional };
  const names = Object.keys(rules);
  return (given) => {
    if (!isObject(given)) return wrong(given, `give an object with ${names.join(', ')}`);
    const unknown = Object.keys(given).find((name) => !names.includes(name));
    if (unknown !== undefined)
      return inside(unknown, { path: [], what: 'is not known', remedy: meant(unknown, names) });
    for (const name of names) {
      if (name in optional && given[name] === undefined) continue;
      const found = inside(name, rules[name]?.(given[name]));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** A list with something in it. */
export const list =
  (each: PropRule, remedy: string): PropRule =>
  (given) => {
    if (!Array.isArray(given) || given.length === 0) return wrong(given, remedy);
    for (const [index, one] of given.entries()) {
      const found = inside(String(index), each(one));
      if (found !== undefined) return found;
    }
    return undefined;
  };

/** An object whose `kind` says which rule holds. */
export const byKind =
  (rules: Readonly<Record<string, PropRule>>): PropRule =>
  (given) => {
    const kinds = Object.keys(rules);
    if (!isObject(given)) return wrong(given, `give an object with the kind ${kinds.map(text).join(' or ')}`);
    const found = oneOf(...kinds)(given.kind);
    return found === undefined ? rules[String(given.kind)]?.(given) : inside('kind', found);
  };

/** What else holds where the first rule is kept. */
export const both =
  (first: PropRule, then: PropRule): PropRule =>
  (given) =>
    first(given) ?? then(given);

function meant(unknown: string, names: readonly string[]): string {
  const nearest = nearestName(unknown, names);
  return nearest === undefined ? `the fields are ${names.join(', ')}` : `did you mean ${nearest}?`;
}
