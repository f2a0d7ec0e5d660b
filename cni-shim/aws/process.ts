/** Credentials that a command prints: AWS SDKs and Tools Reference Guide, "Process credential provider". */

import { refusal } from '../machine/refusal.ts';
import { type ExpiringCredentials, parseCredentials } from './credentials-json.ts';

const PROCESS_TIMEOUT_MS = 10_000;
/** Characters, far more than credentials have. */
const LONGEST_OUTPUT = 1 << 20;

/** @throws LessorError `node.credentials`, which says nothing of what the command printed: that may hold the keys */
export async function credentialsOfProcess(
  command: string,
  profile: string,
  timeoutMs: number = PROCESS_TIMEOUT_MS,
): Promise<ExpiringCredentials> {
  const { spawn } = await import('node:child_process');
  const failed = (what: string) =>
    refusal(
      'node.credentials',
      `credential_process of profile ${profile} ${what}`,
      'run its command by hand, as the user that runs the plugin, and see what it says',
    );
  const output = await new Promise<string>((resolve, reject) => {
    // A group of its own: what the shell started has to end with it, since the next call of the plugin starts another one.
    const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const stop = (what: string) => {
      if (child.pid !== undefined) killGroup(child.pid);
      child.stdout.destroy();
      reject(failed(what));
    };
    const timer = setTimeout(() => stop(`took longer than ${timeoutMs / 1000} s`), timeoutMs);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (text.length > LONGEST_OUTPUT) stop('did not print credentials');
    });
    child.on('error', (error: NodeJS.ErrnoException) => reject(failed(`failed with ${error.code}`)));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(text);
      else reject(failed(`failed with ${code ?? signal}`));
    });
  });
  const credentials = parseCredentials(output, 'SessionToken');
  if (credentials === undefined) throw failed('did not print credentials');
  return credentials;
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // It ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
