/** The program that the CDK command runs: what it says of context values, on the command line of whoever deploys. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outdir = mkdtempSync(join(tmpdir(), 'lessor-app-'));
afterAll(() => rmSync(outdir, { recursive: true }));

it.each([
  [{ inlinePools: 'maybe' }, 'Context value inlinePools is "maybe": give true or false: -c inlinePools=true'],
  [{ inlinePool: 'true' }, 'Context key "inlinePool" is unknown: did you mean inlinePools? '],
])('The context %j is refused in one line', (context, says) => {
  // What the CDK command sets for its app: aws-cdk-lib/cx-api, OUTDIR_ENV and CONTEXT_ENV.
  const env = { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) };
  const words = ['--import', 'tsx', 'infra/app.ts'];
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: root, env, encoding: 'utf8' });
  expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(says)]);
  expect(status).toBe(1);
});
