/** A Lambda function on this machine: a few execution environments; invocations beyond them wait for their turn. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { type ExecutionEnvironment, startEnvironment } from './execution-environment.ts';
import type { AccessKeys } from './identities.ts';
import {
  type EnvironmentData,
  type InvocationMessage,
  type InvocationResult,
  REQUEST_TOO_LARGE,
} from './invocation.ts';
import type { Statement } from './policy.ts';
import { quotas } from './quotas.ts';

export interface FunctionDefinition {
  /** `allocate` of `Lessor-allocate`. */
  readonly name: string;
  readonly functionName: string;
  readonly arn: string;
  /** Directory of the bundle. */
  readonly code: string;
  /** `<file without extension>.<export>` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly roleArn: string;
  /** Everything that its role allows. */
  readonly rights: readonly Statement[];
}

export interface FunctionSurroundings {
  readonly region: string;
  /** Where the function finds DynamoDB. */
  readonly dynamodb: string;
  /** Where it finds other services: the SDK's variables, `AWS_ENDPOINT_URL_<service>`. */
  readonly endpoints?: Readonly<Record<string, string>>;
  readonly credentials: AccessKeys;
  /** Invocations beyond as many at once wait for their turn. */
  readonly environments: number;
}

export interface LocalFunction {
  /**
   * Resolves always; a function that fails, ends its process or takes too long is a result too.
   * @param isAbandoned whether nobody waits for it any more: then it does not begin
   */
  invoke(event: unknown, isAbandoned?: () => boolean): Promise<InvocationResult>;
  /** What the function wrote, oldest first: the last 1,000 lines. */
  logs(): readonly string[];
  stop(): Promise<void>;
}

interface Invocation {
  readonly isAbandoned: () => boolean;
  readonly message: Omit<InvocationMessage, 'deadline'>;
  readonly answer: (result: InvocationResult) => void;
}

const KEPT_LINES = 1000;

/** Those that still wait would take the time of those that wait for an answer, and be asked for again. */
const ABANDONED: InvocationResult = { ok: false, errorType: 'Abandoned', errorMessage: 'Its caller has gone' };
const STOPPED: InvocationResult = { ok: false, errorType: 'Stopped', errorMessage: 'The local stack was stopped' };

type Failure = Extract<InvocationResult, { ok: false }>;

const OVERSIZED_REQUEST: Failure = {
  ok: false,
  errorType: REQUEST_TOO_LARGE,
  errorMessage: `Request must be smaller than ${quotas.payload} bytes for the InvokeFunction operation`,
};

const OVERSIZED_RESPONSE: Failure = {
  ok: false,
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${quotas.payload} bytes).`,
};

const deliverable = (result: InvocationResult): InvocationResult =>
  result.ok && Buffer.byteLength(result.payload) > quotas.payload ? OVERSIZED_RESPONSE : result;

function keptLines() {
  const lines: string[] = [];
  const log = (line: string) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  };
  return { log, lines };
}

/** From the first one on. */
function leaveOutAbandoned(waiting: Invocation[]): readonly Invocation[] {
  while (waiting[0]?.isAbandoned()) waiting.shift()?.answer(ABANDONED);
  return waiting;
}

/** @throws Error if the bundle has no file for the handler */
export function localFunction(definition: FunctionDefinition, surroundings: FunctionSurroundings): LocalFunction {
  const data = dataOf(definition);
  const variables = variablesOf(definition, surroundings);
  const environments = new Set<ExecutionEnvironment>();
  const idle: ExecutionEnvironment[] = [];
  const waiting: Invocation[] = [];
  const { log, lines } = keptLines();
  let stopped = false;

  const takeIdle = (): ExecutionEnvironment | undefined => {
    for (let environment = idle.pop(); environment; environment = idle.pop()) {
      if (!environment.hasEnded()) return environment;
      environments.delete(environment);
    }
    return undefined;
  };
  const start = (): ExecutionEnvironment | undefined => {
    if (environments.size >= surroundings.environments) return undefined;
    const environment = startEnvironment(data, { variables, timeoutMs: definition.timeoutMs, log });
    environments.add(environment);
    return environment;
  };
  const dispatch = () => {
    while (leaveOutAbandoned(waiting).length > 0) {
      const environment = takeIdle() ?? start();
      if (environment === undefined) return;
      const invocation = waiting.shift();
      if (invocation) run(environment, invocation);
    }
  };
  const run = async (environment: ExecutionEnvironment, { message, answer }: Invocation) => {
    const result = await environment.run(message);
    if (environment.hasEnded()) environments.delete(environment);
    // Last in, first out, as Lambda does it: the others may be reclaimed.
    else idle.push(environment);
    const delivered = deliverable(result);
    if (delivered === OVERSIZED_RESPONSE) log(delivered.errorMessage);
    answer(delivered);
    dispatch();
  };

  return {
    invoke: (event, isAbandoned = () => false) => {
      if (stopped) return Promise.resolve(STOPPED);
      const text = JSON.stringify(event);
      if (Buffer.byteLength(text) > quotas.payload) return Promise.resolve(OVERSIZED_REQUEST);
      return new Promise((answer) => {
        waiting.push({ isAbandoned, message: { requestId: randomUUID(), event: text }, answer });
        dispatch();
      });
    },
    logs: () => [...lines],
    stop: async () => {
      stopped = true;
      for (const { answer } of waiting.splice(0)) answer(STOPPED);
      await Promise.all([...environments].map((environment) => environment.end(STOPPED)));
    },
  };
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

function variablesOf(definition: FunctionDefinition, surroundings: FunctionSurroundings) {
  const { region, dynamodb, endpoints, credentials } = surroundings;
  return {
    ...definition.environment,
    ...endpoints,
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
