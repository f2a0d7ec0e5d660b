/** Synthesizes the stack in a process of its own: CDK blocks the one it runs in for seconds and writes to its output. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LessorError } from '../../core/contract/problems.ts';
import type { Settings } from '../../infra/settings.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * @param outdir directory for the cloud assembly, bundled functions included
 * @throws LessorError node.configuration with what CDK wrote
 */
export async function synthesize(settings: Settings, outdir: string, signal: AbortSignal): Promise<void> {
  const file = `${outdir}.settings.mjs`;
  writeFileSync(file, `export default ${JSON.stringify(settings)};`);
  const env = {
    ...process.env,
    LESSOR_SETTINGS: file,
    // What the CDK command sets for its app: aws-cdk-lib/cx-api, OUTDIR_ENV.
    CDK_OUTDIR: outdir,
    // Half of the time would go into CDK's linting of the template, which `cdk synth` and the tests do.
    CDK_VALIDATION: 'false',
  };
  const child = spawn(process.execPath, ['--import', 'tsx', 'infra/app.ts'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  let written = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
  }
  const code = await new Promise<number | null>((ended, failed) => {
    child.once('error', failed);
    child.once('close', ended);
  });
  if (code !== 0) throw new LessorError('node.configuration', `The stack cannot be synthesized: ${written.trim()}`);
}
