/** What `npm run bench` may be told on its command line. */
import { parseArgs } from 'node:util';
import { nearestName } from '../../core/contract/nearest-name.ts';
import { LessorError, problems } from '../../core/contract/problems.ts';
import { INTERRUPTED } from '../../local/options.ts';
import type { Section } from './section.ts';

export interface BenchOptions {
  readonly help: boolean;
  /** As few rounds as show that every section works. */
  readonly quick: boolean;
  /** The figures as JSON instead of tables. */
  readonly json: boolean;
  /** The tables go into the documentation as well. */
  readonly write: boolean;
  readonly sections: readonly Section[];
}

export const helpOf = (
  sections: readonly Section[],
): string => `What Lessor's parts take, each beside a baseline of the same run.

  npm run bench [-- options] [section ...]

  --quick     a few rounds of each: shows that it works,
              and is no measurement
  --json      the figures as JSON instead of tables
  --write     the tables go into docs/benchmarks.md too
  -h, --help  this text

Sections (default: all):
${sections.map(({ name, what }) => `  ${name.padEnd(16)}${what}\n`).join('')}
Results go to standard output, progress and errors to
standard error. A goal that is missed is shown, and is no
error: times are those of this machine.

Exit codes:
  0    every section was measured, or says why it cannot be
       here
  1    a measured call failed
  ${problems['request.invalid'].exit}   a wrong option, or a section that there is not
  ${INTERRUPTED}  it was interrupted; nothing is left behind
`;

/** @throws LessorError request.invalid with what is wrong */
export function readOptions(words: readonly string[], all: readonly Section[]): BenchOptions {
  const { values, positionals } = parsed(words);
  const sections = all.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const names = all.map(({ name }) => name);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, names);
    throw invalid(`there is no section ${unknown}`, `${nearest ? `did you mean ${nearest}? ` : ''}${LISTED}`);
  }
  if (values.write && values.quick)
    throw invalid('--write does not go with --quick', 'leave one of them out: a quick run is no measurement');
  return { ...values, sections };
}

const LISTED = 'npm run bench -- --help lists options and sections';
const invalid = (what: string, remedy: string, cause?: unknown) =>
  new LessorError('request.invalid', what, { remedy, cause });

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    // Node goes on to explain how to pass a file that is named like an option.
    const [what = ''] = (error as Error).message.split(/\.? (?=To specify|This command)|\n/);
    throw invalid(what, LISTED, error);
  }
}
