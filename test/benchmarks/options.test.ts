import { describe, expect, test } from 'vitest';
import { LessorError } from '../../core/contract/problems.ts';
import { helpOf, readOptions } from './options.ts';
import type { Section } from './section.ts';

const section = (name: string): Section => ({ name, what: `what ${name} is`, run: async () => [] });
const all = [section('requests'), section('storm')];

function refusalOf(...words: string[]): string {
  try {
    readOptions(words, all);
  } catch (error) {
    if (error instanceof LessorError && error.code === 'request.invalid') return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('the command line of the benchmark', () => {
  test('runs every section where none is named, else those in their own order', () => {
    const names = (...words: string[]) => readOptions(words, all).sections.map(({ name }) => name);
    expect(names()).toEqual(['requests', 'storm']);
    expect(names('storm')).toEqual(['storm']);
    expect(names('storm', '--json', 'requests', 'storm')).toEqual(['requests', 'storm']);
  });

  test.each<[string[], RegExp]>([
    [['--quik'], /Unknown option '--quik'.*--help lists/],
    [['strom'], /no section strom: did you mean storm\?/],
    [['storm', 'weather'], /no section weather: npm run bench -- --help lists/],
    [['--quick=yes'], /--quick/],
    [['--write', '--quick'], /--write does not go with --quick/],
  ])('refuses %j, and says what is wrong', (words, said) => {
    expect(refusalOf(...words)).toMatch(said);
  });

  test('names each section in its help', () => {
    for (const { name, what } of all) expect(helpOf(all)).toMatch(new RegExp(`${name} +${what}`));
  });
});
