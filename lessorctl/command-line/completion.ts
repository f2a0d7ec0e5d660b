/** What could come next on a command line that is being typed: from the table of commands, and names from the service. */
import type { ControlCommand, Kind, OptionOfCommand } from '../session/command.ts';
import type { CommandEntry } from './command-entry.ts';
import { groups } from './commands.ts';
import { globalOptions, watchOption } from './global-options.ts';

export interface Offer {
  readonly text: string;
  readonly help?: string;
}

/** @param options of every command, as far as they are typed already */
export type AskNames = (kind: Kind, options: Readonly<Record<string, string>>) => Promise<readonly string[]>;

type Shapes = Readonly<Record<string, OptionOfCommand>>;

/** @param words behind the executable; the last one is being typed, and may be empty */
export async function candidates(words: readonly string[], askNames: AskNames): Promise<Offer[]> {
  const typed = words.at(-1) ?? '';
  const { command, entries, operands, options, pending } = await understood(words.slice(0, -1));
  const all = async (): Promise<Offer[]> => {
    if (pending !== undefined) {
      const values = pending.of === undefined ? pending.choices : await askNames(pending.of, options);
      return (values ?? []).map((text) => ({ text }));
    }
    if (typed.startsWith('-')) return optionsOf(shapesOf(command));
    const names = entries.map(({ name, summary }) => ({ text: name, help: summary }));
    const argument = command === undefined ? undefined : argumentAt(command, operands.length);
    if (argument?.choices !== undefined) return [...names, ...argument.choices.map((text) => ({ text }))];
    if (argument?.kind === undefined) return names;
    const found = await askNames(argument.kind, options);
    return [...names, ...found.filter((text) => !operands.includes(text)).map((text) => ({ text }))];
  };
  return (await all()).filter(({ text }) => text.startsWith(typed));
}

interface Understood {
  /** The one that is meant so far. */
  readonly command: ControlCommand | undefined;
  /** Commands of which one may come next. */
  readonly entries: readonly CommandEntry[];
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** An option whose value comes next. */
  readonly pending: OptionOfCommand | undefined;
}

async function understood(words: readonly string[]): Promise<Understood> {
  let entries: readonly CommandEntry[] = groups.flatMap(({ commands }) => commands);
  let command: ControlCommand | undefined;
  let pending: [string, OptionOfCommand] | undefined;
  const operands: string[] = [];
  const options: Record<string, string> = {};
  for (const word of words) {
    if (pending !== undefined) {
      options[pending[0]] = word;
      pending = undefined;
    } else if (word.startsWith('-')) {
      const [name = '', value] = word.split('=', 2);
      const shape = shapeNamed(shapesOf(command), name);
      if (shape?.[1].kind === 'value' && value === undefined) pending = shape;
      else if (shape !== undefined && value !== undefined) options[shape[0]] = value;
    } else {
      const entry: CommandEntry | undefined = entries.find(({ name }) => name === word);
      if (entry === undefined) operands.push(word);
      const meant = entry ?? undefined;
      const single = meant && 'load' in meant ? meant : meant?.commands.find(({ name }) => name === meant.default);
      if (meant !== undefined) command = await single?.load();
      entries = meant !== undefined && 'commands' in meant ? meant.commands : [];
    }
  }
  return { command, entries, operands, options, pending: pending?.[1] };
}

const shapesOf = (command: ControlCommand | undefined): Shapes => ({
  ...command?.options,
  ...(command?.watchable ? watchOption : {}),
  ...globalOptions,
});

const shapeNamed = (shapes: Shapes, word: string): [string, OptionOfCommand] | undefined =>
  Object.entries(shapes).find(
    ([name, { short }]) => word === `--${name}` || (short !== undefined && word === `-${short}`),
  );

const optionsOf = (shapes: Shapes): Offer[] =>
  Object.entries(shapes).map(([name, { help }]) => ({ text: `--${name}`, help }));

/** The last argument may be given several times. */
function argumentAt({ arguments: args }: ControlCommand, index: number) {
  const all = Object.values(args);
  const last = all.at(-1);
  return all[index] ?? (last?.several ? last : undefined);
}
