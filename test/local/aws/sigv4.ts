/**
 * Signs a request by the letter of "Create a signed AWS API request" (IAM User Guide), with node:crypto only: a second
 * opinion to the library that the gateway verifies with.
 */
import { createHash, createHmac } from 'node:crypto';
import type { AccessKeys } from '../../../local/aws/identities.ts';
import type { SignedRequest } from '../../../local/aws/signature.ts';

const hash = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

export interface Signing {
  readonly method?: string;
  readonly path: string;
  /** Sorted and escaped already. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly region?: string;
  readonly service?: string;
  readonly now?: number;
  /** Headers that are sent, but not signed. */
  readonly unsigned?: readonly string[];
}

export function signed(credentials: AccessKeys, signing: Signing): SignedRequest {
  const { method = 'GET', path, query = '', body = '', region = 'us-east-1', service = 'execute-api' } = signing;
  const time = new Date(signing.now ?? Date.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const headers: Record<string, string> = {
    host: 'api.example',
    ...signing.headers,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers)
    .filter((name) => !signing.unsigned?.includes(name))
    .sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  // Escaped once more than it is sent, as for every service but S3.
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  const canonical = [method, escaped, query, lines, names.join(';'), hash(body)].join('\n');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key as Buffer, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(canonical)}`).toString('hex');
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { method, path, query, headers, body: Buffer.from(body) };
}

/** Sends what was signed. */
export function send(endpoint: string, { method, path, query, headers, body }: SignedRequest): Promise<Response> {
  const { host: _, ...own } = headers;
  return fetch(`${endpoint}${path}${query && `?${query}`}`, {
    method,
    headers: own,
    ...(body.length === 0 ? {} : { body: Buffer.from(body) }),
  });
}
