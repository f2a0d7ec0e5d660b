/**
 * Verifies AWS Signature Version 4 as API Gateway's IAM authorizer does: what was signed is what arrived, just now, by a
 * known key. A signature in the query is refused: a link that leases or declares deaths ends up in logs and histories.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AccessKeys } from './identities.ts';

const SERVICE = 'execute-api';
const ALLOWED_SKEW_MS = 5 * 60_000;

export interface SignedRequest {
  readonly method: string;
  /** As it stood in the request line, before the question mark. */
  readonly path: string;
  /** As it stood in the request line, after the question mark. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Verification<Caller extends AccessKeys> {
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly callerOf: (accessKeyId: string) => Caller | undefined;
}

/** The caller whose key signed the request, or why it is refused; the reason is for tests and logs, never for the caller. */
export type SignatureVerdict<Caller> =
  | { readonly authentic: true; readonly caller: Caller }
  | { readonly authentic: false; readonly reason: string };

export async function verify<Caller extends AccessKeys>(
  request: SignedRequest,
  { region, now, callerOf }: Verification<Caller>,
): Promise<SignatureVerdict<Caller>> {
  if (/(^|&)X-Amz-Signature=/.test(request.query)) return refused('the signature is in the query');
  const claim = readAuthorization(request.headers.authorization ?? '');
  if (claim === undefined) return refused('the Authorization header is missing or malformed');
  const { accessKeyId, date, scope, signedHeaders, signature } = claim;
  const caller = callerOf(accessKeyId);
  if (caller === undefined) return refused('the access key is unknown');
  const signedAt = timeOf(request.headers['x-amz-date'] ?? '');
  if (signedAt === undefined) return refused('x-amz-date is missing or malformed');
  if (Math.abs(now - signedAt.getTime()) > ALLOWED_SKEW_MS) return refused('the signature is stale');
  if (scope !== `${region}/${SERVICE}/aws4_request`) return refused('the scope is another region or service');
  if (!request.headers['x-amz-date']?.startsWith(date)) return refused('the scope is of another day');
  const token = caller.sessionToken;
  if (request.headers['x-amz-security-token'] !== token) return refused('the session token is missing or wrong');
  const required = ['host', 'x-amz-date', ...(token === undefined ? [] : ['x-amz-security-token'])];
  const unsigned = required.find((name) => !signedHeaders.includes(name));
  if (unsigned !== undefined) return refused(`the header ${unsigned} is not signed`);
  // The signer believes a signed x-amz-content-sha256; the body that arrived decides.
  const contentHash = request.headers['x-amz-content-sha256'];
  if (contentHash !== undefined && contentHash !== createHash('sha256').update(request.body).digest('hex')) {
    return refused('x-amz-content-sha256 is not that of the body');
  }
  const query = queryOf(request.query);
  if (query === undefined) return refused('the query cannot be decoded');
  const expected = await sign(request, query, caller, region, signedAt, signedHeaders);
  return sameText(expected, signature) ? { authentic: true, caller } : refused('the signature does not match');
}

const refused = (reason: string) => ({ authentic: false, reason }) as const;

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/;

function readAuthorization(header: string) {
  const [, accessKeyId, date, scope, names, signature] = AUTHORIZATION.exec(header) ?? [];
  if (!accessKeyId || !date || !scope || !names || !signature) return undefined;
  return { accessKeyId, date, scope, signedHeaders: names.split(';'), signature };
}

function timeOf(text: string): Date | undefined {
  const [, ...parts] = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return parts.length === 0 || Number.isNaN(time.getTime()) ? undefined : time;
}

function queryOf(text: string): Record<string, string[]> | undefined {
  const query: Record<string, string[]> = {};
  try {
    for (const pair of text.split('&').filter(Boolean)) {
      const [key = '', value = ''] = pair.split(/=(.*)/s).map(decodeURIComponent);
      query[key] = [...(query[key] ?? []), value];
    }
  } catch {
    return undefined;
  }
  return query;
}

async function sign(
  { method, path, headers, body }: SignedRequest,
  query: Record<string, string[]>,
  { accessKeyId, secretAccessKey, sessionToken }: AccessKeys,
  region: string,
  signingDate: Date,
  names: readonly string[],
): Promise<string> {
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const signer = new SignatureV4({ service: SERVICE, region, credentials, sha256: Sha256, applyChecksum: false });
  const signed = Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
  const request = new HttpRequest({ method, path, query, headers: signed, body, hostname: '', protocol: 'https:' });
  const { headers: made } = await signer.sign(request, { signingDate, signableHeaders: new Set(names) });
  return /Signature=([0-9a-f]{64})$/.exec(made.authorization ?? '')?.[1] ?? '';
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
