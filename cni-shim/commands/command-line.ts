/** The executable's commands: which there are, their help, and how what goes wrong is said. */
import { LessorError } from '../../core/contract/problems.ts';
import { storageError } from '../cni/result.ts';
import { isFileError } from '../machine/files.ts';
import { refusal } from '../machine/refusal.ts';
import { version } from '../machine/version.ts';
import type { Calling, Command, Option } from './command.ts';
import { readArguments } from './options.ts';
import { columns } from './table.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

export const commands: readonly Entry[] = [
  {
    name: 'agent',
    summary: 'frees what ended without a DEL, and tells the service what happened while it was away',
    load: async () => (await import('./agent.ts')).agent,
  },
  {
    name: 'status',
    summary: "shows this node's attachments and blocks, what waits to be told, and what failed lately",
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'reconcile',
    summary: 'releases leases of this node that have no reason any more',
    load: async () => (await import('./reconcile.ts')).reconcileOnce,
  },
  {
    name: 'leave',
    summary: 'takes this node out of service: gives back what it has and says goodbye',
    load: async () => (await import('./leave.ts')).leaving,
  },
  {
    name: 'give-back',
    summary: 'gives a block of this node back, in which nothing is used',
    load: async () => (await import('./give-back.ts')).givingBack,
  },
  {
    name: 'import',
    summary: 'makes leases of the addresses that another IPAM gave to containers of this node',
    load: async () => (await import('./import.ts')).importing,
  },
  {
    name: 'install',
    summary: 'puts the plugin, the node configuration and the agent on a host',
    load: async () => (await import('./install.ts')).installation,
  },
  {
    name: 'uninstall',
    summary: 'takes them away',
    load: async () => (await import('./install.ts')).uninstallation,
  },
];

/** For what nothing that a person gave should cause. */
const FAULT = 1;

/** Does what the arguments ask for. Never throws but where nobody reads what is printed; resolves to the exit code. */
export async function runCommand(argv: readonly string[], calling: Calling): Promise<number> {
  const { terminal } = calling;
  const [name = '', ...rest] = argv;
  try {
    if (['help', '--help', '-h'].includes(name)) {
      terminal.print(await helpFor(rest));
      return 0;
    }
    if (['version', '--version'].includes(name)) {
      terminal.print(`lessor ${version}\n`);
      return 0;
    }
    const entry = find(name);
    if (rest.some((argument) => argument === '--help' || argument === '-h')) {
      terminal.print(await commandHelp(entry));
      return 0;
    }
    const command = await entry.load();
    const { values, operands } = readArguments(name, command, rest);
    return await command.run(values, calling, operands);
  } catch (error) {
    const { text, exitCode } = failureOf(error);
    terminal.complain(`lessor: ${text}\n`);
    return exitCode;
  }
}

function failureOf(thrown: unknown): { text: string; exitCode: number } {
  const error = isFileError(thrown) ? storageError(thrown) : thrown;
  if (error instanceof LessorError) return { text: error.message, exitCode: error.kind.exit };
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { text: `a fault: ${what}: please report it`, exitCode: FAULT };
}

function find(name: string): Entry {
  const entry = commands.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const names = [...commands.map((one) => one.name), 'help', 'version'].join(', ');
  throw refusal('request.invalid', `there is no command ${JSON.stringify(name)}`, `the commands are ${names}`);
}

async function helpFor(names: readonly string[]): Promise<string> {
  const [name, ...more] = names;
  if (name === undefined) return overview();
  if (more.length > 0) throw refusal('request.invalid', 'help is for one command', 'name one');
  return commandHelp(find(name));
}

const overview = (): string => `lessor: serverless IP address management for Kubernetes pods

A container runtime calls this executable as a CNI plugin. On a command line:

  lessor <command> [options]

${indented([
  ...commands.map(({ name, summary }) => [name, summary]),
  ['help', 'shows this, or the options of a command: lessor help <command>'],
  ['version', 'shows the version'],
])}
`;

async function commandHelp({ name, summary, load }: Entry): Promise<string> {
  const { about, options, operands = [] } = await load();
  const call = [name, ...operands.map((one) => one.name)].join(' ');
  const given = operands.map((one) => [one.name, one.help]);
  const rows = Object.entries(options).map(([option, shape]) => [`--${option}${placeholder(shape)}`, helpOf(shape)]);
  return `lessor ${call}: ${summary}

${about.trim()}
${
  given.length === 0
    ? ''
    : `
${indented(given)}
`
}
Options:
${indented(rows)}
`;
}

const placeholder = ({ value, several }: Option): string =>
  value === undefined ? '' : ` ${value}${several ? ' (may be repeated)' : ''}`;

const helpOf = ({ help, default: otherwise }: Option): string =>
  otherwise === undefined ? help : `${help} (default: ${otherwise})`;

const indented = (rows: readonly (readonly string[])[]): string => columns(rows).replace(/^/gm, '  ');
