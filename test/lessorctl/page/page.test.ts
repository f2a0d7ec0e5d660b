/** docs/lessorctl.md: what each command says of itself, and what its examples print when they are typed. */
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlPage } from '../../../lessorctl/page/page.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { signAs } from '../control.ts';
import { COLUMNS, type Example, typedExamples } from './world.ts';

let stack: LocalStack;
let examples: Example[];

beforeAll(async () => {
  stack = await startStack();
  signAs(stack.operator);
  examples = await typedExamples(stack);
}, 300_000);
afterAll(() => stack?.stop());

/** Other than 0, and why. */
const otherwise: Readonly<Record<string, number>> = {
  // The node leased just now: so it is no dead one.
  'node declare-dead i-0123456789abcdef0 --reason "rack 7 burnt"': 48,
  // Something differs, or is found.
  'diff -f pools.yaml': 1,
  'check --all-vrfs': 1,
  'check --fix --dry-run': 1,
  'check --cidrs 10.0.0.0/16 -o json': 1,
  // What is watched is interrupted.
  'top --watch': 1,
};

/** It is wider than a terminal where a program may read it, where it is to be pasted, or where a word of it is wide. */
const isWide = (line: string) => / -o (wide|json|yaml)| > |^routes .* --for /.test(line);
const fits = (text: string) =>
  stringWidth(text) <= COLUMNS ||
  text.startsWith('lessorctl ') ||
  text.split(' ').some((word) => stringWidth(word) > COLUMNS / 2);

describe('docs/lessorctl.md', () => {
  it('is what the commands say of themselves, and print: npm run ctl-page', async () => {
    const page = readFileSync('docs/lessorctl.md', 'utf8');
    expect(await controlPage(page, new Map(examples.map(({ line, shown }) => [line, shown])))).toBe(page);
  });

  it('has examples that do what they are for', () => {
    for (const { line, ran } of examples)
      expect([line, ran.code, ran.stderr]).toEqual([
        line,
        otherwise[line] ?? 0,
        ran.code === 0 ? expect.any(String) : ran.stderr,
      ]);
  });

  it('has what a terminal of 80 columns shows, with colours or without', () => {
    const shown = examples.filter(({ line }) => !isWide(line));
    for (const { line, ran } of shown) {
      const lines = stripVTControlCharacters(ran.stdout).split('\n');
      expect([line, lines.filter((text) => !fits(text))]).toEqual([line, []]);
    }
    expect(shown.some(({ ran }) => ran.stdout !== stripVTControlCharacters(ran.stdout))).toBe(true);
  });
});
