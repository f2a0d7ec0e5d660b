/**
 * The answer to CloudFormation (CloudFormation user guide, "Custom resource response objects"): sent to a URL that is signed for
 * it. Whoever knows the URL may answer in this function's name, so it is written nowhere.
 */
import type { CloudFormationCustomResourceResponse } from 'aws-lambda';
import { pauseOf } from '../../core/protocol/back-off.ts';

type Answer = CloudFormationCustomResourceResponse;

export interface Sending {
  readonly fetch: typeof fetch;
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

/** Bytes. CloudFormation takes 4,096 in all; names and ids have less than 2,000. */
const LONGEST_REASON = 2_000;
const MOST_TRIES = 5;
const TIMEOUT_MS = 10_000;
const PAUSES = { first: 500, longest: 4_000 };

/** @throws Error where CloudFormation cannot be told: Lambda then repeats the request */
export async function sendAnswer(url: string, answer: Answer, { fetch: send, pause }: Sending): Promise<void> {
  const reason = answer.Reason === undefined ? {} : { Reason: shortened(answer.Reason) };
  const body = Buffer.from(JSON.stringify({ ...answer, ...reason }));
  let said = '';
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    if (tries > 0) await pause(pauseOf(PAUSES, tries - 1));
    try {
      // The signature is for an empty content type.
      const headers = { 'content-type': '' };
      const response = await send(url, { method: 'PUT', body, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.ok) return;
      said = `it answered ${response.status}`;
    } catch (error) {
      // Of the error only its kind: its text may quote the URL.
      said = `it cannot be reached (${(error as Error).name})`;
    }
  }
  throw new Error(`CloudFormation was not told of ${answer.LogicalResourceId} (request ${answer.RequestId}): ${said}`);
}

function shortened(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= LONGEST_REASON ? text : `${bytes.subarray(0, LONGEST_REASON).toString()}…`;
}
