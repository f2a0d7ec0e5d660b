/** The network configuration's fields as Go reads them, with errors that name them. */
import { isName } from '../../core/contract/limits.ts';
import { type Fields, listOf, objectOf, show, textOf } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';

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

/** A name by the CNI specification's rule for them. `what`: what it would be the name of. */
export function nameIn(value: unknown, where: string, what: string): string | undefined {
  const name = text(value, where);
  if (name === undefined || isName(name)) return name;
  throw wrong(
    `${where} ${show(name)} is no ${what} name`,
    'it begins with a letter or digit, holds only letters, digits, _ . - and has 255 characters at most',
  );
}
