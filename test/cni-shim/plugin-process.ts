/** Calls a CNI plugin as a runtime does: an executable, environment variables, the configuration on standard input. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface Ended {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What is on stdout, where that is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was printed
  readonly printed: any;
}

export interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface ProcessCall {
  readonly executable: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: string;
  readonly cwd?: string;
}

export function start({ executable, env, stdin, cwd = '/' }: ProcessCall): Started {
  const child = spawn(executable, { cwd, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env }, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // A plugin that has seen enough may end before it has read everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr, printed: parsed(stdout) }));
  });
  return { process: child, ended };
}

export const call = (options: ProcessCall): Promise<Ended> => start(options).ended;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
