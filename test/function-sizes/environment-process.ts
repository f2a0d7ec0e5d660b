/** Runs as a process: one execution environment of a function, with a processor's share of its own. It says when the handler is loaded. */
import type { Context } from 'aws-lambda';
import type { Invocation } from './function-process.ts';

const [file = '', exportName = ''] = process.argv.slice(2);
const module = (await import(file)) as Record<string, (event: unknown, context: Partial<Context>) => unknown>;

process.on('message', async ({ event, timeoutMs }: Invocation) => {
  const deadline = Date.now() + timeoutMs;
  const context = {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? '',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:Lessor',
    awsRequestId: 'lambda-request',
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    process.send?.({ payload: JSON.stringify((await module[exportName]?.(JSON.parse(event), context)) ?? null) });
  } catch (error) {
    process.send?.({ failure: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  }
});
process.send?.({ ready: true });
