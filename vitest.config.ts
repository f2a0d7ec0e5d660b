import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Processes of the plugin, with files and ports of their own: they wait more than they work, so two files go side by side. */
const processes = ['test/cni-shim/**/*.e2e.test.ts', 'test/e2e/{faults,kill,leave,many-pods,outage}.e2e.test.ts'];

/** What they load reads the environment then, or they change what others would find: a module, the output. */
const alone = [
  'test/functions/{changes,define-pools,ec2,events,evidence,http,metrics,reclaim}/**/*.test.ts',
  'test/functions/*.test.ts',
  'test/functions/use-cases/add/repeat-in-a-later-life.test.ts',
  'test/functions/use-cases/changes/pool-fill.test.ts',
  'test/functions/use-cases/forecast/samples.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Vitest leaves one of the processors alone, which is half of two.
    maxWorkers: availableParallelism(),
    // The lines with metrics go to the output beside vitest's own console; a test that looks at them lets them.
    env: { POWERTOOLS_METRICS_DISABLED: 'true' },
    projects: [
      {
        extends: true,
        // Modules are loaded once for all files of a worker: to load them for each one takes longer than most of the tests.
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.e2e.test.ts', ...alone],
          isolate: false,
          setupFiles: 'test/support/leaves-nothing.ts',
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, exclude: ['test/**/*.e2e.test.ts'] },
      },
      {
        extends: true,
        test: { name: 'processes', include: processes, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        // Network namespaces, container runtimes and browsers: one file after the other, so that each has the machine.
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          exclude: processes,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
