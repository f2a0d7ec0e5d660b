/** A Lambda function on this machine: a few execution environments, each a worker thread that runs one invocation at a time. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { transformSync } from 'esbuild';
import type { FunctionDefinition } from '../stack/template.ts';
import type { EnvironmentData, InvocationMessage, ResultMessage } from './function-environment.ts';
import type { Credentials } from './identities.ts';

export interface FunctionSurroundings {
  readonly region: string;
  /** Where the function finds DynamoDB. */
  readonly dynamodb: string;
  readonly credentials: Credentials;
  /** Invocations beyond as many at once wait for their turn. */
  readonly environments: number;
}

/** As Lambda answers Invoke: the payload's JSON, or the function's error. */
export type InvocationResult = ResultMessage;

interface Invocation {
  readonly message: Omit<InvocationMessage, 'deadline'>;
  readonly settle: (result: InvocationResult) => void;
}

const KEPT_LINES = 1000;

export class LocalFunction {
  readonly #definition: FunctionDefinition;
  readonly #surroundings: FunctionSurroundings;
  readonly #data: EnvironmentData;
  readonly #environments = new Set<Environment>();
  readonly #idle: Environment[] = [];
  readonly #waiting: Invocation[] = [];
  readonly #lines: string[] = [];
  #stopped = false;

  /** @throws Error if the bundle has no file for the handler */
  constructor(definition: FunctionDefinition, surroundings: FunctionSurroundings) {
    this.#definition = definition;
    this.#surroundings = surroundings;
    this.#data = dataOf(definition);
  }

  /** Settles with a result always; a function that fails, ends its process or takes too long is a result too. */
  invoke(event: unknown): Promise<InvocationResult> {
    if (this.#stopped) return Promise.resolve(STOPPED);
    return new Promise((settle) => {
      this.#waiting.push({ message: { requestId: randomUUID(), event: JSON.stringify(event) }, settle });
      this.#dispatch();
    });
  }

  /** What the function wrote, oldest first: the last 1,000 lines. */
  logs(): readonly string[] {
    return [...this.#lines];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { settle } of this.#waiting.splice(0)) settle(STOPPED);
    await Promise.all([...this.#environments].map((environment) => environment.end(STOPPED)));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const environment = this.#takeIdle() ?? this.#start();
      if (environment === undefined) return;
      const invocation = this.#waiting.shift();
      if (invocation) this.#run(environment, invocation);
    }
  }

  #takeIdle(): Environment | undefined {
    for (let environment = this.#idle.pop(); environment; environment = this.#idle.pop()) {
      if (!environment.ended) return environment;
      this.#environments.delete(environment);
    }
    return undefined;
  }

  #start(): Environment | undefined {
    if (this.#environments.size >= this.#surroundings.environments) return undefined;
    const environment = new Environment(this.#data, {
      variables: variablesOf(this.#definition, this.#surroundings),
      timeoutMs: this.#definition.timeoutMs,
      log: (line) => this.#keep(line),
    });
    this.#environments.add(environment);
    return environment;
  }

  async #run(environment: Environment, { message, settle }: Invocation): Promise<void> {
    const result = await environment.run(message);
    if (environment.ended) this.#environments.delete(environment);
    // Last in, first out, as Lambda does it: the others may be reclaimed.
    else this.#idle.push(environment);
    settle(result);
    this.#dispatch();
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }
}

const STOPPED: InvocationResult = { ok: false, errorType: 'Stopped', errorMessage: 'The local stack was stopped' };

interface EnvironmentOptions {
  readonly variables: Record<string, string>;
  readonly timeoutMs: number;
  readonly log: (line: string) => void;
}

class Environment {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  #settle: ((result: InvocationResult) => void) | undefined;
  #last: InvocationResult | undefined;
  ended = false;

  constructor(workerData: EnvironmentData, { variables, timeoutMs, log }: EnvironmentOptions) {
    this.#timeoutMs = timeoutMs;
    this.#worker = new Worker(environmentCode(), {
      workerData,
      env: variables,
      // Not this process's own: a loader of TypeScript has no place in a function.
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    for (const output of [this.#worker.stdout, this.#worker.stderr]) forEachLine(output, log);
    this.#worker.on('message', (result: ResultMessage) => this.#answer(result));
    this.#worker.on('error', (error: Error) => {
      log(error.stack ?? String(error));
      this.#last ??= { ok: false, errorType: error.name, errorMessage: error.message };
    });
    this.#worker.on('exit', (code) => {
      this.ended = true;
      const errorMessage = `Runtime exited with ${code}`;
      this.#answer(this.#last ?? { ok: false, errorType: 'Runtime.ExitError', errorMessage });
    });
  }

  run({ requestId, event }: Omit<InvocationMessage, 'deadline'>): Promise<InvocationResult> {
    return new Promise((settle) => {
      const seconds = (this.#timeoutMs / 1000).toFixed(2);
      const errorMessage = `${requestId} Task timed out after ${seconds} seconds`;
      const timer = setTimeout(
        () => this.end({ ok: false, errorType: 'Sandbox.Timedout', errorMessage }),
        this.#timeoutMs,
      );
      this.#settle = (result) => {
        clearTimeout(timer);
        settle(result);
      };
      this.#worker.postMessage({
        requestId,
        event,
        deadline: Date.now() + this.#timeoutMs,
      } satisfies InvocationMessage);
    });
  }

  /** Ends the thread; an invocation that runs gets this result. */
  async end(result: InvocationResult): Promise<void> {
    this.#last ??= result;
    await this.#worker.terminate();
  }

  #answer(result: InvocationResult): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(result);
  }
}

/** The lambda's `<file>.<export>`; the file is one of those that Node takes as a module. */
function dataOf({ code, handler, functionName, arn, memoryMb }: FunctionDefinition): EnvironmentData {
  const [, base = '', exportName = ''] = /^(.+)\.(\w+)$/.exec(handler) ?? [];
  const candidates = ['.mjs', '.js', '.cjs'].map((extension) => join(code, `${base}${extension}`));
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw new Error(`Function ${functionName}: its handler ${handler} is in none of ${candidates}`);
  return { file, exportName, functionName, functionArn: arn, memoryMb };
}

function variablesOf(definition: FunctionDefinition, { region, dynamodb, credentials }: FunctionSurroundings) {
  return {
    ...definition.environment,
    AWS_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: definition.functionName,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
    // Lambda has no such files; the ones of whoever runs this must change nothing.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

let compiled: URL | undefined;

/** A worker thread of Node 20 takes no TypeScript, whatever runs this file. */
function environmentCode(): URL {
  if (compiled === undefined) {
    const source = readFileSync(new URL('./function-environment.ts', import.meta.url), 'utf8');
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
