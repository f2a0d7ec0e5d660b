/** The program that the CDK command runs: what it says of settings, on the command line of whoever deploys. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outdir = mkdtempSync(join(tmpdir(), 'lessor-app-'));
afterAll(() => rmSync(outdir, { recursive: true }));

/** @param variables what the CDK command sets for its app besides its output: aws-cdk-lib/cx-api, CONTEXT_ENV */
function run(variables: Record<string, string>): { status: number | null; lines: string[] } {
  const env = { ...process.env, CDK_OUTDIR: outdir, ...variables };
  const words = ['--import', 'tsx', 'infra/app.ts'];
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: root, env, encoding: 'utf8' });
  return { status, lines: stderr.trim().split('\n') };
}

function settingsFile(text: string): string {
  const file = join(outdir, `${Math.random()}.settings.ts`);
  writeFileSync(file, text);
  return file;
}

describe('the app refuses in one line', () => {
  it('the settings as the project brings them: they name no role', () => {
    expect(run({})).toEqual({
      status: 1,
      lines: [
        "lessor.settings.ts: Lessor.nodeRoles is {}: name the roles of your nodes, { 'my-node-role': { cluster: 'production' } }, or say 'none'",
      ],
    });
  });

  it.each([
    ["export default { Lessor: { nodeRole: 'none' } };", 'Lessor.nodeRole is not known: did you mean nodeRoles?'],
    ['export default { Lessor: ', '.settings.ts:1:25: ERROR: Unexpected end of file: it is a TypeScript file as'],
    ['export const settings = {};', 'exports nothing: write `export default { … }`'],
    ['export default {};', 'has no stack: give one: '],
  ])('the file %j', (text, says) => {
    const { status, lines } = run({ LESSOR_SETTINGS: settingsFile(text) });
    expect(lines).toEqual([expect.stringContaining(says)]);
    expect(status).toBe(1);
  });

  it('a file that is not there', () => {
    const { lines } = run({ LESSOR_SETTINGS: join(outdir, 'other.ts') });
    expect(lines).toEqual([expect.stringMatching(/^There is no settings file .*other.ts: LESSOR_SETTINGS names it/)]);
  });

  it('a context value, as settings once were', () => {
    const LESSOR_SETTINGS = settingsFile("export default { Lessor: { nodeRoles: 'none' } };");
    const { lines } = run({ LESSOR_SETTINGS, CDK_CONTEXT_JSON: JSON.stringify({ inlinePools: 'true' }) });
    expect(lines).toEqual(['Context key "inlinePools" means nothing here: settings are written in lessor.settings.ts']);
  });
});
