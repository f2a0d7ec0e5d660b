/** Asking a credential endpoint on or near the node; the container endpoint and instance metadata answer alike. */

import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { type ExpiringCredentials, parseCredentials } from './credentials-json.ts';

/** Such an endpoint is on the same machine: a second is the AWS tools' own patience. */
const TIMEOUT_MS = 1_000;
const MOST_TRIES = 4;
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
  for (let tries = 1; ; tries++) {
    const { status, text } = await askOnce(surroundings, question);
    if (status === 200) return text;
    // Many plugins at once on a fresh node are more than the endpoint likes: it says 429 or 503 then.
    const crowded = status === 429 || status >= 500;
    if (!crowded || tries === MOST_TRIES) throw refusal('node.credentials', `${endpoint} answered ${status}`, remedy);
    await surroundings.sleep(surroundings.random() * PAUSE_MS * tries);
  }
}

async function askOnce(
  surroundings: Surroundings,
  { url, method = 'GET', headers = {}, endpoint, remedy }: EndpointQuestion,
): Promise<{ status: number; text: string }> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await surroundings.fetch(url, { method, headers, signal, redirect: 'manual' });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw refusal('node.credentials', `${endpoint} does not answer within ${TIMEOUT_MS / 1000} s`, remedy, cause);
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
