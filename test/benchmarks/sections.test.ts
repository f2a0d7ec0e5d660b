import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PAGE } from './page.ts';
import { sections } from './sections.ts';

describe('the sections of the benchmark', () => {
  test.each(sections.map(({ name }) => [name]))('%s has a place in the page', (name) => {
    const page = readFileSync(PAGE, 'utf8');
    for (const comment of [`<!-- ${name} -->`, `<!-- /${name} -->`]) expect(page.split(comment)).toHaveLength(2);
  });

  test('have names of their own, that need no quotes in a shell', () => {
    const names = sections.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z-]*$/);
  });
});
