/** From an argument list to an exit code: which command is meant, what it came to, and how what goes wrong is said. */
import { CommanderError } from 'commander';
import { LessorError, problems } from '../../core/contract/problems.ts';
import { shownText } from '../../core/contract/shown-text.ts';
import { wrong } from '../settings/wrong.ts';
import type { Shell } from '../shell/shell.ts';
import { type Carry, programOf } from './program.ts';

/** For what nothing that a person gave should cause. */
const FAULT = 1;
/** Characters a line of help, where the terminal is wider or none. */
const HELP_COLUMNS = 100;

export interface Called {
  /** `lessorctl`, or `kubectl lessor`. */
  readonly name: string;
  readonly version: string;
}

/** Never throws but where nobody reads what is printed. */
export async function run(argv: readonly string[], { name, version }: Called, shell: Shell): Promise<number> {
  let exitCode = 0;
  const carry: Carry = async (...meant) => {
    const { carryOut } = await import('./carry-out.ts');
    exitCode = await carryOut(shell, name.startsWith('kubectl '), ...meant);
  };
  if (argv[0] === '__complete') {
    const { complete } = await import('./complete.ts');
    return complete(shell, argv.slice(1));
  }
  const columns = Math.min(HELP_COLUMNS, shell.columns ?? HELP_COLUMNS);
  const program = programOf({ name, version, columns, print: (text) => shell.print(text), carry });
  try {
    await program.parseAsync(withHelp(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { text, exitCode: code } = failureOf(error, name);
    shell.complain(`lessorctl: ${shownText(text)}\n`);
    return code;
  }
}

/** `help pool create` is `pool create --help`, and so is nothing at all. */
function withHelp(argv: readonly string[]): string[] {
  const [first, ...rest] = argv;
  if (first === undefined) return ['--help'];
  return first === 'help' ? [...rest, '--help'] : [...argv];
}

function failureOf(thrown: unknown, name: string): { text: string; exitCode: number } {
  const error = thrown instanceof CommanderError ? wrongUse(thrown, name) : thrown;
  if (error instanceof LessorError) {
    const { requestId } = error.facts;
    return {
      text: `${error.message}${requestId === undefined ? '' : ` (request ${requestId})`}`,
      exitCode: error.kind.exit,
    };
  }
  if (isFileError(error))
    return { text: `a file cannot be read or written (${error.message})`, exitCode: problems['node.storage'].exit };
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { text: `a fault: ${what}: please report it`, exitCode: FAULT };
}

/** The library's words, of which some have two lines. */
function wrongUse({ message }: CommanderError, name: string): LessorError {
  const [what = '', hint] = message.replace(/^error: /, '').split('\n');
  const meant = hint === undefined ? '' : ` ${hint.replace('Did', 'did')}`;
  return wrong(`${what.replace(/\.$/, '')}${meant}`, `see ${name} help`);
}

const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'errno' in error;
