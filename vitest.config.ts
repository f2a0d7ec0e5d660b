import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

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
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/**/*.e2e.test.ts'] },
      },
      {
        extends: true,
        // Whole processes and network namespaces: one file after the other, so that each has the machine.
        test: { name: 'e2e', include: ['test/**/*.e2e.test.ts'], fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
