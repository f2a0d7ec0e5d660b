/** `npm run bench`: what Lessor's parts take, each beside a baseline of the same run. `npm run bench -- --help` says the rest. */
import { argv, exit, stderr, stdout } from 'node:process';
import { LessorError } from '../../core/contract/problems.ts';
import { INTERRUPTED } from '../../local/options.ts';
import { openRunDirectory } from '../../local/run-directory.ts';
import { screenOf } from '../../local/screen.ts';
import { type BenchOptions, helpOf, readOptions } from './options.ts';
import { machine, writeSection } from './page.ts';
import { progressOf } from './progress.ts';
import type { Figure, Section, Skipped } from './section.ts';
import { sections } from './sections.ts';
import { headOf, tableOf } from './table.ts';

/** @returns the exit code */
async function main({ help, quick, json, write, sections: asked }: BenchOptions): Promise<number> {
  if (help) {
    stdout.write(helpOf(sections));
    return 0;
  }
  // Whatever a section puts into a temporary directory is gone in the end, in the middle of it too.
  process.env.TMPDIR = openRunDirectory('bench').path;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => exit(INTERRUPTED));
  const names = sections.map(({ name }) => name);
  const results: object[] = [];
  let failures = 0;
  if (!json) stdout.write(`${machine()}${quick ? '; a quick run: no measurement' : ''}\n`);
  for (const section of asked) {
    const result = await measured(section, quick);
    results.push({ name: section.name, what: section.what, ...result });
    if ('failed' in result) failures += 1;
    else {
      const figures = 'skipped' in result ? result : result.figures;
      if (!json) stdout.write(`\n${[headOf(section), '', ...tableOf(figures)].join('\n')}\n`);
      if (write) writeSection(section, figures, names);
    }
  }
  if (json) stdout.write(`${JSON.stringify({ machine: machine(), quick, sections: results }, null, 2)}\n`);
  return failures === 0 ? 0 : 1;
}

type Result = { readonly figures: readonly Figure[] } | Skipped | { readonly failed: string };

/** One section that fails does not keep the others from being measured. */
async function measured(section: Section, quick: boolean): Promise<Result> {
  const progress = progressOf(section.name);
  try {
    const found = await section.run({ quick, progress: progress.say, note: progress.note });
    progress.end();
    return 'skipped' in found ? found : { figures: found };
  } catch (error) {
    progress.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

async function start(): Promise<number> {
  return main(readOptions(argv.slice(2), sections));
}

start().then(exit, (error: unknown) => {
  const known = error instanceof LessorError;
  stderr.write(
    `${screenOf(stderr).color.red('✗')} ${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  exit(known ? error.kind.exit : 1);
});
