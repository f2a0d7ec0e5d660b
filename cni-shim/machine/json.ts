/** Reading JSON by hand, with errors that name field and value: a schema library would double the plugin's start-up time. */

import { shownJson } from '../../core/contract/shown-text.ts';

export type Fields = ReadonlyMap<string, unknown>;

/** Makes the error of whoever reads: what is wrong, and the remedy. */
export type Complaint = (what: string, remedy: string) => Error;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value that JSON text holds, undefined where it is no JSON. */
export function parseJson(text: string): unknown {
  // Of what is not there: an error is made with its stack, which takes longer than all that is read.
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const LONGEST_SHOWN = 200;

/** A value in an error message: as JSON in which everything is seen, and of a long one its beginning. */
export function show(value: unknown): string {
  let text: string;
  try {
    text = shownJson(JSON.stringify(value) ?? String(value));
  } catch {
    // Nested deeper than the engine's stack.
    return Array.isArray(value) ? '[…]' : '{…}';
  }
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

/** Undefined where absent or empty. */
export function textOf(value: unknown, where: string, complain: Complaint): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw complain(`${where} ${show(value)} is no text`, 'write it in quotes');
  return value;
}

export function listOf(value: unknown, where: string, complain: Complaint): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw complain(`${where} ${show(value)} is no list`, 'write it as […]');
  return value;
}

export function objectOf(value: unknown, where: string, complain: Complaint): Record<string, unknown> {
  if (!isObject(value)) throw complain(`${where} ${show(value)} is no object`, 'write it as {…}');
  return value;
}
