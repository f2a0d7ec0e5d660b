/** Processes that play at the same time, one for each processor: of one bundle, in which nothing is loaded while a run goes on. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { mistakesIn } from './edits.ts';
import { identityEdits } from './identity-mutants.ts';
import { nodeEdits } from './node-mutants.ts';
import type { Played } from './player.ts';
import type { PlayOrder } from './plays.ts';
import { serviceEdits } from './service-mutants.ts';
import type { Answered } from './worker.ts';

export interface Workers {
  /** Waits for a process that has nothing to do. @throws Error for what is no violation but a mistake of the simulator */
  play(order: PlayOrder, isShrunk?: boolean): Promise<Played>;
  end(): void;
}

const project = fileURLToPath(new URL('..', import.meta.url));
/** Most of what a step makes is gone after it. */
const YOUNG_MB = 32;

export async function startWorkers(count: number): Promise<Workers> {
  mkdirSync(join(project, 'dist'), { recursive: true });
  // Within the project, where its packages are found.
  const directory = mkdtempSync(join(project, 'dist', 'simulation-'));
  const bundle = join(directory, 'worker.mjs');
  await build({
    entryPoints: [join(project, 'simulation', 'worker.ts')],
    outfile: bundle,
    bundle: true,
    packages: 'external',
    external: ['bun:sqlite'],
    plugins: [mistakesIn(project, { ...nodeEdits, ...serviceEdits, ...identityEdits })],
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'silent',
    absWorkingDir: project,
  });
  const execArgv = ['--enable-source-maps', `--max-semi-space-size=${YOUNG_MB}`];
  const remove = () => rmSync(directory, { recursive: true, force: true });
  // Also where it is interrupted.
  process.once('exit', remove);
  const all = Array.from({ length: count }, () => fork(bundle, { execArgv }));
  const idle: ChildProcess[] = [...all];
  const waiting: ((worker: ChildProcess) => void)[] = [];
  const free = () => {
    const worker = idle.pop();
    return worker === undefined ? new Promise<ChildProcess>((got) => waiting.push(got)) : Promise.resolve(worker);
  };
  return {
    async play(order, isShrunk = false) {
      const worker = await free();
      try {
        return await ask(worker, order, isShrunk);
      } finally {
        const next = waiting.shift();
        if (next === undefined) idle.push(worker);
        else next(worker);
      }
    },
    end() {
      for (const worker of all) worker.disconnect();
      process.off('exit', remove);
      remove();
    },
  };
}

const ask = (worker: ChildProcess, order: PlayOrder, isShrunk: boolean): Promise<Played> =>
  new Promise((done, failed) => {
    const ended = (code: number | null) => failed(new Error(`a process of the simulation ended with ${code}`));
    worker.once('exit', ended);
    worker.once('message', (answered: Answered) => {
      worker.off('exit', ended);
      if ('error' in answered) failed(new Error(answered.error));
      else done(answered);
    });
    worker.send({ order, isShrunk });
  });
