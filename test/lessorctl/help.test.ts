/** docs/operators.md, and the help of each command. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import { groups } from '../../lessorctl/command-line/commands.ts';
import { globalOptions } from '../../lessorctl/command-line/global-options.ts';
import { control } from './control.ts';

const all = groups.flatMap(({ commands }) =>
  commands.flatMap((entry) =>
    'load' in entry
      ? [[entry.name, entry] as const]
      : entry.commands.map((one) => [`${entry.name} ${one.name}`, one] as const),
  ),
);

/** It fails at the service, which is not there, or at a file, and not before. @param line without the executable */
async function isUnderstood(line: string): Promise<void> {
  const words = [...(line.split(/ [>|] /)[0] ?? '').matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
  let looks = 0;
  // Nobody waits: the second look at the clock is after all patience.
  const options = {
    env: { LESSOR_ENDPOINT: 'http://127.0.0.1:9', AWS_REGION: 'eu-central-1' },
    now: () => 100_000 * looks++,
  };
  const { code, stderr } = await control(
    words.filter((word) => word !== '--watch' && word !== '--wait'),
    options,
  );
  expect([line, stderr.includes('see lessorctl help')]).toEqual([line, false]);
  expect([0, 10, 21, 30]).toContain(code);
}

describe('docs/operators.md', () => {
  const page = readFileSync('docs/operators.md', 'utf8');
  const tasks = page.split(/^## /m).slice(1);
  const linesOf = (text: string) => [...text.matchAll(/^lessorctl (.+)$/gm)].map(([, line = '']) => line);

  it('has fifteen tasks, each in three commands at most', () => {
    expect(tasks).toHaveLength(15);
    for (const task of tasks)
      expect([task.split('\n')[0], linesOf(task).length >= 1 && linesOf(task).length <= 3]).toEqual([
        task.split('\n')[0],
        true,
      ]);
  });

  it.each(linesOf(page))('has a command that there is: %s', isUnderstood);
});

describe.each(all)('lessorctl %s', (name, { load, summary }) => {
  it('has examples of its own, and no option or short letter of every command', async () => {
    const { examples, options } = await load();
    expect(examples.length).toBeGreaterThan(0);
    for (const { line } of examples)
      expect([name, name.replace(' show', '')]).toContainEqual(
        expect.stringMatching(new RegExp(`^${line.split(' ')[0]}`)),
      );
    const taken = Object.entries(globalOptions).flatMap(([option, shape]) => [
      option,
      'short' in shape ? shape.short : option,
    ]);
    for (const [option, shape] of Object.entries(options)) expect(taken).not.toContain(shape.short ?? option);
  });

  it('has examples that are understood', async () => {
    const { examples } = await load();
    for (const { line } of examples) await isUnderstood(line);
  });

  it('shows its help in 80 columns, asked for in either way', async () => {
    const { code, stdout, stderr } = await control(`${name} --help`, { columns: 80 });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.replace(/\s+/g, ' ').toLowerCase()).toContain(summary.toLowerCase());
    const long = stdout.split('\n').filter((line) => line.length > 80 && !/^ {2}lessorctl /.test(line));
    expect(long).toEqual([]);
    expect(await control(`help ${name}`, { columns: 80 })).toEqual({ code, stdout, stderr });
  });
});

it('each route that operators may ask is asked by some command', () => {
  const files = readdirSync('lessorctl/commands').map((file) => readFileSync(`lessorctl/commands/${file}`, 'utf8'));
  const names = Object.entries(routes).flatMap(([name, { caller }]) => (caller === 'operator' ? [name] : []));
  const unasked = names.filter((name) => !files.some((text) => text.includes(`'${name}'`)));
  // The same as searchAddress, for signers of another kind.
  expect(unasked).toEqual(['whoHas']);
});

describe('lessorctl', () => {
  it('shows its commands where nothing is asked for', async () => {
    const { code, stdout } = await control('');
    expect(code).toBe(0);
    for (const { commands } of groups) for (const entry of commands) expect(stdout).toContain(`  ${entry.name} `);
    expect(await control('help')).toMatchObject({ code, stdout });
    expect((await control('--version')).stdout).toBe('lessorctl 1.2.3\n');
  });

  it.each(['pool', 'node', 'history'])('%s shows what it has', async (name) => {
    const { code, stdout } = await control(`${name} --help`);
    expect(code).toBe(0);
    expect(stdout).toContain('Commands:');
  });
});
