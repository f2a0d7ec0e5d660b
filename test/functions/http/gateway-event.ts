/**
 * A request as API Gateway's HTTP API hands it to a function: payload format 2.0 with IAM authorization
 * (API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs").
 */
import type { Context } from 'aws-lambda';
import type { Handler } from '../../../functions/http/http.ts';

type Event = Parameters<Handler>[0];

export const NODE = 'arn:aws:sts::123456789012:assumed-role/lessor-node/i-0123456789abcdef0';
export const OPERATOR = 'arn:aws:iam::123456789012:user/ann';

export interface Request {
  readonly route: string;
  readonly userArn?: string;
  readonly body?: string;
  readonly base64?: boolean;
  readonly query?: Record<string, string>;
  readonly path?: Record<string, string>;
  /** By their names in lower case, as API Gateway writes them. */
  readonly headers?: Record<string, string>;
}

export interface Answered {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly body: any;
  readonly text: string;
}

export async function ask(handler: Handler, request: Request): Promise<Answered> {
  const context = {
    awsRequestId: 'lambda-request',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:Lessor-allocate',
    getRemainingTimeInMillis: () => 10_000,
  };
  const answer = await handler(eventOf(request), context as Context);
  const text = answer.body ?? '';
  return { status: answer.statusCode, headers: answer.headers ?? {}, body: JSON.parse(text), text };
}

export function eventOf({ route, userArn, body, base64 = false, query, path, headers }: Request): Event {
  const [method = '', rawPath = ''] = route.split(' ');
  const iam = {
    accessKey: 'ASIAEXAMPLE',
    accountId: '123456789012',
    callerId: 'AROAEXAMPLE:i-0123456789abcdef0',
    cognitoIdentity: null,
    principalOrgId: 'aws:PrincipalOrgID',
    userArn,
    userId: 'AROAEXAMPLE:i-0123456789abcdef0',
  };
  const event = {
    version: '2.0',
    routeKey: route,
    rawPath,
    rawQueryString: new URLSearchParams(query).toString(),
    headers: { 'content-type': 'application/json', host: 'api.example.org', ...headers },
    ...(query ? { queryStringParameters: query } : {}),
    ...(path ? { pathParameters: path } : {}),
    requestContext: {
      accountId: '123456789012',
      apiId: 'api-id',
      ...(userArn === undefined ? {} : { authorizer: { iam } }),
      domainName: 'api.example.org',
      domainPrefix: 'api',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'lessor' },
      requestId: 'gateway-request',
      routeKey: route,
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: 1767225600000,
    },
    ...(body === undefined ? {} : { body: base64 ? Buffer.from(body).toString('base64') : body }),
    isBase64Encoded: base64,
  };
  return event as unknown as Event;
}
