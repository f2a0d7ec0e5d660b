import { afterEach, describe, expect, it, vi } from 'vitest';
import { filled, screenOf } from '../../local/screen.ts';

afterEach(() => vi.unstubAllEnvs());

describe('a screen', () => {
  it('is as wide as the terminal, but no wider than reads well', () => {
    expect([40, 50, 80, 200].map((columns) => screenOf({ columns }).width)).toEqual([40, 50, 80, 80]);
  });

  it('has 80 columns where nobody knows, as in a pipe', () => {
    expect(screenOf({}).width).toBe(80);
  });

  it('is as wide as COLUMNS says, where that is a number', () => {
    vi.stubEnv('COLUMNS', '50');
    expect(screenOf({ columns: 70 }).width).toBe(50);
    vi.stubEnv('COLUMNS', 'many');
    expect(screenOf({ columns: 70 }).width).toBe(70);
  });

  it('has no colours in a pipe, even where CI or FORCE_COLOR would have them', () => {
    expect(screenOf({}).color.red('x')).toBe('x');
    expect(screenOf({ isTTY: false }).color.red('x')).toBe('x');
  });
});

describe('a line', () => {
  it('takes as many words as it has room for', () => {
    expect(filled('one two three four'.split(' '), 9)).toEqual(['one two', 'three', 'four']);
  });

  it('may be exactly full', () => {
    expect(filled(['one', 'two'], 7)).toEqual(['one two']);
    expect(filled(['one', 'two'], 6)).toEqual(['one', 'two']);
  });

  it('keeps a word whole that is longer than a line', () => {
    expect(filled(['a', 'abcdefgh', 'b'], 4)).toEqual(['a', 'abcdefgh', 'b']);
  });
});
