/** API Gateway's HTTP API, payload format 2.0: from an HTTP request to the function's event, from its result to an HTTP response. */
import type { APIGatewayProxyEventV2WithIAMAuthorizer } from 'aws-lambda';
import type { Identity } from './identities.ts';
import type { SignedRequest } from './signature.ts';

type Event = APIGatewayProxyEventV2WithIAMAuthorizer;
type Iam = Event['requestContext']['authorizer']['iam'];

export interface EventContext {
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly stage: string;
  readonly apiId: string;
  readonly accountId: string;
  readonly caller: Identity;
  readonly requestId: string;
  readonly sourceIp: string;
  /** Port that the request came to. */
  readonly port: number;
  readonly httpVersion: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function eventOf({ method, path, query, headers, body }: SignedRequest, context: EventContext): Event {
  const { cookie, ...others } = headers;
  const text = TEXT.test(headers['content-type'] ?? '');
  const domainName = (headers.host ?? '').replace(/:\d+$/, '');
  const parameters = queryParameters(query);
  return {
    version: '2.0',
    routeKey: context.routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; */) }),
    headers: {
      ...others,
      'x-forwarded-for': context.sourceIp,
      'x-forwarded-port': String(context.port),
      'x-forwarded-proto': 'http',
    },
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    ...(Object.keys(context.pathParameters).length === 0 ? {} : { pathParameters: context.pathParameters }),
    requestContext: {
      accountId: context.accountId,
      apiId: context.apiId,
      authentication: undefined,
      authorizer: { iam: iamOf(context.caller, context.accountId) },
      domainName,
      domainPrefix: domainName.split('.')[0] ?? '',
      http: {
        method,
        path,
        protocol: `HTTP/${context.httpVersion}`,
        sourceIp: context.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: context.requestId,
      routeKey: context.routeKey,
      stage: context.stage,
      time: clfTime(new Date(context.now)),
      timeEpoch: context.now,
    },
    ...(body.length === 0 ? {} : { body: Buffer.from(body).toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !text,
  } as unknown as Event;
}

/** The media types whose body API Gateway hands over as text; any other is base64. */
const TEXT = /^(text\/|application\/(json|javascript|xml|.+\+json|.+\+xml)\b)/i;

function iamOf({ accessKeyId, userArn, userId }: Identity, accountId: string): Iam {
  return {
    accessKey: accessKeyId,
    accountId,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: 'aws:PrincipalOrgID',
    userArn,
    userId,
  } as unknown as Iam;
}

/** Repeated parameters are joined with commas. */
function queryParameters(query: string): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(query)) {
    parameters[key] = parameters[key] === undefined ? value : `${parameters[key]},${value}`;
  }
  return query === '' ? undefined : parameters;
}

/** `12/Mar/2020:19:03:58 +0000` */
export function clfTime(date: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(date.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** API Gateway's own answers. */
export function message(status: number, text: string): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message: text })),
  };
}

/** @param payload JSON of what the function returned; without a statusCode it is itself the body of a 200 */
export function answerOf(payload: string): HttpAnswer {
  const result: unknown = JSON.parse(payload);
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(payload) };
  }
  const { statusCode, headers = {}, cookies, body = '', isBase64Encoded = false } = result as StructuredResult;
  if (!Number.isInteger(statusCode) || typeof body !== 'string') return message(500, 'Internal Server Error');
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return {
    status: statusCode,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...Object.fromEntries(lower),
      ...(cookies === undefined ? {} : { 'set-cookie': cookies }),
    },
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}

interface StructuredResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly cookies?: string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}
