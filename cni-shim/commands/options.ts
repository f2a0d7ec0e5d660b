/** Options that several commands have, and reading an argument list by a command's options. */
import { parseArgs } from 'node:util';
import { hiddenDataDir, NODE_FILE } from '../machine/layout.ts';
import { refusal } from '../machine/refusal.ts';
import type { Operand, Options, Values } from './command.ts';

export const nodeOptions = {
  config: {
    kind: 'value',
    value: 'FILE',
    help: `the node configuration (default: $LESSOR_CONFIG, else ${NODE_FILE})`,
  },
  'data-dir': {
    kind: 'value',
    value: 'DIR',
    several: true,
    help: `where a network with a dataDir of its own has its records: ${hiddenDataDir('<dataDir>')}; beside the node configuration's`,
  },
} as const satisfies Options;

export const jsonOption = { json: { kind: 'flag', help: 'print JSON' } } as const satisfies Options;

const wrong = (what: string, remedy: string) => refusal('request.invalid', what, remedy);

interface Given<O extends Options> {
  readonly values: Values<O>;
  readonly operands: readonly string[];
}

/** @throws LessorError `request.invalid`, which names the option or the operand */
export function readArguments<O extends Options>(
  name: string,
  { options, operands = [] }: { readonly options: O; readonly operands?: readonly Operand[] },
  argv: readonly string[],
): Given<O> {
  const remedy = `see lessor help ${name}`;
  const texts: string[] = [];
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(options).map(([option, { kind }]) => [option, { type: kind === 'flag' ? 'boolean' : 'string' }]),
    ),
    strict: false,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (texts.length === operands.length)
        throw wrong(`${JSON.stringify(token.value)} is one argument too many`, remedy);
      texts.push(token.value);
    }
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw wrong(`there is no option ${token.rawName}`, remedy);
    given.set(token.name, [...(given.get(token.name) ?? []), readValue(token, option.kind, remedy)]);
  }
  const missing = operands[texts.length];
  if (missing !== undefined) throw wrong(`${missing.name} is not given`, remedy);
  const values = Object.entries(options).map(([option, { kind, several, default: otherwise }]) => {
    const found = given.get(option);
    if (kind === 'flag') return [option, found !== undefined];
    if (several) return [option, found ?? []];
    if (found !== undefined && found.length > 1)
      throw wrong(`--${option} is given ${found.length} times`, 'give it once');
    return [option, found?.[0] ?? otherwise];
  });
  return { values: Object.fromEntries(values) as Values<O>, operands: texts };
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function readValue({ rawName, value, inlineValue }: OptionToken, kind: 'flag' | 'value', remedy: string): string {
  if (kind === 'flag') {
    if (value !== undefined) throw wrong(`${rawName} takes no value, and ${JSON.stringify(value)} is given`, remedy);
    return '';
  }
  // What looks like the next option is more likely that than a value; --option=-value says otherwise.
  if (value === undefined || value === '' || (value.startsWith('-') && !inlineValue))
    throw wrong(`${rawName} has no value`, remedy);
  return value;
}

/** Seconds as a number of milliseconds. @throws LessorError `request.invalid` */
export function secondsOf(option: string, text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : undefined;
  if (seconds === undefined)
    throw wrong(`--${option} ${JSON.stringify(text)} is no number of seconds`, 'write a whole number, like 30');
  return seconds * 1000;
}
