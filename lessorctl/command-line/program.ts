/** The commands as the command-line library has them: it reads the arguments, and writes the help. */
import { Argument, Command, Option } from 'commander';
import type { ControlCommand, OptionOfCommand } from '../session/command.ts';
import type { CommandEntry } from './command-entry.ts';
import { groups } from './commands.ts';
import { globalOptions, watchOption } from './global-options.ts';

type Values = Readonly<Record<string, unknown>>;

/** Given values, those of the options that every command has apart. */
export type Carry = (command: ControlCommand, values: Values, globals: Values) => Promise<void>;

export interface ProgramOptions {
  /** As it was called: `lessorctl`, or `kubectl lessor`. */
  readonly name: string;
  readonly version: string;
  readonly columns: number;
  print(text: string): void;
  readonly carry: Carry;
}

const WHAT_IT_IS = 'Looks into Lessor, the IP address management of Kubernetes pods, and changes what there is.';

export function programOf(options: ProgramOptions): Command {
  const program = new Command(options.name);
  prepare(program, options);
  program
    .description(WHAT_IT_IS)
    .version(`lessorctl ${options.version}`, '--version', 'show the version')
    .helpCommand(false)
    .addHelpText('after', `\n${options.name} <command> --help has the arguments, options and examples of a command.`);
  for (const [name, option] of Object.entries(globalOptions)) program.addOption(optionOf(name, option));
  for (const { heading, commands } of groups)
    for (const entry of commands) program.addCommand(commandOf(entry, options).helpGroup(heading));
  return program;
}

function prepare(command: Command, { print, columns }: ProgramOptions): void {
  command
    .hook('preSubcommand', (_, meant) => load(meant))
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: () => {},
      getOutHelpWidth: () => columns,
      getOutHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (one) => one.name() })
    .helpOption('-h, --help', 'show this help')
    .showSuggestionAfterError();
}

function commandOf(entry: CommandEntry, options: ProgramOptions): Command {
  const command = new Command(entry.name);
  prepare(command, options);
  command.summary(entry.summary).description(sentence(entry.summary)).helpCommand(false);
  if (!('load' in entry)) {
    for (const one of entry.commands)
      command.addCommand(commandOf(one, options), { isDefault: one.name === entry.default });
    return command;
  }
  filling.set(command, async () => fill(command, entry, await entry.load(), options));
  return command;
}

/** What is known of a command is loaded once it is meant, before its own arguments and options are read; of none beside it. */
const filling = new WeakMap<Command, () => Promise<void>>();

async function load(command: Command): Promise<void> {
  const fillIn = filling.get(command);
  filling.delete(command);
  await fillIn?.();
}

function fill(command: Command, { summary }: CommandEntry, one: ControlCommand, { name, carry }: ProgramOptions): void {
  command.description([sentence(summary), flowing(one.about)].filter(Boolean).join('\n\n'));
  for (const [argument, { help, optional, several, choices }] of Object.entries(one.arguments)) {
    const term = `${argument}${several ? '...' : ''}`;
    const added = new Argument(optional ? `[${term}]` : `<${term}>`, help);
    command.addArgument(choices === undefined ? added : added.choices(choices));
  }
  const own: Readonly<Record<string, OptionOfCommand>> = { ...one.options, ...(one.watchable ? watchOption : {}) };
  const added = Object.entries(own).map(([option, shape]) => [option, optionOf(option, shape)] as const);
  for (const [, option] of added) command.addOption(option);
  if (one.examples.length > 0) command.addHelpText('after', `\nExamples:\n${examplesOf(one, name)}`);
  command.action(async () => {
    const given = command.opts();
    const options = added.map(([option, shape]) => [option, given[shape.attributeName()] ?? otherwise(own[option])]);
    const args = Object.keys(one.arguments).map((argument, index) => [argument, command.processedArgs[index]]);
    await carry(one, Object.fromEntries([...options, ...args]), command.optsWithGlobals());
  });
}

const otherwise = (option: OptionOfCommand | undefined) =>
  option?.kind === 'flag' ? false : option?.several ? [] : undefined;

const sentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;

/** Paragraphs without the line breaks of the source. */
const flowing = (text: string): string => text.trim().replace(/(?<!\n)\n(?!\n)/g, ' ');

const examplesOf = ({ examples }: ControlCommand, name: string): string =>
  examples.map(({ line, does }) => `  # ${does}\n  ${name} ${line}`).join('\n\n');

function optionOf(
  name: string,
  { kind, value, short, several, choices, default: otherwise, help }: OptionOfCommand,
): Option {
  const flags = `${short === undefined ? '' : `-${short}, `}--${name}${kind === 'flag' ? '' : ` <${value ?? 'value'}>`}`;
  const option = new Option(flags, several ? `${help} (may be repeated)` : help);
  if (choices !== undefined) option.choices(choices);
  if (otherwise !== undefined) option.default(otherwise);
  if (several) option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]);
  return option;
}
