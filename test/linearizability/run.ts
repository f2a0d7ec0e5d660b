/**
 * Runs of each configuration, and what they came to; with `--mutants` how soon each broken store is found out.
 *   npm run linearizability -- [--mutants] [--seeds 10] [--only "block: given back"] [--seed 7]
 */
import { parseArgs } from 'node:util';
import { type ConfigurationName, configurations } from './configurations.ts';
import { mutants } from './mutants.ts';
import { play, type Run, violationsOf } from './play.ts';

const { values } = parseArgs({
  options: {
    mutants: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
});
const first = Number(values.seed ?? 1);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const seeds = Array.from({ length: count }, (_, index) => first + index);
const isMeant = (name: string) => values.only === undefined || name.includes(values.only);

if (values.mutants) {
  for (const { name, lagging, where, store } of mutants) {
    if (!isMeant(name)) continue;
    const began = performance.now();
    let found: string | undefined;
    for (const seed of seeds) {
      const violations = violationsOf(await play(configurations[where], seed, { store: store(), lagging }));
      if (violations.length === 0) continue;
      found = `seed ${seed}, ${values.seed === undefined ? lastLines(violations[0] ?? '') : violations.join('\n\n')}`;
      break;
    }
    const took = (performance.now() - began).toFixed(0);
    process.stdout.write(`${name} | ${where} | ${found ?? `NOT FOUND in ${count} runs`} | ${took} ms\n`);
  }
} else {
  for (const name of Object.keys(configurations) as ConfigurationName[]) {
    if (!isMeant(name)) continue;
    const began = performance.now();
    const runs: Run[] = [];
    for (const seed of seeds) {
      const run = await play(configurations[name], seed);
      runs.push(run);
      for (const violation of violationsOf(run)) {
        process.stdout.write(`*** ${name}, seed ${seed}: ${violation}\n\n`);
        process.exitCode = 1;
      }
    }
    const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0);
    const faults = sum((run) => Object.values(run.faults).reduce((a, b) => a + b, 0));
    const largest = Math.max(...runs.flatMap(({ checked }) => checked.map(({ searched }) => searched)));
    process.stdout.write(
      `${name}: ${sum(({ operations }) => operations)} operations, ${sum(({ pending }) => pending)} pending, ${faults} faults, ` +
        `largest search ${largest}, ${(performance.now() - began).toFixed(0)} ms\n`,
    );
  }
}

function lastLines(violation: string): string {
  const lines = violation.split('\n');
  return [lines[0], ...lines.slice(-3)].join(' / ').slice(0, 400);
}
