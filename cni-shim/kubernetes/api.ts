/** The Kubernetes API, as far as a node speaks to it: one request at a time, bounded in time and in what is read. */
import { type ClientRequest, type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { isObject, parseJson } from '../machine/json.ts';
import type { ServiceAccount } from './service-account.ts';

export interface KubernetesRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly body?: unknown;
  /** Of the body (kubernetes.io, "Update API Objects in Place Using kubectl patch"). */
  readonly contentType?: 'application/json' | 'application/strategic-merge-patch+json';
}

/** `refused`: the API said no, with `reason` as its Status has it. `unanswered`: nobody said anything. */
export type KubernetesReply =
  | { readonly kind: 'done'; readonly object: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly reason: string | undefined;
      readonly why: string;
      /** Of the Status' causes. */
      readonly causes: readonly string[];
    }
  | { readonly kind: 'unanswered'; readonly why: string };

export interface KubernetesApi {
  /** Never rejects. */
  ask(asked: KubernetesRequest): Promise<KubernetesReply>;
}

/** Until the whole answer is there. */
const LONGEST_MS = 5_000;
/** A node with thousands of images and volumes has some hundred kilobytes. */
const LARGEST_ANSWER = 4 * 1024 * 1024;
/** Of a text that a server wrote. */
const LONGEST_TEXT = 500;

/** @param longestMs for a whole answer */
export function kubernetesApi(account: ServiceAccount, userAgent: string, longestMs = LONGEST_MS): KubernetesApi {
  return {
    async ask(asked) {
      const token = account.token();
      if (token === undefined) return unanswered('there is no token of a service account');
      const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
      const headers = {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        'user-agent': userAgent,
        ...(body === undefined
          ? {}
          : { 'content-type': asked.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      };
      try {
        return replyOf(await answered(account, asked, headers, body, longestMs));
      } catch (error) {
        return unanswered(whyNot(error));
      }
    },
  };
}

const unanswered = (why: string): KubernetesReply => ({ kind: 'unanswered', why });

/** What Node says of a connection names host and port, and nothing that was sent. */
const whyNot = (error: unknown): string => {
  const { code, message = String(error) } = error as { code?: unknown; message?: string };
  return typeof code === 'string' ? `${message || 'no connection'} (${code})` : message;
};

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

function answered(
  { endpoint, ca }: ServiceAccount,
  { method, path }: KubernetesRequest,
  headers: Record<string, string | number>,
  body: string | undefined,
  longestMs: number,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false as const };
    const url = new URL(path, endpoint);
    const take = (response: IncomingMessage) => wholeAnswer(response).then(resolve, reject);
    const authority = ca();
    const sent: ClientRequest =
      url.protocol === 'https:'
        ? secure(url, { ...options, ...(authority === undefined ? {} : { ca: authority }) }, take)
        : plain(url, options, take);
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${longestMs / 1000} s`));
      sent.destroy();
    }, longestMs);
    sent.once('error', reject);
    sent.once('close', () => clearTimeout(timer));
    sent.end(body);
  });
}

function wholeAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= LARGEST_ANSWER) return;
      reject(new Error(`the answer is longer than ${LARGEST_ANSWER} bytes`));
      response.destroy();
    });
    response.once('error', reject);
    response.once('aborted', () => reject(new Error('the answer was cut off')));
    response.once('end', () =>
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
    );
  });
}

/** Meta/v1's Status says why not; what is none comes from a proxy, or from nothing of Kubernetes. */
export function replyOf({ status, text }: HttpAnswer): KubernetesReply {
  const object = parseJson(text);
  const read = isObject(object) ? object : undefined;
  if (status >= 200 && status < 300)
    return read === undefined
      ? unanswered(`it answered ${status} with what is no JSON object`)
      : { kind: 'done', object: read };
  const said = typeof read?.message === 'string' ? read.message : `it answered ${status}`;
  const why = said.slice(0, LONGEST_TEXT);
  if (status === 429 || status >= 500) return unanswered(why);
  const reason = typeof read?.reason === 'string' ? read.reason : undefined;
  return { kind: 'refused', status, reason, why, causes: causesIn(read?.details) };
}

function causesIn(details: unknown): string[] {
  if (!isObject(details) || !Array.isArray(details.causes)) return [];
  return details.causes.flatMap((cause) => (isObject(cause) && typeof cause.reason === 'string' ? [cause.reason] : []));
}
