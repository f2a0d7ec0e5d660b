/** AWS Signature Version 4 in the Authorization header (AWS IAM User Guide, "Create a signed AWS API request"). */
import { sha256 } from '../machine/digest.ts';
import { hex } from '../machine/hex.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigningRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in any case; `host` is added from the URL. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Signing {
  readonly credentials: Credentials;
  readonly region: string;
  /** `execute-api` for API Gateway. */
  readonly service: string;
  readonly at: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const encoder = new TextEncoder();

/** The request's headers with those that sign it; `host` is left to whoever sends. */
export async function sign(request: SigningRequest, signing: Signing): Promise<Record<string, string>> {
  const { credentials, region, service, at } = signing;
  const timestamp = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = timestamp.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const added = {
    'x-amz-date': timestamp,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...request.headers, ...added, host: request.url.host }))
    headers[name.toLowerCase()] = value.trim().replace(/\s+/g, ' ');
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method.toUpperCase(),
    canonicalPath(request.url),
    canonicalQuery(request.url),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    hex(await sha256(request.body)),
  ].join('\n');
  const text = [ALGORITHM, timestamp, scope, hex(await sha256(canonical))].join('\n');
  let key = encoder.encode(`AWS4${credentials.secretAccessKey}`);
  for (const part of [day, region, service, 'aws4_request', text]) key = await sha256(part, key);
  const signed = `Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${hex(key)}`;
  return { ...request.headers, ...added, authorization: `${ALGORITHM} ${signed}` };
}

/** RFC 3986: everything but the unreserved characters is encoded. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Every service but S3 encodes the path as it is sent once more. */
const canonicalPath = ({ pathname }: URL): string => pathname.split('/').map(encode).join('/');

const canonicalQuery = ({ search, searchParams }: URL): string =>
  // Most have none, and the first look through some takes a process longer than the signature.
  (search === '' ? [] : [...searchParams])
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map((pair) => pair.join('='))
    .join('&');
