/** One execution environment of a function: a worker thread that runs one invocation at a time. */
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { transformSync } from 'esbuild';
import type { EnvironmentData, InvocationMessage, InvocationResult } from './invocation.ts';

export interface ExecutionEnvironment {
  /** Resolves always: a time-out and the end of the thread are results too. */
  run(invocation: Omit<InvocationMessage, 'deadline'>): Promise<InvocationResult>;
  /** Ends the thread; an invocation that runs gets this result. */
  end(result: InvocationResult): Promise<void>;
  hasEnded(): boolean;
}

export interface EnvironmentOptions {
  readonly variables: Record<string, string>;
  readonly timeoutMs: number;
  readonly log: (line: string) => void;
}

export function startEnvironment(
  workerData: EnvironmentData,
  { variables, timeoutMs, log }: EnvironmentOptions,
): ExecutionEnvironment {
  let ended = false;
  let answer: (result: InvocationResult) => void = () => {};
  /** What ended the thread, where that is known before it is gone. */
  let last: InvocationResult | undefined;

  const worker = new Worker(runtimeCode(), {
    workerData,
    env: variables,
    // Not this process's own: a loader of TypeScript does not belong in a function.
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  for (const output of [worker.stdout, worker.stderr]) forEachLine(output, log);
  worker.on('message', (result: InvocationResult) => answer(result));
  worker.on('error', (error: Error) => {
    log(error.stack ?? String(error));
    last ??= { ok: false, errorType: error.name, errorMessage: error.message };
  });
  worker.on('exit', (code) => {
    ended = true;
    answer(last ?? { ok: false, errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with ${code}` });
  });

  const end = async (result: InvocationResult) => {
    last ??= result;
    await worker.terminate();
  };
  const run = ({ requestId, event }: Omit<InvocationMessage, 'deadline'>) =>
    new Promise<InvocationResult>((resolve) => {
      const errorMessage = `${requestId} Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
      const timer = setTimeout(() => end({ ok: false, errorType: 'Sandbox.Timedout', errorMessage }), timeoutMs);
      answer = (result) => {
        clearTimeout(timer);
        resolve(result);
      };
      worker.postMessage({ requestId, event, deadline: Date.now() + timeoutMs } satisfies InvocationMessage);
    });
  return { run, end, hasEnded: () => ended };
}

let compiled: URL | undefined;

/** A worker thread of Node 20 takes no TypeScript, whatever runs this file. */
function runtimeCode(): URL {
  if (compiled === undefined) {
    const source = readFileSync(new URL('./function-runtime.ts', import.meta.url), 'utf8');
    const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'node20' });
    compiled = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  }
  return compiled;
}

function forEachLine(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
