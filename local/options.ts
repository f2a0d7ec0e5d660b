/** What `npm start` may be told on its command line. */
import { parseArgs } from 'node:util';
import { LessorError, problems } from '../core/contract/problems.ts';

const DEFAULT_PORT = 8470;

export interface StartOptions {
  readonly help: boolean;
  /** End after the demonstration. */
  readonly once: boolean;
  /** Tell the steps as JSON. */
  readonly json: boolean;
  readonly port: number;
  /** No port was asked for: where the default one is taken, any other does. */
  readonly orAnyPort: boolean;
}

/** An exit code that no problem has: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

export const HELP = `Lessor on one machine: DynamoDB Local, the Lambda functions
and the API at 127.0.0.1, and two nodes with the plugin.
A demonstration runs, then all stays up for you to try.

  npm start [-- options]

  --once        end after the demonstration
  --json        its steps as JSON, one a line
  --port PORT   where the API listens; 0: any free port
                (default: ${DEFAULT_PORT}, or any free port
                where that is taken)
  -h, --help    this text

Results go to standard output, progress and errors to
standard error. There are colours on a terminal only, and
none with NO_COLOR. COLUMNS says how wide lines may be.

Exit codes:
  0    all of it worked, or nobody wanted to read on
       (| head -1)
  1    a fault of the program, with its stack
  ${problems['request.invalid'].exit}   a wrong option
  ${problems['service.unavailable'].exit}   something is missing (Node, packages, Java), or
       the port that was asked for is taken
  ${problems['service.fault'].exit}   a step of the demonstration went wrong
  ${INTERRUPTED}  it was interrupted before it was up
It ends and removes what it started in every case. What a
killed one left (kill -9), the next one removes.
`;

/** @throws LessorError request.invalid with what is wrong */
export function readOptions(words: readonly string[]): StartOptions {
  const { port: given, ...flags } = parsed(words);
  const port = Number(given ?? DEFAULT_PORT);
  if (given !== undefined && (!/^\d{1,5}$/.test(given) || port > 65_535))
    throw new LessorError('request.invalid', `--port ${given} is not a port`, {
      remedy: 'give a number from 0 to 65535',
    });
  return { ...flags, port, orAnyPort: given === undefined };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    // Node goes on to explain how to pass a file that is named like an option.
    const [what = ''] = (error as Error).message.split(/\.? (?=To specify|This command)|\n/);
    throw new LessorError('request.invalid', what, { remedy: 'npm start -- --help lists the options', cause: error });
  }
}
