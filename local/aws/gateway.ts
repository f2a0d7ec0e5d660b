/** API Gateway on 127.0.0.1, an HTTP API or a REST API: size, throttle, route, signature, policy, function, response. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type ApiKind, type ApiKindName, apiKinds } from './api-kind.ts';
import type { EventContext, HttpAnswer } from './http-event.ts';
import type { Identity } from './identities.ts';
import { type InvocationResult, REQUEST_TOO_LARGE } from './invocation.ts';
import { permits, type Statement } from './policy.ts';
import { quotas } from './quotas.ts';
import { type RouteDefinition, type RouteMatch, routeMatcher } from './route.ts';
import { type SignedRequest, verify } from './signature.ts';
import { type ThrottleDefinition, tokenBucket } from './throttle.ts';

export interface ApiDefinition {
  readonly kind: ApiKindName;
  readonly id: string;
  /** Of a REST API, the first segment of each path. */
  readonly stage: string;
  /** Of all routes together. */
  readonly throttle: ThrottleDefinition;
  readonly routes: readonly RouteDefinition[];
}

type LocalInvoke = (functionName: string, event: unknown, isAbandoned?: () => boolean) => Promise<InvocationResult>;

export interface GatewayParts {
  readonly api: ApiDefinition;
  readonly region: string;
  readonly account: string;
  readonly callerOf: (accessKeyId: string) => Identity | undefined;
  readonly rightsOf: (caller: Identity) => readonly Statement[];
  readonly invoke: LocalInvoke;
}

/** Answers the server's requests from now on. */
export function serve(server: Server, parts: GatewayParts): void {
  const kind = apiKinds[parts.api.kind];
  const ways = {
    kind,
    match: routeMatcher(parts.api.routes),
    admit: tokenBucket(parts.api.throttle, () => performance.now()),
  };
  server.on('request', (incoming, outgoing) => {
    const requestId = randomUUID();
    answer(incoming, parts, ways, requestId).then(
      (made) => write(outgoing, made, kind.requestIdHeader, requestId),
      // The client went away before its request was complete.
      () => outgoing.destroy(),
    );
  });
}

interface Ways {
  readonly kind: ApiKind;
  readonly match: ReturnType<typeof routeMatcher>;
  readonly admit: ReturnType<typeof tokenBucket>;
}

async function answer(
  incoming: IncomingMessage,
  parts: GatewayParts,
  ways: Ways,
  requestId: string,
): Promise<HttpAnswer> {
  const { kind, match, admit } = ways;
  const body = await bodyOf(incoming);
  if (headBytes(incoming) > kind.requestHead) return kind.refusal('head');
  if (!admit()) return kind.refusal('throttled');
  if (body === undefined) return kind.refusal('body');
  const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  const request = { method: incoming.method ?? 'GET', path, query, headers: headersOf(incoming.rawHeaders), body };
  const { region, account, api, callerOf } = parts;
  // Signed is the path as it was sent; a route is looked for by what it says.
  const routePath = kind.routePath(path, api.stage);
  if (routePath === undefined) return kind.refusal('stage');
  const route = match(request.method, routePath);
  if (route === undefined) return kind.refusal('route');
  const now = Date.now();
  const verdict = await verify(request, { region, now, callerOf });
  const resource = `arn:aws:execute-api:${region}:${account}:${api.id}/${api.stage}/${request.method}${routePath}`;
  if (!verdict.authentic) return kind.refusal('signature');
  const { caller } = verdict;
  if (!permits(parts.rightsOf(caller), 'execute-api:Invoke', resource))
    return kind.refusal('policy', caller.userArn, resource);
  return call({ ...request, path: routePath }, incoming, parts, route, { kind, requestId, caller, now });
}

async function call(
  request: SignedRequest,
  incoming: IncomingMessage,
  { api, account, invoke }: GatewayParts,
  { route, pathParameters }: RouteMatch,
  { kind, ...known }: Pick<EventContext, 'requestId' | 'caller' | 'now'> & { readonly kind: ApiKind },
): Promise<HttpAnswer> {
  const { socket, httpVersion } = incoming;
  const event = kind.event(request, incoming, {
    routeKey: route.key,
    pathParameters,
    stage: api.stage,
    apiId: api.id,
    accountId: account,
    sourceIp: socket.remoteAddress ?? '',
    port: socket.localPort ?? 0,
    httpVersion,
    ...known,
  });
  const result = await within(
    route.timeoutMs,
    invoke(route.function, event, () => socket.destroyed),
  );
  if (result === undefined) return kind.refusal('late');
  if (result.ok) return kind.answer(result.payload);
  // What a function's failure was, only its log says.
  return kind.refusal(result.errorType === REQUEST_TOO_LARGE ? 'payload' : 'failed');
}

/** @returns undefined when the time is over */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** @returns undefined if the body is larger than API Gateway takes */
async function bodyOf(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += (chunk as Buffer).length;
    // Read on to the end: a client that still writes would see a broken connection instead of the answer.
    if (length <= quotas.body) chunks.push(chunk as Buffer);
  }
  return length > quotas.body ? undefined : Buffer.concat(chunks);
}

/** As API Gateway counts: the request line and the headers' values, without their names. */
function headBytes({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): number {
  const values = rawHeaders.filter((_, index) => index % 2 === 1);
  return Buffer.byteLength([`${method} ${url} HTTP/${httpVersion}`, ...values].join(''), 'latin1');
}

/** Names in lower case; repeated headers joined with commas. */
function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < raw.length; index += 2) {
    const [name = '', value = ''] = [raw[index]?.toLowerCase(), raw[index + 1]];
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return headers;
}

function write(
  outgoing: ServerResponse,
  { status, headers, body }: HttpAnswer,
  requestIdHeader: string,
  requestId: string,
): void {
  outgoing.writeHead(status, { ...headers, [requestIdHeader]: requestId, 'content-length': body.length });
  outgoing.end(body);
}
