/** Runs inside a worker thread: one execution environment of a function. It loads the handler once, then runs one invocation at a time. */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { EnvironmentData, InvocationMessage, InvocationResult } from './invocation.ts';

const { file, exportName, functionName, functionArn, memoryMb } = workerData as EnvironmentData;
type Handler = (event: unknown, context: object) => unknown;
const module = (await import(pathToFileURL(file).href)) as Record<string, Handler | undefined>;
parentPort?.on('message', ({ requestId, event, deadline }: InvocationMessage) => {
  const context = {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  run(JSON.parse(event), context).then((result) => parentPort?.postMessage(result));
});

async function run(event: unknown, context: object): Promise<InvocationResult> {
  try {
    const handler = module[exportName];
    if (typeof handler !== 'function') throw new TypeError(`${file} has no function ${exportName}`);
    return { ok: true, payload: JSON.stringify((await handler(event, context)) ?? null) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    console.error(error);
    return { ok: false, errorType: name, errorMessage: message };
  }
}
