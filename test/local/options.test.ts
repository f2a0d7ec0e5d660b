import { describe, expect, it } from 'vitest';
import { HELP, readOptions } from '../../local/options.ts';

describe('the options of npm start', () => {
  it('are a port of its own choice, the demonstration and staying up, where nothing is said', () => {
    expect(readOptions([])).toEqual({ help: false, once: false, json: false, port: 8470, orAnyPort: true });
  });

  it('are each taken', () => {
    const all = { help: false, once: true, json: true, port: 0, orAnyPort: false };
    expect(readOptions(['--once', '--json', '--port', '0'])).toEqual(all);
  });

  it.each(['-h', '--help'])('%s asks for help', (word) => {
    expect(readOptions([word]).help).toBe(true);
  });

  it.each([
    ['--frobnicate', "Unknown option '--frobnicate': npm start -- --help lists the options"],
    ['-x', "Unknown option '-x': npm start -- --help lists the options"],
    ['extra', "Unexpected argument 'extra': npm start -- --help lists the options"],
    ['--port', "Option '--port <value>' argument missing: npm start -- --help lists the options"],
    ['--once=yes', "Option '--once' does not take an argument: npm start -- --help lists the options"],
    ['--port=many', '--port many is not a port: give a number from 0 to 65535'],
    ['--port=70000', '--port 70000 is not a port: give a number from 0 to 65535'],
  ])('%s is refused in one line', (word, message) => {
    expect(() => readOptions([word])).toThrow(expect.objectContaining({ message }));
  });

  it('are in the help, with the exit codes, in 60 columns', () => {
    for (const word of ['--once', '--json', '--port', '--help', '-h', 'NO_COLOR', 'COLUMNS'])
      expect(HELP).toContain(word);
    expect([...HELP.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => Number(code))).toEqual([0, 1, 21, 30, 34, 130]);
    expect(Math.max(...HELP.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(60);
  });
});
