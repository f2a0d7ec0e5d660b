/** `npm run model`: explores every configuration that docs/protocol.md names, and, where asked, what is refuted. */
import { parseArgs } from 'node:util';
import { LessorError } from '../../core/contract/problems.ts';
import { type Exhausted, exhausted, explored } from './configurations.ts';
import type { Exploration } from './explore.ts';
import { mutants } from './mutants.ts';
import { type Finding, findings, number, story, write } from './refuted.ts';

const HELP = `The model of Lessor's protocol: every state of every configuration, breadth first.

  npm run model [-- options]

  --only TEXT   only the configurations, and mutants, whose name has TEXT in it
  --mutants     what is refuted too: each condition taken away, each bad variant, with its story
  --write       writes what was found into docs/refuted.md and docs/protocol.md (implies --mutants)
  --json        one JSON object a line instead of the table
  --help        this text

Exit code 1: an invariant is violated, a mutant is not caught, or figures are not those that are recorded.
`;

interface Options {
  readonly only: string;
  readonly mutants: boolean;
  readonly write: boolean;
  readonly json: boolean;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      mutants: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return undefined;
  }
  const { only, write, json } = values;
  if (write && only !== '') throw new LessorError('request.invalid', '--write needs all of it: leave --only out');
  const known = [...exhausted.map(({ name }) => name), ...(values.mutants ? Object.keys(mutants) : [])];
  if (!known.some((name) => name.includes(only)))
    throw new LessorError('request.invalid', `--only ${only} is in no name; the names are:\n  ${known.join('\n  ')}`);
  return { only, write, json, mutants: values.mutants || write };
}

/** The seconds since `start`, and what is counted meanwhile on the error stream. */
function timed<T>(name: string, run: (progress: (states: number, depth: number) => void) => T): [T, number] {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let told = 0;
  const found = run((states, depth) => {
    if (seconds() < told + 5) return;
    told = seconds();
    console.error(`… ${name}: ${states.toLocaleString('en')} states, depth ${depth}, ${told.toFixed(0)} s`);
  });
  return [found, seconds()];
}

function runConfigurations({ only, json }: Options): boolean {
  let well = true;
  const chosen = exhausted.filter(({ name }) => name.includes(only));
  const wide = Math.max(...chosen.map(({ name }) => name.length));
  if (!json && chosen.length > 0) console.log(`${'configuration'.padEnd(wide)}      states  depth  seconds`);
  for (const recorded of chosen) {
    const { name } = recorded;
    const [found, seconds] = timed(name, (progress) => explored(name, new Set(), progress));
    const verdict = judged(recorded, found);
    well &&= verdict === 'holds';
    if (json) console.log(JSON.stringify({ configuration: name, ...found, seconds, verdict }));
    else {
      const cells = [number(found.states).padStart(11), `${found.depth}`.padStart(6), seconds.toFixed(1).padStart(8)];
      console.log(`${name.padEnd(wide)} ${cells.join(' ')}  ${verdict}`);
      if (found.violation) console.log(story(found.violation.trace));
    }
  }
  return well;
}

function judged(recorded: Exhausted, { states, depth, violation }: Exploration): string {
  if (violation) return violation.what;
  if (recorded.states === states && recorded.depth === depth) return 'holds';
  return `holds, but ${number(recorded.states)} states and depth ${recorded.depth} are recorded in configurations.ts`;
}

function runMutants({ only, json }: Options): { well: boolean; found: readonly Finding[] } {
  let well = true;
  const found = findings(only, ({ name, mutant: { where, breaks }, found: { states, violation } }) => {
    const caught = violation?.what.startsWith(`${breaks}: `) ?? false;
    well &&= caught;
    if (json) console.log(JSON.stringify({ mutant: name, configuration: where, states, caught, violation }));
    else console.log(`\n${name}, in “${where}”: ${violation?.what ?? 'NOT CAUGHT'}\n${story(violation?.trace ?? [])}`);
  });
  if (!json) console.log(`\n${found.length} mutants${well ? ', each caught' : ', not each caught as recorded'}`);
  return { well, found };
}

function main(): void {
  const options = readOptions();
  if (options === undefined) return;
  let well = runConfigurations(options);
  if (options.mutants) {
    const refuted = runMutants(options);
    well &&= refuted.well;
    if (options.write) write(refuted.found);
  }
  if (!well) process.exitCode = 1;
}

try {
  main();
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  const known = error instanceof LessorError || usage;
  console.error(`✗ ${known ? (error as Error).message : ((error as Error)?.stack ?? error)}`);
  if (usage) console.error(HELP);
  process.exitCode = error instanceof LessorError ? error.kind.exit : usage ? 21 : 1;
}
