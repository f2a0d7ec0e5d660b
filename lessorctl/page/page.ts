/** docs/lessorctl.md: what is written by hand, and below it each command as it describes itself. */
import type { CommandEntry, SingleCommand } from '../command-line/command-entry.ts';
import { groups } from '../command-line/commands.ts';
import { globalOptions, watchOption } from '../command-line/global-options.ts';
import type { ControlCommand, OptionOfCommand } from '../session/command.ts';

/** What is above it is written by hand. */
const MARK = '<!-- From here on npm run ctl-page writes this page. -->';

const ABOUT_EXAMPLES =
  `Below, each example has what it prints on a terminal of 80 columns. They were typed one after the other into a small
deployment; what is longer ends with \`…\`. Times and ids are made up.`.replace('\n', ' ');

/** What each example of a command prints, by its line. */
type Shown = ReadonlyMap<string, string>;

/** @param page as it is now */
export async function controlPage(page: string, shown: Shown): Promise<string> {
  const [byHand = ''] = page.split(MARK);
  const parts = await Promise.all(
    groups.map(async ({ heading, commands }) => {
      const each = await Promise.all(commands.flatMap((entry) => entryParts(entry, shown)));
      return [`## ${heading.replace(/:$/, '')}`, ...each].join('\n\n');
    }),
  );
  return `${byHand.trimEnd()}\n\n${MARK}\n\n${['## Options of every command', optionTable(globalOptions), ABOUT_EXAMPLES, ...parts].join('\n\n')}\n`;
}

const entryParts = (entry: CommandEntry, shown: Shown): Promise<string>[] =>
  'load' in entry
    ? [commandPart(entry.name, entry, shown)]
    : entry.commands.map((one) =>
        commandPart(`${entry.name} ${one.name}`, one, shown, entry.default === one.name ? entry.name : undefined),
      );

/** @param short the same command, where a word of its name may be left out */
async function commandPart(name: string, entry: SingleCommand, shown: Shown, short?: string): Promise<string> {
  const command = await entry.load();
  const options = { ...command.options, ...(command.watchable ? watchOption : {}) };
  return [
    `### ${name}`,
    `\`lessorctl ${[short ?? name, ...argumentTerms(command)].join(' ')}\``,
    `${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`,
    flowing(command.about),
    argumentTable(command),
    optionTable(options),
    examples(command, shown),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const flowing = (text: string): string => text.trim().replace(/(?<!\n)\n(?!\n)/g, ' ');

const argumentTerms = ({ arguments: args }: ControlCommand): string[] =>
  Object.entries(args).map(([name, { optional, several }]) => {
    const term = `${name.toUpperCase()}${several ? '...' : ''}`;
    return optional ? `[${term}]` : term;
  });

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0
    ? ''
    : [head, head.map(() => '---'), ...rows]
        .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
        .join('\n');

const argumentTable = ({ arguments: args }: ControlCommand): string =>
  table(
    ['argument', 'meaning'],
    Object.entries(args).map(([name, { help }]) => [`\`${name.toUpperCase()}\``, help]),
  );

const optionTable = (options: Readonly<Record<string, OptionOfCommand>>): string =>
  table(
    ['option', 'meaning'],
    Object.entries(options).map(([name, { short, kind, value, help, choices, default: otherwise, several }]) => [
      `\`${short === undefined ? '' : `-${short}, `}--${name}${kind === 'flag' ? '' : ` ${value ?? 'VALUE'}`}\``,
      [
        help,
        ...(choices === undefined ? [] : [`one of ${choices.map((one) => `\`${one}\``).join(', ')}`]),
        ...(otherwise === undefined ? [] : [`default \`${otherwise}\``]),
        ...(several ? ['may be repeated'] : []),
      ].join('; '),
    ]),
  );

/** Each with what it prints. */
const examples = ({ examples: all }: ControlCommand, shown: Shown): string =>
  all.length === 0
    ? ''
    : `\`\`\`\n${all
        .map(({ line, does }) => [`# ${does}`, `$ lessorctl ${line}`, shown.get(line)].filter(Boolean).join('\n'))
        .join('\n\n')}\n\`\`\``;
