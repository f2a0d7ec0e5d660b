/** A bundled function in a process with the processor's share of a memory size, and what it takes there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import type { FunctionDefinition } from '../../local/aws/function.ts';
import { cpuShare } from './cpu-share.ts';

export interface Invocation {
  /** JSON */
  readonly event: string;
  readonly timeoutMs: number;
}

/** In milliseconds. */
export interface Taken {
  readonly wall: number;
  readonly cpu: number;
}

export interface Answered extends Taken {
  /** JSON of what the handler returned; absent where it failed, or did not answer in its time. */
  readonly payload?: string;
  readonly failure?: string;
}

export interface FunctionProcess {
  /** From the start of the process until the handler is loaded: Lambda's Init phase. */
  readonly init: Taken;
  invoke(event: unknown): Promise<Answered>;
  /** What the function wrote. */
  log(): string;
  /** @returns the most memory that it had, in MB */
  end(): Promise<number>;
}

export interface Surroundings {
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** For the file that the process runs. */
  readonly directory: string;
}

/** @throws Error where no share can be set here, or the handler cannot be loaded */
export async function startFunction(
  { code, handler, environment: own, functionName, timeoutMs }: FunctionDefinition,
  { memoryMb, environment, directory }: Surroundings,
): Promise<FunctionProcess> {
  const share = cpuShare(memoryMb);
  if (share === undefined) throw new Error('No share of the processor can be set here');
  const [base, exportName = ''] = handler.split('.');
  const command = [share.processes, process.execPath, program(directory), join(code, `${base}.mjs`), exportName];
  const begun = performance.now();
  const child = spawn('sh', ['-c', 'echo $$ > "$0" && exec "$@"', ...command], {
    env: { ...own, ...environment, AWS_LAMBDA_FUNCTION_NAME: functionName },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = once(child, 'exit');
  const written: string[] = [];
  for (const output of [child.stdout, child.stderr])
    output?.setEncoding('utf8').on('data', (text) => written.push(text));
  const log = () => written.join('');

  const end = async () => {
    const peak = peakMb(child);
    child.kill('SIGKILL');
    await ended;
    await share.remove();
    return peak;
  };
  const first = await Promise.race([once(child, 'message'), ended]);
  if ((first[0] as { ready?: boolean } | null)?.ready !== true) {
    await end();
    throw new Error(`${functionName} cannot be loaded: ${log()}`);
  }
  const invoke = async (event: unknown): Promise<Answered> => {
    const [sentAt, before] = [performance.now(), cpuMs(child)];
    child.send({ event: JSON.stringify(event), timeoutMs } satisfies Invocation);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<[Partial<Answered>]>((resolve) => {
      const failure = `Task timed out after ${timeoutMs / 1000} seconds`;
      timer = setTimeout(() => resolve([{ failure }]), timeoutMs);
    });
    const [answer] = (await Promise.race([once(child, 'message'), ended.then(gone), late])) as [Partial<Answered>];
    clearTimeout(timer);
    return { ...answer, wall: performance.now() - sentAt, cpu: cpuMs(child) - before };
  };
  return { init: { wall: performance.now() - begun, cpu: cpuMs(child) }, invoke, log, end };
}

const gone = (): [Partial<Answered>] => [{ failure: 'The process ended' }];

/** What node runs: it takes no TypeScript. */
function program(directory: string): string {
  const path = join(directory, 'environment-process.mjs');
  if (existsSync(path)) return path;
  const source = readFileSync(fileURLToPath(new URL('./environment-process.ts', import.meta.url)), 'utf8');
  writeFileSync(path, transformSync(source, { loader: 'ts', format: 'esm', target: 'node20' }).code);
  return path;
}

/** Of all its threads: the kernel counts nanoseconds (proc_schedstat). */
function cpuMs({ pid }: ChildProcess): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const spent = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return spent.reduce((sum, one) => sum + one, 0) / 1e6;
  } catch {
    return 0;
  }
}

function peakMb({ pid }: ChildProcess): number {
  if (!existsSync(`/proc/${pid}/status`)) return 0;
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}
