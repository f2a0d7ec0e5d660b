/** Reading a command line: what is wrong is named, and the plugin is kept apart from it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundlePlugin } from '../../../cni-shim/build/build.ts';
import { commands, runCommand } from '../../../cni-shim/commands/command-line.ts';
import { readArguments, secondsOf } from '../../../cni-shim/commands/options.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';

async function line(...argv: string[]) {
  const said = { out: '', err: '' };
  const terminal = {
    print: (text: string) => {
      said.out += text;
    },
    complain: (text: string) => {
      said.err += text;
    },
  };
  const exitCode = await runCommand(argv, { surroundings: machineUnderNode(), terminal });
  return { exitCode, ...said };
}

const OPTIONS = {
  file: { kind: 'value', help: '' },
  level: { kind: 'value', default: 'low', help: '' },
  label: { kind: 'value', several: true, help: '' },
  loud: { kind: 'flag', help: '' },
} as const;
const read = (...argv: string[]) => readArguments('demo', { options: OPTIONS }, argv).values;

describe('options', () => {
  test('have their defaults where they are not given', () => {
    expect(read()).toEqual({ file: undefined, level: 'low', label: [], loud: false });
  });

  test('are given with a space or with =, several times where that is meant', () => {
    expect(read('--file', 'a', '--level=high', '--label', 'x=1', '--label=y=2', '--loud')).toEqual({
      file: 'a',
      level: 'high',
      label: ['x=1', 'y=2'],
      loud: true,
    });
  });

  test('may begin with a dash where = says that they are values', () => {
    expect(read('--file=-a').file).toBe('-a');
  });

  test.each([
    [['--nope'], 'there is no option --nope: see lessor help demo'],
    [['--constructor'], 'there is no option --constructor: see lessor help demo'],
    [['-x'], 'there is no option -x: see lessor help demo'],
    [['a'], '"a" is one argument too many: see lessor help demo'],
    [['--', '--loud'], '"--loud" is one argument too many: see lessor help demo'],
    [['--file'], '--file has no value: see lessor help demo'],
    [['--file', '--loud'], '--file has no value: see lessor help demo'],
    [['--file='], '--file has no value: see lessor help demo'],
    [['--loud=yes'], '--loud takes no value, and "yes" is given: see lessor help demo'],
    [['--file', 'a', '--file', 'b'], '--file is given 2 times: give it once'],
  ])('are refused: %j', (argv, message) => {
    expect(() => read(...argv)).toThrow(message);
  });

  test.each(['', '-1', '1.5', '1s', '1e3', '99999999'])('%j is no number of seconds', (text) => {
    expect(() => secondsOf('grace', text)).toThrow('--grace');
  });
});

describe('the command line', () => {
  test('answers help with every command', async () => {
    const { out, exitCode } = await line('help');
    expect(exitCode).toBe(0);
    for (const { name, summary } of commands) expect(out).toContain(`${name.padEnd(10)} ${summary}`);
    expect(await line('--help')).toEqual(await line('help'));
  });

  test.each(commands.map(({ name }) => name))('answers help for %s in three ways', async (name) => {
    const help = await line('help', name);
    expect(help).toMatchObject({ exitCode: 0, err: '' });
    expect(help.out).toMatch(new RegExp(`^lessor ${name}( [A-Z]+)*: `));
    expect(await line(name, '--help')).toEqual(help);
    expect(await line(name, '-h')).toEqual(help);
  });

  test.each([
    [['nonsense'], 'lessor: there is no command "nonsense": the commands are '],
    [['--nope'], 'lessor: there is no command "--nope"'],
    [['toString'], 'lessor: there is no command "toString"'],
    [['help', 'nonsense'], 'lessor: there is no command "nonsense"'],
    [['help', 'agent', 'status'], 'lessor: help is for one command'],
    [['status', '--config', '/nowhere/node.json'], 'lessor: the node configuration /nowhere/node.json does not exist'],
    [['status', '--data-dir', 'here'], 'lessor: --data-dir "here" is not absolute'],
    [['agent', '--grace', 'soon'], 'lessor: --grace "soon" is no number of seconds'],
  ])('refuses %j with exit code 21 and a line on standard error', async (argv, message) => {
    const { exitCode, out, err } = await line(...argv);
    expect({ exitCode, out }).toEqual({ exitCode: 21, out: '' });
    expect(err).toContain(message);
    expect(err.trimEnd()).not.toContain('\n');
  });

  test('is described in docs/commands.md word for word', async () => {
    const page = readFileSync(fileURLToPath(new URL('../../../docs/commands.md', import.meta.url)), 'utf8');
    for (const { name } of commands) expect(page).toContain(`\n\`\`\`\n${(await line('help', name)).out}\`\`\`\n`);
  });
});

describe('a call of the plugin', () => {
  let directory: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lessor-bundle-'));
    writeFileSync(join(directory, 'lessor.cjs'), await bundlePlugin());
    writeFileSync(
      join(directory, 'loaded.cjs'),
      `const module_ = require('node:module');
       const load = module_._load;
       const names = new Set();
       module_._load = function (name, ...rest) { names.add(name); return load.call(this, name, ...rest); };
       const end = process.reallyExit;
       process.reallyExit = (...rest) => {
         const loaded = [...names].slice(1).join(' ');
         require('node:fs').writeFileSync(${JSON.stringify(join(directory, 'names'))}, loaded);
         end.apply(process, rest);
       };`,
    );
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Modules of the platform that were loaded, and so tell what was evaluated. */
  function loaded(argv: string[], env: Record<string, string>): string {
    const argument = ['--require', join(directory, 'loaded.cjs'), join(directory, 'lessor.cjs'), ...argv];
    execFileSync(process.execPath, argument, { env, input: '{}' });
    return readFileSync(join(directory, 'names'), 'utf8');
  }

  test('loads nothing that only the commands need', () => {
    expect(loaded([], { CNI_COMMAND: 'VERSION' })).toBe('node:fs');
    expect(loaded(['help'], { CNI_COMMAND: 'VERSION' })).toBe('node:fs');
    expect(loaded(['help'], {})).toContain('node:util');
    expect(loaded(['help', 'agent'], {})).toContain('node:http');
  });
});
