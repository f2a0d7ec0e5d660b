/** Which functions read single slots: only those that may (GetItem on the leases table). On AWS nothing else would tell. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const IMPORTS = /^(?:import|export)(?! type)[^;]*? from '(\.[^']+)';/gm;

/** The file, and all that it imports, one by way of the other. */
function reachedFrom(file: string, found = new Map<string, string>()): ReadonlyMap<string, string> {
  if (found.has(file)) return found;
  const text = readFileSync(file, 'utf8');
  found.set(file, text);
  for (const [, to = ''] of text.matchAll(IMPORTS)) reachedFrom(join(dirname(file), to), found);
  return found;
}

const readersIn = (name: string): string[] =>
  [...reachedFrom(`functions/${name}/handler.ts`)]
    .filter(([, text]) => /\bleases\.readSlot\(/.test(text))
    .map(([file]) => file);

describe('single slots', () => {
  it.each(['allocate', 'define-pools', 'reclaim', 'evidence'])('are read nowhere in %s, which may not', (name) => {
    expect(readersIn(name)).toEqual([]);
  });

  it.each(['release', 'operate', 'changes'])('are read in %s, which may', (name) => {
    expect(readersIn(name)).not.toEqual([]);
  });
});
