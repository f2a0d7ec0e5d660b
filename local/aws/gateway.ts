/** API Gateway's HTTP API on 127.0.0.1: route, signature, policy, function, response. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { answerOf, eventOf, type HttpAnswer, message } from './http-event.ts';
import type { Identity } from './identities.ts';
import type { InvocationResult } from './invocation.ts';
import { permits, type Statement } from './policy.ts';
import { type RouteDefinition, type RouteMatch, routeMatcher } from './route.ts';
import { type SignedRequest, verify } from './signature.ts';

/** API Gateway quotas for HTTP APIs: payload size. */
const MAX_BODY = 10 * 1024 * 1024;

export interface ApiDefinition {
  readonly id: string;
  readonly stage: string;
  readonly routes: readonly RouteDefinition[];
}

export interface GatewayParts {
  readonly api: ApiDefinition;
  readonly region: string;
  readonly account: string;
  readonly callerOf: (accessKeyId: string) => Identity | undefined;
  readonly rightsOf: (caller: Identity) => readonly Statement[];
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
}

/** Answers the server's requests from now on. */
export function serve(server: Server, parts: GatewayParts): void {
  const match = routeMatcher(parts.api.routes);
  server.on('request', (incoming, outgoing) => {
    answer(incoming, parts, match).then(
      (made) => write(outgoing, made),
      // The client went away before its request was complete.
      () => outgoing.destroy(),
    );
  });
}

async function answer(
  incoming: IncomingMessage,
  parts: GatewayParts,
  match: ReturnType<typeof routeMatcher>,
): Promise<HttpAnswer> {
  const body = await bodyOf(incoming);
  if (body === undefined) return message(413, 'Request Entity Too Large');
  const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  const request = { method: incoming.method ?? 'GET', path, query, headers: headersOf(incoming.rawHeaders), body };
  const route = match(request.method, path);
  if (route === undefined) return message(404, 'Not Found');
  const { region, account, api, callerOf } = parts;
  const now = Date.now();
  const verdict = await verify(request, { region, now, callerOf });
  const resource = `arn:aws:execute-api:${region}:${account}:${api.id}/${api.stage}/${request.method}${path}`;
  if (!verdict.authentic || !permits(parts.rightsOf(verdict.caller), 'execute-api:Invoke', resource)) {
    return message(403, 'Forbidden');
  }
  return call(request, incoming, parts, route, verdict.caller, now);
}

async function call(
  request: SignedRequest,
  { socket, httpVersion }: IncomingMessage,
  { api, account, invoke }: GatewayParts,
  { route, pathParameters }: RouteMatch,
  caller: Identity,
  now: number,
): Promise<HttpAnswer> {
  const requestId = randomUUID();
  const event = eventOf(request, {
    routeKey: route.key,
    pathParameters,
    stage: api.stage,
    apiId: api.id,
    accountId: account,
    caller,
    requestId,
    sourceIp: socket.remoteAddress ?? '',
    port: socket.localPort ?? 0,
    httpVersion,
    now,
  });
  const result = await within(route.timeoutMs, invoke(route.function, event));
  if (result === undefined) return message(503, 'Service Unavailable');
  const made = result.ok ? answerOf(result.payload) : message(500, 'Internal Server Error');
  return { ...made, headers: { ...made.headers, 'apigw-requestid': requestId } };
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
    if (length <= MAX_BODY) chunks.push(chunk as Buffer);
  }
  return length > MAX_BODY ? undefined : Buffer.concat(chunks);
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

function write(outgoing: ServerResponse, { status, headers, body }: HttpAnswer): void {
  outgoing.writeHead(status, { ...headers, 'content-length': body.length });
  outgoing.end(body);
}
