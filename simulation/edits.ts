/**
 * The product's source with mistakes in it: all of them in one bundle, each behind a switch, so that a play chooses one and nothing
 * is bundled anew for it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/** One expression in place of another. */
export interface Edit {
  /** Below the project. */
  readonly file: string;
  /** What comes before it, where the expression is there more than once: the first one behind it is meant. */
  readonly after?: string;
  readonly is: string;
  readonly becomes: string;
}

interface Place extends Edit {
  readonly mutant: string;
  readonly from: number;
  readonly to: number;
}

/** Where a bundle looks which mistake is made. */
const SWITCH = 'mistakeInPlay';

/** From now on the bundle makes this mistake; none if left out. */
export const makeMistake = (mutant: string | undefined): void => void Object.assign(globalThis, { [SWITCH]: mutant });

/** By mutant. */
export type Mistakes = Readonly<Record<string, readonly Edit[]>>;

/** Of one source file, whose path is given; undefined where no mistake is made in it. */
export type Mistaken = (path: string, text: string) => string | undefined;

/** @throws Error, when it is asked, where the source does not have what an edit is about: then it is out of date */
export function sourceWith(project: string, all: Mistakes): Mistaken {
  const byFile = new Map<string, [mutant: string, edit: Edit][]>();
  for (const [mutant, edits] of Object.entries(all))
    for (const edit of edits) {
      const path = join(project, edit.file);
      byFile.set(path, [...(byFile.get(path) ?? []), [mutant, edit]]);
    }
  return (path, text) => {
    const places = byFile.get(path)?.map(([mutant, edit]) => placeOf(text, mutant, edit));
    return places && withSwitches(text, { from: 0, to: text.length }, places);
  };
}

export function mistakesIn(project: string, all: Mistakes): Plugin {
  const mistaken = sourceWith(project, all);
  return {
    name: 'mistakes',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const contents = mistaken(path, await readFile(path, 'utf8'));
        return contents === undefined ? undefined : { contents, loader: 'ts' };
      });
    },
  };
}

function placeOf(text: string, mutant: string, edit: Edit): Place {
  const { file, after, is } = edit;
  const behind = after === undefined ? 0 : text.indexOf(after) + after.length;
  const from = text.indexOf(is, behind);
  const isMissing = from < 0 || (after !== undefined && !text.includes(after));
  if (isMissing || (after === undefined && text.includes(is, from + 1)))
    throw new Error(`${mutant}: ${file} has ${isMissing ? 'no' : 'more than one'} ${JSON.stringify(is)}`);
  return { ...edit, mutant, from, to: from + is.length };
}

/** Of two expressions one may be within the other. */
function withSwitches(text: string, { from, to }: { from: number; to: number }, places: readonly Place[]): string {
  const parts: string[] = [];
  let at = from;
  const left = places.toSorted((a, b) => a.from - b.from || b.to - a.to);
  for (let first = left[0]; first !== undefined; first = left[0]) {
    const range = first;
    const same = left.filter((one) => one.from === range.from && one.to === range.to);
    const within = left.filter((one) => one.from < range.to && !same.includes(one));
    left.splice(0, same.length + within.length);
    const choices = same.map(
      ({ mutant, becomes }) => `globalThis.${SWITCH} === ${JSON.stringify(mutant)} ? (${becomes}) : `,
    );
    parts.push(text.slice(at, range.from), `(${choices.join('')}(${withSwitches(text, range, within)}))`);
    at = range.to;
  }
  return [...parts, text.slice(at, to)].join('');
}
