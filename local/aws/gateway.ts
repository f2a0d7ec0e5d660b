/** API Gateway's HTTP API on 127.0.0.1: size, throttle, route, signature, policy, function, response. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { answerOf, type EventContext, eventOf, type HttpAnswer, message } from './http-event.ts';
import type { Identity } from './identities.ts';
import { type InvocationResult, REQUEST_TOO_LARGE } from './invocation.ts';
import { permits, type Statement } from './policy.ts';
import { quotas } from './quotas.ts';
import { decodedPath, type RouteDefinition, type RouteMatch, routeMatcher } from './route.ts';
import { type SignedRequest, verify } from './signature.ts';
import { type ThrottleDefinition, tokenBucket } from './throttle.ts';

export interface ApiDefinition {
  readonly id: string;
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
  const ways = {
    match: routeMatcher(parts.api.routes),
    admit: tokenBucket(parts.api.throttle, () => performance.now()),
  };
  server.on('request', (incoming, outgoing) => {
    const requestId = randomUUID();
    answer(incoming, parts, ways, requestId).then(
      (made) => write(outgoing, made, requestId),
      // The client went away before its request was complete.
      () => outgoing.destroy(),
    );
  });
}

interface Ways {
  readonly match: ReturnType<typeof routeMatcher>;
  readonly admit: ReturnType<typeof tokenBucket>;
}

async function answer(
  incoming: IncomingMessage,
  parts: GatewayParts,
  { match, admit }: Ways,
  requestId: string,
): Promise<HttpAnswer> {
  const body = await bodyOf(incoming);
  if (headBytes(incoming) > quotas.requestHead) return message(431, 'Request Header Fields Too Large');
  if (!admit()) return message(429, 'Too Many Requests');
  if (body === undefined) return message(413, 'Request Entity Too Large');
  const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  const request = { method: incoming.method ?? 'GET', path, query, headers: headersOf(incoming.rawHeaders), body };
  // Signed is the path as it was sent; a route is looked for by what it says.
  const decoded = decodedPath(path);
  const route = match(request.method, decoded);
  if (route === undefined) return message(404, 'Not Found');
  const { region, account, api, callerOf } = parts;
  const now = Date.now();
  const verdict = await verify(request, { region, now, callerOf });
  const resource = `arn:aws:execute-api:${region}:${account}:${api.id}/${api.stage}/${request.method}${decoded}`;
  if (!verdict.authentic || !permits(parts.rightsOf(verdict.caller), 'execute-api:Invoke', resource)) {
    return message(403, 'Forbidden');
  }
  return call({ ...request, path: decoded }, incoming, parts, route, { requestId, caller: verdict.caller, now });
}

async function call(
  request: SignedRequest,
  { socket, httpVersion }: IncomingMessage,
  { api, account, invoke }: GatewayParts,
  { route, pathParameters }: RouteMatch,
  known: Pick<EventContext, 'requestId' | 'caller' | 'now'>,
): Promise<HttpAnswer> {
  const event = eventOf(request, {
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
  if (result === undefined) return message(503, 'Service Unavailable');
  return result.ok ? answerOf(result.payload) : failed(result.errorType);
}

/** What a function's failure was, only its log says. */
function failed(errorType: string): HttpAnswer {
  return errorType === REQUEST_TOO_LARGE
    ? message(413, 'Request Entity Too Large')
    : message(500, 'Internal Server Error');
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

function write(outgoing: ServerResponse, { status, headers, body }: HttpAnswer, requestId: string): void {
  outgoing.writeHead(status, { ...headers, 'apigw-requestid': requestId, 'content-length': body.length });
  outgoing.end(body);
}
