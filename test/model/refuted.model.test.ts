/** The protocol without each of its conditions, and its bad variants: each is caught, and told in docs/refuted.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { blockOperations } from '../../core/protocol/block.ts';
import { slotOperations } from '../../core/protocol/lease.ts';
import { identityDecisions } from './identities.ts';
import { mutants } from './mutants.ts';
import { decisions } from './operations.ts';
import { poolDecisions } from './pools.ts';
import { type Finding, findings, read, refuted } from './refuted.ts';

describe('the mutants of the protocol', () => {
  let found: readonly Finding[] = [];
  beforeAll(() => {
    found = findings();
  });

  it.each(Object.entries(mutants))('“%s” is caught', (mutant, { breaks }) => {
    const finding = found.find(({ name }) => name === mutant);
    expect(finding?.found.violation?.what).toMatch(new RegExp(`^${breaks}: `));
  });

  it('are told in docs/refuted.md as they are found', () => {
    expect(read().refuted).toBe(refuted(found));
  });

  it('are every condition of every operation', () => {
    const all = [slotOperations, blockOperations, decisions, poolDecisions, identityDecisions];
    const conditions = all.flatMap((operations: Readonly<Record<string, readonly (readonly string[])[]>>) =>
      Object.entries(operations).flatMap(([operation, all]) => all.flat().map((name) => `${operation}.${name}`)),
    );
    expect(conditions.length).toBeGreaterThan(60);
    // Blocks are sealed in the model of pools only.
    const missing = conditions.filter((name) => !(name in mutants) && !(`pool ${name}` in mutants));
    expect(missing).toEqual([]);
    const variants = Object.keys(mutants).filter((name) => !conditions.includes(name.replace(/^(pool|identity) /, '')));
    expect(variants.sort()).toEqual(namedInTheModel().filter((name) => !conditions.includes(name)));
  });
});

/** What the model's sources ask for by name: bad variants, and conditions whose lack must not be hidden elsewhere. */
function namedInTheModel(): string[] {
  const sources = readdirSync(new URL('.', import.meta.url)).filter((file) => !file.endsWith('.test.ts'));
  const text = sources.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n');
  return [...new Set([...text.matchAll(/mutations\.has\('([^']+)'\)/g)].map(([, name = '']) => name))].sort();
}
