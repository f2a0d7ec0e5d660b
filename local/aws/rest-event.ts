/** API Gateway's REST API, Lambda proxy integration: from an HTTP request to the function's event, from its result to an HTTP response. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { clfTime, type EventContext, type HttpAnswer } from './http-event.ts';
import type { SignedRequest } from './signature.ts';

/** Null where there is nothing, names of headers as they were sent, path and its parameters as they were sent too. */
export function restEventOf(
  { method, path, query, body }: SignedRequest,
  rawHeaders: readonly string[],
  context: EventContext,
): APIGatewayProxyEvent {
  const headers = pairs(rawHeaders);
  const parameters = [...new URLSearchParams(query)] as [string, string][];
  const resource = context.routeKey.split(' ')[1] ?? '';
  const { caller, sourceIp } = context;
  return {
    resource,
    path,
    httpMethod: method,
    headers: lastOf(headers),
    multiValueHeaders: allOf(headers),
    queryStringParameters: parameters.length === 0 ? null : lastOf(parameters),
    multiValueQueryStringParameters: parameters.length === 0 ? null : allOf(parameters),
    pathParameters: Object.keys(context.pathParameters).length === 0 ? null : context.pathParameters,
    stageVariables: null,
    requestContext: {
      resourceId: 'local',
      resourcePath: resource,
      httpMethod: method,
      extendedRequestId: context.requestId,
      requestTime: clfTime(new Date(context.now)),
      path: `/${context.stage}${path}`,
      accountId: context.accountId,
      protocol: `HTTP/${context.httpVersion}`,
      stage: context.stage,
      requestTimeEpoch: context.now,
      requestId: context.requestId,
      identity: {
        cognitoIdentityPoolId: null,
        cognitoIdentityId: null,
        principalOrgId: null,
        cognitoAuthenticationType: null,
        userArn: caller.userArn,
        userAgent: lastOf(headers.map(([name, value]) => [name.toLowerCase(), value] as const))['user-agent'] ?? null,
        accountId: context.accountId,
        caller: caller.userId,
        sourceIp,
        accessKey: caller.accessKeyId,
        cognitoAuthenticationProvider: null,
        user: caller.userId,
      },
      apiId: context.apiId,
    },
    // Without binaryMediaTypes every body is text.
    body: body.length === 0 ? null : Buffer.from(body).toString('utf8'),
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEvent;
}

type Pair = readonly [string, string];

const pairs = (raw: readonly string[]): Pair[] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));

const lastOf = (all: readonly Pair[]): Record<string, string> => Object.fromEntries(all);

function allOf(all: readonly Pair[]): Record<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const [name, value] of all) lists.set(name, [...(lists.get(name) ?? []), value]);
  return Object.fromEntries(lists);
}

/** API Gateway's own answers, which name their kind in a header. */
export function restMessage(status: number, text: string, type: string, key: 'message' | 'Message' = 'message') {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
    body: Buffer.from(JSON.stringify({ [key]: text })),
  };
}

export const restFailure = (): HttpAnswer => restMessage(502, 'Internal server error', 'InternalServerErrorException');

/** @param payload JSON of what the function returned: nothing but a status, headers and a body as text is taken */
export function restAnswerOf(payload: string): HttpAnswer {
  const result = JSON.parse(payload) as Partial<Result> | null;
  if (result === null || typeof result !== 'object' || Object.keys(result).some((key) => !KEYS.includes(key)))
    return restFailure();
  const { statusCode, headers = {}, multiValueHeaders = {}, body = '', isBase64Encoded = false } = result;
  if (!Number.isInteger(statusCode) || (body !== null && typeof body !== 'string')) return restFailure();
  const lower = Object.entries({ ...headers, ...multiValueHeaders }).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ]);
  return {
    status: statusCode as number,
    headers: { 'content-type': 'application/json', ...Object.fromEntries(lower) },
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

const KEYS = ['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded'];

interface Result {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, string[]>>;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}
