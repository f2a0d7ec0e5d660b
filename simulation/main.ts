/** `npm run simulate`: plays so many operations by many seeds, on all processors; or one seed again. */
import { argv, exit, stderr, stdout } from 'node:process';
import pMap from 'p-map';
import { LessorError } from '../core/contract/problems.ts';
import { HELP, INTERRUPTED, readOptions, type SimulationOptions } from './options.ts';
import type { Played } from './player.ts';
import type { PlayOrder } from './plays.ts';
import { sumOf, textOf } from './report.ts';
import { startWorkers, type Workers } from './workers.ts';

const isViolated = ({ run }: Played): boolean => run.violations.length > 0;

/** Told while it goes on: in place on a screen, line by line elsewhere. */
const say = (text: string) => void stderr.write(stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);

/** @returns the exit code */
async function main({ help, json, trace, processes, isShrunk, orders }: SimulationOptions): Promise<number> {
  if (help) {
    stdout.write(HELP);
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => exit(INTERRUPTED));
  const began = performance.now();
  const workers = await startWorkers(processes);
  try {
    const all = await playAll(workers, orders(), processes);
    const seconds = (performance.now() - began) / 1000;
    const told = isShrunk ? await madeSmall(workers, all) : all;
    if (stderr.isTTY) stderr.write('\n');
    stdout.write(textOf(told, { seconds, processes, isJson: json, withTrace: trace }));
    return all.some(isViolated) ? 1 : 0;
  } finally {
    workers.end();
  }
}

async function playAll(workers: Workers, orders: Iterable<PlayOrder>, processes: number): Promise<Played[]> {
  const all: Played[] = [];
  /** After a violation nothing more begins. */
  function* soundOrders() {
    for (const order of orders) {
      if (all.some(isViolated)) return;
      yield order;
    }
  }
  await pMap(
    soundOrders(),
    async (order) => {
      const played = await workers.play(order);
      all.push(played);
      const { configuration, seed } = order;
      say(`${sumOf(all).operations} operations, ${all.length} runs (${configuration}, seed ${seed})`);
    },
    { concurrency: processes },
  );
  return all;
}

/** Each failing run with what is left of it when it is made small. */
const madeSmall = (workers: Workers, all: readonly Played[]): Promise<Played[]> =>
  Promise.all(
    all.map((played) => {
      if (!isViolated(played)) return played;
      const { configuration, seed } = played.order;
      say(`${configuration}, seed ${seed}: ${played.run.violations[0]?.property}; it is made smaller`);
      return workers.play(played.order, true);
    }),
  );

main(readOptionsOrExit()).then(exit);

function readOptionsOrExit(): SimulationOptions {
  try {
    return readOptions(argv.slice(2));
  } catch (error) {
    if (!(error instanceof LessorError)) throw error;
    stderr.write(`✗ ${error.message}\n`);
    return exit(error.kind.exit);
  }
}
