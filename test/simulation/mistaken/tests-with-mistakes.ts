/** Tests of the product, each with the mistake in the source that it is to find: a project for each. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { sourceWith } from '../../../simulation/edits.ts';
import { elsewhere } from '../../../simulation/elsewhere.ts';
import { identityEdits } from '../../../simulation/identity-mutants.ts';
import { nodeEdits } from '../../../simulation/node-mutants.ts';
import { serviceEdits } from '../../../simulation/service-mutants.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const all = { ...nodeEdits, ...serviceEdits, ...identityEdits };
const mistakes = Object.keys(elsewhere).map((name) => [name, all[name] ?? []] as const);
const mistaken = sourceWith(project, Object.fromEntries(mistakes));

export default defineConfig({
  root: project,
  plugins: [{ name: 'mistakes', enforce: 'pre', transform: (text, path) => mistaken(path, text) }],
  test: {
    env: { POWERTOOLS_METRICS_DISABLED: 'true' },
    testTimeout: 60_000,
    setupFiles: 'test/simulation/mistaken/make-mistake.ts',
    reporters: [
      {
        onTestCaseResult: (test) =>
          void process.stdout.write(`${JSON.stringify([test.project.name, test.result().state])}\n`),
      },
    ],
    projects: Object.entries(elsewhere).map(([name, file]) => ({
      extends: true as const,
      test: { name, include: [file], env: { LESSOR_MISTAKE: name } },
    })),
  },
});
