/**
 * A request as API Gateway hands it to a function, with IAM authorization: an HTTP API in payload format 2.0 (developer guide,
 * "Create AWS Lambda proxy integrations for HTTP APIs"), a REST API in its own ("Input format of a Lambda function for proxy
 * integration").
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
  /** By their names in lower case, as an HTTP API writes them. */
  readonly headers?: Record<string, string>;
  /** Which kind of API hands it over; an HTTP API if left out. */
  readonly api?: 'http' | 'rest';
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

export const eventOf = (request: Request): Event =>
  (request.api === 'rest' ? restEvent(request) : httpEvent(request)) as unknown as Event;

const bodyOf = ({ body, base64 = false }: Request): string | undefined =>
  body !== undefined && base64 ? Buffer.from(body).toString('base64') : body;

function httpEvent(request: Request): object {
  const { route, userArn, base64 = false, query, path, headers } = request;
  const [method = '', rawPath = ''] = route.split(' ');
  const body = bodyOf(request);
  const iam = {
    accessKey: 'ASIAEXAMPLE',
    accountId: '123456789012',
    callerId: 'AROAEXAMPLE:i-0123456789abcdef0',
    cognitoIdentity: null,
    principalOrgId: 'aws:PrincipalOrgID',
    userArn,
    userId: 'AROAEXAMPLE:i-0123456789abcdef0',
  };
  return {
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
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: base64,
  };
}

/** Null where there is nothing; names of headers as a caller may write them; path parameters as they were sent. */
function restEvent(request: Request): object {
  const { route, userArn, base64 = false, query, path, headers } = request;
  const [httpMethod = '', resource = ''] = route.split(' ');
  const sent = { 'Content-Type': 'application/json', Host: 'api-id.execute-api.us-east-1.amazonaws.com', ...headers };
  const parameters = Object.entries(path ?? {}).map(([name, value]) => [name, encodeURIComponent(value)]);
  const filled = parameters.reduce((text, [name, value]) => text.replace(`{${name}}`, String(value)), resource);
  return {
    resource,
    path: filled,
    httpMethod,
    headers: sent,
    multiValueHeaders: lists(sent),
    queryStringParameters: query ?? null,
    multiValueQueryStringParameters: query ? lists(query) : null,
    pathParameters: path ? Object.fromEntries(parameters) : null,
    stageVariables: null,
    requestContext: {
      resourceId: 'resource-id',
      resourcePath: resource,
      httpMethod,
      extendedRequestId: 'extended-request',
      requestTime: '01/Jan/2026:00:00:00 +0000',
      path: `/prod${filled}`,
      accountId: '123456789012',
      protocol: 'HTTP/1.1',
      stage: 'prod',
      domainPrefix: 'api-id',
      requestTimeEpoch: 1767225600000,
      requestId: 'gateway-request',
      identity: {
        cognitoIdentityPoolId: null,
        cognitoIdentityId: null,
        vpceId: 'vpce-0123456789abcdef0',
        principalOrgId: null,
        cognitoAuthenticationType: null,
        userArn: userArn ?? null,
        userAgent: 'lessor',
        accountId: '123456789012',
        caller: 'AROAEXAMPLE:i-0123456789abcdef0',
        sourceIp: '192.0.2.1',
        accessKey: 'ASIAEXAMPLE',
        vpcId: 'vpc-0123456789abcdef0',
        cognitoAuthenticationProvider: null,
        user: 'AROAEXAMPLE:i-0123456789abcdef0',
      },
      domainName: 'api-id.execute-api.us-east-1.amazonaws.com',
      apiId: 'api-id',
    },
    body: bodyOf(request) ?? null,
    isBase64Encoded: base64,
  };
}

const lists = (values: Readonly<Record<string, string>>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
