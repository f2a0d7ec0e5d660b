/** Asking a credential endpoint on or near the node; the container endpoint and instance metadata answer alike. */

import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { type ExpiringCredentials, parseCredentials } from './credentials-json.ts';

/** Such an endpoint is on the same machine: a second is the AWS tools' own patience. */
const TIMEOUT_MS = 1_000;
const MOST_TRIES = 4;
/** One that says nothing is mostly not there. It is asked once more, for a node that was too busy to hear it. */
const MOST_SILENCES = 2;
const PAUSE_MS = 250;

export interface EndpointQuestion {
  readonly url: string;
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Record<string, string>;
  /** The endpoint's name and what to do when it does not answer. */
  readonly endpoint: string;
  readonly remedy: string;
}

/** The answer's text. @throws LessorError `node.credentials`, never with anything of the answer in it. */
export async function ask(surroundings: Surroundings, question: EndpointQuestion): Promise<string> {
  const { endpoint, remedy } = question;
  let silences = 0;
  for (let tries = 1; ; tries++) {
    const answer = await askOnce(surroundings, question);
    if (answer === undefined) {
      if (++silences < MOST_SILENCES) continue;
      const what = `${endpoint} does not answer within ${TIMEOUT_MS / 1000} s (${silences} tries)`;
      throw refusal('node.credentials', what, remedy);
    }
    const { status, text } = answer;
    if (status === 200) return text;
    // Many plugins at once on a fresh node are more than the endpoint likes: it says 429 or 503 then.
    const crowded = status === 429 || status >= 500;
    if (!crowded || tries >= MOST_TRIES) throw refusal('node.credentials', `${endpoint} answered ${status}`, remedy);
    await surroundings.sleep(surroundings.random() * PAUSE_MS * tries);
  }
}

/** Undefined where nothing came in time. @throws LessorError `node.credentials` where nobody is there to ask */
async function askOnce(
  surroundings: Surroundings,
  { url, method = 'GET', headers = {}, endpoint, remedy }: EndpointQuestion,
): Promise<{ status: number; text: string } | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await surroundings.fetch(url, { method, headers, signal, redirect: 'manual' });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'TimeoutError') return undefined;
    throw refusal('node.credentials', `${endpoint} does not answer: nobody is there`, remedy, cause);
  }
}

/** @throws LessorError `node.credentials`. */
export async function askForCredentials(
  surroundings: Surroundings,
  question: EndpointQuestion,
): Promise<ExpiringCredentials> {
  const credentials = parseCredentials(await ask(surroundings, question), 'Token');
  if (credentials !== undefined) return credentials;
  throw refusal('node.credentials', `${question.endpoint} did not answer with credentials`, question.remedy);
}
