/** Signed requests to the local stack; each answer is looked up in the OpenAPI document. */
import { paths, type RouteName } from '../../core/contract/paths.ts';
import type { AccessKeys } from '../../local/aws/identities.ts';
import { send, signed } from '../local/aws/sigv4.ts';
import { undocumented } from './documented.ts';

export interface Api {
  readonly endpoint: string;
  readonly region: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly body: any;
}

interface Sent {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  /** Sorted, and percent-encoded. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string | undefined;
}

/** Asks by method and path. @throws Error where the document does not tell of such an answer */
export function askAt(
  api: Api,
  identity: AccessKeys,
  method: string,
  path: string,
  body?: unknown,
  query = '',
): Promise<Answered> {
  return exchange(api, identity, { method, path, query, text: body === undefined ? undefined : JSON.stringify(body) });
}

export interface Asked {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The body as it is sent, where it is no JSON. */
  readonly text?: string;
}

/** Asks an operation. @throws Error where the document does not tell of such an answer */
export function askOperation(
  api: Api,
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
  const { method, path: template } = paths[name];
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(path[parameter] ?? ''));
  const canonical = Object.entries(query)
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .sort()
    .join('&');
  return exchange(api, identity, { method, path: filled, query: canonical, headers, text });
}

async function exchange({ endpoint, region }: Api, identity: AccessKeys, sent: Sent): Promise<Answered> {
  const { method, path, query = '', headers = {}, text } = sent;
  const lower = Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]);
  const own = { host: new URL(endpoint).host, 'content-type': 'application/json', ...Object.fromEntries(lower) };
  const body = text === undefined ? {} : { body: text };
  // A REST API has its stage before the path, and signed is the whole of it.
  const { origin, pathname } = new URL(endpoint);
  const whole = `${pathname.replace(/\/$/, '')}${path}`;
  const response = await send(origin, signed(identity, { method, path: whole, query, region, headers: own, ...body }));
  const answer = { status: response.status, headers: response.headers, body: await response.json() };
  const name = routeOf(method, path);
  const header = (one: string) => response.headers.get(one) ?? undefined;
  const missing = name === undefined ? [] : undocumented(name, { ...answer, header });
  if (missing.length > 0) throw new Error(`${missing.join('; ')}: ${JSON.stringify(answer.body)}`);
  return answer;
}

/** A path without parameters goes before one with them. */
function routeOf(method: string, path: string): RouteName | undefined {
  const names = (Object.keys(paths) as RouteName[]).filter((name) => paths[name].method === method);
  const fits = (name: RouteName) => new RegExp(`^${paths[name].path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  return names.find((name) => paths[name].path === path) ?? names.find(fits);
}
