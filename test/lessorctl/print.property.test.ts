/** Tables: columns within the terminal, colours that change no width, and text that cannot change what else is shown. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { paintFor } from '../../lessorctl/print/colours.ts';
import { formatted } from '../../lessorctl/print/formats.ts';
import { layOut } from '../../lessorctl/print/lay-out.ts';
import { type Column, fieldsPart, tablePart, textPart } from '../../lessorctl/print/view.ts';
import { control } from './control.ts';

const plain = paintFor({ env: {}, columns: undefined });
const coloured = paintFor({ env: {}, columns: 80 });
const ESCAPE = '\u001b';

interface Row {
  readonly name: string;
  readonly note: string;
}
const columns: readonly Column<Row>[] = [
  { head: 'NAME', of: ({ name }) => name, shrinks: true },
  { head: 'STATE', of: () => ({ text: 'held', tone: 'good' }) },
  { head: 'NOTE', of: ({ note }) => ({ text: note, tone: 'faint' }), shrinks: true },
];
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const rows = fc.array(fc.record({ name: text, note: text }), { maxLength: 8 });
const linesOf = (laid: string) => laid.replace(/\n$/, '').split('\n');

describe('a table', () => {
  /** Lines as wide as the terminal at most, one for each row. */
  const fits = (lay: typeof layOut) =>
    fc.property(rows, fc.integer({ min: 30, max: 120 }), (some, width) => {
      const lines = linesOf(lay([tablePart(some, columns, false)], { width, paint: plain }));
      expect(lines.length).toBe(some.length + 1);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
    });

  it('is no wider than the terminal, and has a line for each row', () => {
    fc.assert(fits(layOut));
  });

  it('would be found out if it cut nothing, or cut by characters', () => {
    expect(fc.check(fits((parts, { paint }) => layOut(parts, { width: undefined, paint }))).failed).toBe(true);
    const byCharacters: typeof layOut = (parts, { width = 80, paint }) =>
      layOut(parts, { width: undefined, paint })
        .split('\n')
        .map((line) => [...line].slice(0, width).join(''))
        .join('\n');
    const wide = fc.constant([{ name: '\u4f60\u597d'.repeat(30), note: '' }]);
    const found = fc.check(
      fc.property(wide, (some) => {
        const lines = linesOf(byCharacters([tablePart(some, columns, false)], { width: 40, paint: plain }));
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(40);
      }),
    );
    expect(found.failed).toBe(true);
  });

  it('has everything in it where there is no terminal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.stringMatching(/^[a-z0-9-]{1,200}$/), note: fc.constant('') })),
        (some) => {
          const lines = linesOf(layOut([tablePart(some, columns, false)], { width: undefined, paint: plain }));
          for (const [index, { name }] of some.entries()) expect(lines[index + 1]?.split(' ')[0]).toBe(name);
        },
      ),
    );
  });

  it('says the same in colours', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const part = tablePart(some, columns, false);
        const shown = layOut([part], { width: 80, paint: coloured });
        const bare = linesOf(stripVTControlCharacters(shown)).map((line) => line.trimEnd());
        expect(bare).toEqual(linesOf(layOut([part], { width: 80, paint: plain })));
      }),
    );
  });

  it('shows control characters, and does not send them', () => {
    const name = `a${ESCAPE}[2Jb\nc\u202ed\u0007`;
    const shown = layOut([tablePart([{ name, note: '' }], columns, false), fieldsPart([['Name', name]])], {
      width: undefined,
      paint: plain,
    });
    expect(shown).not.toContain(ESCAPE);
    expect(shown).toContain('a·[2Jb·c·d·');
  });
});

describe('sentences and fields', () => {
  it('are broken between words, and lose none', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(words, (some) => {
        const lines = linesOf(layOut([textPart(some.join(' '))], { width: 20, paint: plain }));
        expect(lines.join(' ')).toBe(some.join(' '));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(20);
        const fields = linesOf(layOut([fieldsPart([['Why', some.join(' ')]])], { width: 30, paint: plain }));
        expect(fields.map((line) => line.slice(5)).join(' ')).toBe(some.join(' '));
      }),
    );
  });
});

describe('colours', () => {
  it.each<[Record<string, string>, number | undefined, boolean]>([
    [{}, 80, true],
    [{}, undefined, false],
    [{ NO_COLOR: '1' }, 80, false],
    [{ TERM: 'dumb' }, 80, false],
    [{ FORCE_COLOR: '1' }, undefined, true],
    [{ FORCE_COLOR: '0' }, undefined, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, 80, false],
  ])('with %j and %j columns: %j', (env, width, there) => {
    expect(paintFor({ env, columns: width }).tone('x', 'bad').includes(ESCAPE)).toBe(there);
  });
});

it('what is wrong is one line, whatever was given', async () => {
  const { code, stderr } = await control([`${ESCAPE}[2J\nx`]);
  expect([code, stderr]).toEqual([21, expect.stringMatching(/^lessorctl: unknown command '·\[2J/)]);
  expect(stderr).not.toContain(ESCAPE);
  expect(stderr.trimEnd()).not.toContain('\n');
});

it('YAML repeats what is there twice, and breaks no line', async () => {
  const same = { long: 'word '.repeat(40).trim() };
  const outcome = { document: { a: same, b: same }, names: [], view: () => [] };
  const shown = await formatted(outcome, 'yaml', { columns: 80, paint: plain });
  expect(shown).toBe(`a:\n  long: ${same.long}\nb:\n  long: ${same.long}\n`);
});
