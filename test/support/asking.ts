/** Signed requests to the local stack; each answer is looked up in the OpenAPI document. */
import { paths, type RouteName } from '../../core/contract/paths.ts';
import type { AccessKeys } from '../../local/aws/identities.ts';
import { send, signed } from '../local/aws/sigv4.ts';
import { undocumented } from './documented.ts';

export interface Asked {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The body as it is sent, where it is no JSON. */
  readonly text?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly body: any;
}

/**
 * Asks an operation.
 * @throws Error where the document does not tell of such an answer
 */
export async function askOperation(
  { endpoint, region }: { readonly endpoint: string; readonly region: string },
  identity: AccessKeys,
  name: RouteName,
  {
    path = {},
    query = {},
    headers = {},
    body,
    text = body === undefined ? undefined : JSON.stringify(body),
  }: Asked = {},
): Promise<Answered> {
  const route = paths[name];
  const at = route.path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(path[parameter] ?? ''));
  const lower = Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]);
  const own = { host: new URL(endpoint).host, 'content-type': 'application/json', ...Object.fromEntries(lower) };
  const response = await send(
    endpoint,
    signed(identity, {
      method: route.method,
      path: at,
      query: canonical(query),
      region,
      headers: own,
      ...(text === undefined ? {} : { body: text }),
    }),
  );
  const answer = { status: response.status, headers: response.headers, body: await response.json() };
  const header = (one: string) => response.headers.get(one) ?? undefined;
  const missing = undocumented(name, { ...answer, header });
  if (missing.length > 0) throw new Error(`${missing.join('; ')}: ${JSON.stringify(answer.body)}`);
  return answer;
}

const canonical = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
