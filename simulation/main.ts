/** `npm run simulate`: plays so many operations by many seeds, on all processors; or one seed again. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import pMap from 'p-map';
import { type ConfigurationName, configurationNames, configurations } from './configurations.ts';
import type { Played } from './player.ts';
import { type PlayOrder, playsFor } from './plays.ts';
import { sumOf, textOf } from './report.ts';
import { startWorkers } from './workers.ts';

const HELP = `Simulates Lessor: the plugin, the agent, the service and its tables, by a schedule that a seed decides.

  npm run simulate -- [options]

  --operations N       so many steps of the schedule (default 200000)
  --first-seed N       the first seed (default 1)
  --configuration C    one of: ${configurationNames.join(', ')}; all if left out
  --seed N             this seed only; with --configuration, a run exactly as it was
  --trace              what happened in it, line by line
  --acts N  --only 1,2 --without lost,late  --not-healed  --mutant NAME
                       what a shrunk run is told by
  --processes N        (default: one a processor)
  --json               one JSON object in place of the table
  --help               this text

Exit code 1: a violation; it is shrunk, and printed as a test.
`;

function readOptions() {
  const { values } = parseArgs({
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
      help: { type: 'boolean', default: false },
    },
  });
  const { configuration } = values;
  if (configuration !== undefined && !(configuration in configurations))
    throw new Error(`--configuration ${configuration} is none of ${configurationNames.join(', ')}`);
  return values;
}
type Options = ReturnType<typeof readOptions>;

function* ordersOf(options: Options): Generator<PlayOrder> {
  const operations = Number(options.operations);
  const names = options.configuration === undefined ? configurationNames : [options.configuration as ConfigurationName];
  const { mutant, acts, only, without, seed } = options;
  if (seed === undefined) {
    for (const order of playsFor(operations, { first: Number(options['first-seed']), names }))
      yield { ...order, mutant };
    return;
  }
  for (const configuration of names)
    yield {
      ...{ seed: Number(seed), configuration, operations, mutant },
      ...(acts !== undefined && { acts: Number(acts) }),
      ...(only !== undefined && { only: only.split(',').map(Number) }),
      ...(options['not-healed'] && { isHealed: false }),
      ...(without !== undefined && { without: without.split(',') }),
    };
}

async function main(options: Options): Promise<number> {
  const began = performance.now();
  const processes = Number(options.processes ?? availableParallelism());
  const workers = await startWorkers(processes);
  const all: Played[] = [];
  const isReplay = options.only !== undefined;
  /** After a violation nothing more begins. */
  function* soundOrders() {
    for (const order of ordersOf(options)) {
      if (all.some(({ run }) => run.violations.length > 0)) return;
      yield order;
    }
  }
  const progress = ({ order: { configuration, seed } }: Played) => {
    const end = process.stderr.isTTY ? '\r' : '\n';
    process.stderr.write(
      `${sumOf(all).operations} operations, ${all.length} runs (${configuration}, seed ${seed}) ${end}`,
    );
  };
  try {
    await pMap(
      soundOrders(),
      async (order) => {
        const played = await workers.play(order, !isReplay);
        all.push(played);
        progress(played);
      },
      { concurrency: processes },
    );
  } finally {
    workers.end();
  }
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(textOf(all, { seconds, processes, isJson: options.json, withTrace: options.trace }));
  return all.some(({ run }) => run.violations.length > 0) ? 1 : 0;
}

const options = readOptions();
if (options.help) process.stdout.write(HELP);
else process.exitCode = await main(options);
