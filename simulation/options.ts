/** What `npm run simulate` may be told on its command line. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { nearestName } from '../core/contract/nearest-name.ts';
import { LessorError, problems } from '../core/contract/problems.ts';
import { configurationNames } from './configurations.ts';
import { identityEdits } from './identity-mutants.ts';
import { mutants } from './mutants.ts';
import { nodeEdits } from './node-mutants.ts';
import { type PlayOrder, playsFor } from './plays.ts';
import { serviceEdits } from './service-mutants.ts';
import { storesWithout } from './store-mutants.ts';
import { faults } from './weather.ts';

export interface SimulationOptions {
  readonly help: boolean;
  readonly json: boolean;
  /** What happened is printed, line by line. */
  readonly trace: boolean;
  readonly processes: number;
  /** A failing run is made small. A run that is small already is not. */
  readonly isShrunk: boolean;
  readonly orders: () => Iterable<PlayOrder>;
}

export const INTERRUPTED = 130;

export const HELP = `Simulates Lessor: the plugin, the agent, the service and its tables, by a schedule that a seed decides.

  npm run simulate -- [options]

  --operations N       so many steps of the schedule (default 200000)
  --first-seed N       the first seed (default 1)
  --configuration C    one of: ${configurationNames.join(', ')}; all if left out
  --mutant NAME        with that mistake in it: one of docs/simulation.md
  --processes N        (default: one a processor)
  --json               one JSON object in place of the table
  -h, --help           this text

One run again, as it was (with --configuration and --operations):
  --seed N             this seed only
  --trace              what happened in it, line by line
  --acts N  --only 1,2 --without ${faults.slice(0, 2).join(',')}  --not-healed
                       what a run that was made smaller is told by

Exit codes:
  0    no violation
  1    a violation: it is made smaller, and printed as a test
  ${problems['request.invalid'].exit}   a wrong option
  ${INTERRUPTED}  it was interrupted; nothing is left behind
`;

const LISTED = 'npm run simulate -- --help lists the options';
const MOST_PROCESSES = 256;
const MOST = 1e12;

const invalid = (what: string, remedy: string = LISTED, cause?: unknown) =>
  new LessorError('request.invalid', what, { remedy, cause });

/** @throws LessorError request.invalid with what is wrong */
export function readOptions(words: readonly string[]): SimulationOptions {
  const { help, json, trace, ...values } = parsed(words);
  const { seed, only, acts, without, mutant } = values;
  const ofOneRun = { trace: trace || undefined, only, acts, without, 'not-healed': values['not-healed'] || undefined };
  const [lonely] = Object.entries(ofOneRun).find(([, value]) => value !== undefined && seed === undefined) ?? [];
  if (lonely !== undefined) throw invalid(`--${lonely} is of one run`, 'say which one: --seed N');
  if (mutant !== undefined)
    oneOf('mutant', mutant, [mutants, storesWithout, nodeEdits, serviceEdits, identityEdits].flatMap(Object.keys));
  const names =
    values.configuration === undefined
      ? configurationNames
      : [oneOf('configuration', values.configuration, configurationNames)];
  const operations = whole('operations', values.operations, { least: 1 });
  const first = whole('first-seed', values['first-seed']);
  const again = seed === undefined ? undefined : { ...smallerThan(values), seed: whole('seed', seed) };
  function* orders(): Generator<PlayOrder> {
    if (again === undefined) for (const order of playsFor(operations, { first, names })) yield { ...order, mutant };
    else for (const configuration of names) yield { ...again, configuration, operations, mutant };
  }
  const processes =
    values.processes === undefined
      ? availableParallelism()
      : whole('processes', values.processes, { least: 1, most: MOST_PROCESSES });
  return { help, json, trace, processes, isShrunk: only === undefined, orders };
}

/** What was left out when a run was made smaller. */
function smallerThan({
  acts,
  only,
  without,
  'not-healed': isNotHealed,
}: Omit<ReturnType<typeof parsed>, 'help' | 'json' | 'trace'>) {
  return {
    ...(acts !== undefined && { acts: whole('acts', acts) }),
    ...(only !== undefined && { only: only.split(',').map((act) => whole('only', act)) }),
    ...(isNotHealed && { isHealed: false }),
    ...(without !== undefined && { without: without.split(',').map((fault) => oneOf('without', fault, faults)) }),
  };
}

function whole(option: string, text: string, { least = 0, most = MOST } = {}): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw invalid(`--${option} ${text} is not a whole number from ${least} to ${most}`);
}

function oneOf<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === given);
  if (name !== undefined) return name;
  const nearest = nearestName(given, names);
  throw invalid(`--${option} ${given} is not known`, nearest === undefined ? LISTED : `did you mean ${nearest}?`);
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        operations: { type: 'string', default: '200000' },
        'first-seed': { type: 'string', default: '1' },
        configuration: { type: 'string' },
        seed: { type: 'string' },
        trace: { type: 'boolean', default: false },
        acts: { type: 'string' },
        only: { type: 'string' },
        without: { type: 'string' },
        'not-healed': { type: 'boolean', default: false },
        mutant: { type: 'string' },
        processes: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    // Node goes on to explain how to pass a value that looks like an option.
    const [what = ''] = (error as Error).message.split(/\.? (?=To specify|This command)|\n/);
    throw invalid(what.replace(/\.$/, ''), LISTED, error);
  }
}
