/** What is wrong, with every command that there is: one line, the exit code, and nobody was asked. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { groups } from '../../lessorctl/command-line/commands.ts';
import { globalOptions } from '../../lessorctl/command-line/global-options.ts';
import type { ControlCommand, OptionOfCommand } from '../../lessorctl/session/command.ts';
import { control } from './control.ts';

const WRONG = 21;

beforeEach(() => {
  vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('nobody is to be asked')));
});
afterEach(() => vi.unstubAllGlobals());

const all = await Promise.all(
  groups
    .flatMap(({ commands }) =>
      commands.flatMap((entry) =>
        'load' in entry
          ? [[entry.name, entry] as const]
          : entry.commands.map((one) => [`${entry.name} ${one.name}`, one] as const),
      ),
    )
    .map(async ([name, one]) => [name, await one.load()] as const),
);

/** Values that cannot be, for whatever they are called in the help. */
const cannotBe = ['NUMBER', 'SPAN', '/LENGTH', 'PREFIX', 'PREFIXES', 'LABELS', 'SHARE', 'TIME'];

interface Case {
  readonly what: string;
  readonly words: readonly string[];
  /** Of what is said. */
  readonly says: string;
}

/** A line that is right, as far as it can be without a service. */
function rightLine({ examples }: ControlCommand): string[] {
  const [line = ''] = (examples[0]?.line ?? '').split(' > ');
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)]
    .map(([, quoted, bare]) => quoted ?? bare ?? '')
    .filter((word) => !['--watch', '--wait'].includes(word));
}

function casesOf(name: string, command: ControlCommand): Case[] {
  const right = rightLine(command);
  const args = Object.values(command.arguments);
  const words = name.split(' ');
  const shapes: Readonly<Record<string, OptionOfCommand>> = { ...globalOptions, ...command.options };
  const options = Object.entries(shapes);
  return [
    { what: 'an option that there is not', words: [...right, '--no-such'], says: "unknown option '--no-such'" },
    ...(args.some(({ optional }) => optional !== true)
      ? [{ what: 'nothing', words, says: 'missing required argument' }]
      : []),
    ...(args.at(-1)?.several
      ? []
      : [
          {
            what: 'an argument too many',
            words: [...words, ...args.map(() => 'x'), 'more'],
            says: 'too many arguments',
          },
        ]),
    ...options.flatMap(([option, { kind, choices, value = '' }]) => [
      ...(kind === 'value'
        ? [{ what: `--${option} without a value`, words: [...right, `--${option}`], says: 'argument missing' }]
        : [{ what: `--${option} with a value`, words: [...right, `--${option}=x`], says: `--${option}` }]),
      ...(choices !== undefined || cannotBe.includes(value)
        ? [{ what: `--${option} ?`, words: [...right, `--${option}`, '?'], says: option }]
        : []),
    ]),
    ...(choicesIn(command).length > 0
      ? [{ what: 'an argument that is none of its choices', words: [...words, '?'], says: 'invalid' }]
      : []),
  ];
}

const choicesIn = ({ arguments: args }: ControlCommand) =>
  Object.values(args).filter(({ choices }) => choices !== undefined);

describe.each(all)('lessorctl %s is refused with', (name, command) => {
  it.each(casesOf(name, command).map((one) => [one.what, one] as const))('%s', async (_, { words, says }) => {
    const env = { LESSOR_ENDPOINT: 'http://127.0.0.1:9', AWS_REGION: 'eu-central-1' };
    const files = { 'pools.yaml': 'pools: []' };
    const ran = await control(words, { env, files, answers: ['y'], pauses: 0 });
    expect(ran).toEqual({ code: WRONG, stdout: '', stderr: expect.stringMatching(/^lessorctl: [^\n]+\n$/) });
    // Which deployment is meant may have to be said first.
    expect(ran.stderr.includes(says) || ran.stderr.includes('it is not said')).toBe(true);
    expect(fetch).not.toHaveBeenCalled();
  });
});
