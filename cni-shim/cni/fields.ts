/** The network configuration's fields as Go reads them, with errors that name them. */
import { isName } from '../../core/contract/limits.ts';
import { type Fields, isObject, listOf, objectOf, show, textOf } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import { type Keys, unknownKeys } from './unknown-keys.ts';

export const wrong = (what: string, remedy: string) => refusal('cni.configuration', what, remedy);
export const text = (value: unknown, where: string): string | undefined => textOf(value, where, wrong);
export const list = (value: unknown, where: string): unknown[] => listOf(value, where, wrong);

/** The path of a file or directory. */
export function path(value: unknown, where: string): string | undefined {
  const found = text(value, where);
  if (found === undefined || !found.includes('\0')) return found;
  throw wrong(`${where} ${show(found)} is no path`, 'leave the NUL character out');
}

/** The named fields of an object. Go matches keys in any case and the last one counts, so host-local does. */
export function fieldsOf(value: unknown, where: string, names: readonly string[]): Fields {
  const found = new Map<string, unknown>();
  for (const [key, content] of Object.entries(objectOf(value, where, wrong))) {
    const name = names.find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    if (name !== undefined && content !== null) found.set(name, content);
  }
  return found;
}

/** As `fieldsOf`, where a key that is not known is an error: what it asks for would not be done, and nobody would know. */
export function knownFieldsOf(value: unknown, where: string, keys: Keys): Fields {
  const unknown = Object.keys(objectOf(value, where, wrong)).filter(
    (key) => !isAmong(keys.names, key) && !keys.isOverlooked?.(key),
  );
  if (unknown.length > 0) throw wrong(...unknownKeys(where, unknown, keys));
  return fieldsOf(value, where, keys.names);
}

const isAmong = (names: readonly string[], key: string): boolean =>
  names.some((name) => name.toLowerCase() === key.toLowerCase());

/** Those of the names whose value says nothing: null, or an empty text. */
export const emptyIn = (value: unknown, names: readonly string[]): string[] =>
  Object.entries(isObject(value) ? value : {})
    .filter(([key, content]) => (content === null || content === '') && isAmong(names, key))
    .map(([key]) => key);

/** A name by the CNI specification's rule for them. `what`: what it would be the name of. */
export function nameIn(value: unknown, where: string, what: string): string | undefined {
  const name = text(value, where);
  if (name === undefined || isName(name)) return name;
  throw wrong(
    `${where} ${show(name)} is no ${what} name`,
    'it begins with a letter or digit, holds only letters, digits, _ . - and has 255 characters at most',
  );
}
