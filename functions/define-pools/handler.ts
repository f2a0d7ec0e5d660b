/** The function behind the pools that templates declare: a custom resource of CloudFormation. */
import { setTimeout as wait } from 'node:timers/promises';
import type {
  CloudFormationCustomResourceResponse as Answer,
  Context,
  CloudFormationCustomResourceEvent as Event,
} from 'aws-lambda';
import { LessorError } from '../../core/contract/problems.ts';
import { pauseOf } from '../../core/protocol/back-off.ts';
import { inBackground } from '../runtime.ts';
import type { Call, Dependencies } from '../use-cases/dependencies.ts';
import { type Sending, sendAnswer } from './answer.ts';
import { type Defined, definePool, NOT_CREATED, type StackRequest } from './define-pool.ts';

const dependencies = inBackground();

export const handler = (event: Event, context: Context): Promise<void> =>
  answerRequest(dependencies, event, context, { fetch, pause: wait });

/** What is left of the function's time then is for the answer: without one, CloudFormation waits until its own time is up. */
const FOR_ANSWER_MS = 60_000;
const MOST_TRIES = 5;
const PAUSES = { first: 500, longest: 5_000 };

/** @throws Error where CloudFormation cannot be told; what is refused is its answer */
export async function answerRequest(
  deps: Dependencies,
  event: Event,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  surroundings: Sending,
): Promise<void> {
  const { RequestType, RequestId, LogicalResourceId, StackId } = event;
  const call = { caller: 'lessor', remainingMs: () => context.getRemainingTimeInMillis() - FOR_ANSWER_MS };
  const about = { RequestId, LogicalResourceId, StackId, NoEcho: false };
  let answer: Answer;
  try {
    const { physicalId, pool, effects } = await patiently(deps, call, event, surroundings);
    const Data = pool === undefined ? {} : { PoolId: pool.id, Name: pool.name, Vrf: pool.vrf };
    answer = { ...about, Status: 'SUCCESS', PhysicalResourceId: physicalId, Data };
    console.info({ request: RequestType, requestId: RequestId, resource: LogicalResourceId, effects });
  } catch (error) {
    const physicalId = event.RequestType === 'Create' ? NOT_CREATED : event.PhysicalResourceId;
    answer = { ...about, Status: 'FAILED', PhysicalResourceId: physicalId, Reason: reasonOf(error, event) };
  }
  await sendAnswer(event.ResponseURL, answer, surroundings);
}

/** What can pass is tried again: a stack that is rolled back costs more than some seconds. */
async function patiently(deps: Dependencies, call: Call, request: StackRequest, { pause }: Sending): Promise<Defined> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await definePool(deps, call, request);
    } catch (error) {
      const again = error instanceof LessorError && error.kind.retry && tries < MOST_TRIES;
      const milliseconds = pauseOf(PAUSES, tries - 1);
      if (!again || call.remainingMs() < 2 * milliseconds) throw error;
      await pause(milliseconds);
    }
  }
}

function reasonOf(error: unknown, { RequestType, RequestId, LogicalResourceId }: Event): string {
  const about = { request: RequestType, requestId: RequestId, resource: LogicalResourceId };
  if (error instanceof LessorError) {
    const { code, message, cause } = error;
    console.info({ ...about, code, message, ...(cause instanceof Error ? { cause: cause.stack } : {}) });
    return `${code}: ${message}`;
  }
  console.error({ ...about, code: 'service.fault', cause: error instanceof Error ? error.stack : String(error) });
  return `service.fault: The service failed: its log has the cause under the request id ${RequestId}`;
}
