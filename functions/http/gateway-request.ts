/**
 * A request as the two kinds of API Gateway hand it over: an HTTP API in payload format 2.0, a REST API in its own, which is 1.0
 * (API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs", "Input format of a Lambda function for
 * proxy integration"). What is behind this file knows one kind.
 */
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2WithIAMAuthorizer } from 'aws-lambda';

type HttpEvent = APIGatewayProxyEventV2WithIAMAuthorizer;
type RestEvent = APIGatewayProxyEvent;
export type GatewayEvent = HttpEvent | RestEvent;

export interface GatewayRequest {
  /** API Gateway's, as its access log has it. */
  readonly requestId: string;
  /** `GET /v1/pools/{pool}`: method and path of the route. */
  readonly routeKey: string;
  /** Whose signature it is; undefined where there is none. */
  readonly userArn: string | undefined;
  /** Names in lower case; repeated ones joined with commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decoded; repeated ones joined with commas. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Decoded, by the names that the route's path has in braces. */
  readonly path: Readonly<Record<string, string | undefined>>;
  /** Empty text where there is none. */
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export const requestOf = (event: GatewayEvent): GatewayRequest =>
  'httpMethod' in event ? restRequest(event) : httpRequest(event);

function httpRequest({ requestContext, routeKey, ...event }: HttpEvent): GatewayRequest {
  return {
    requestId: requestContext.requestId,
    routeKey,
    userArn: requestContext.authorizer?.iam?.userArn,
    headers: event.headers,
    query: event.queryStringParameters ?? {},
    path: event.pathParameters ?? {},
    body: event.body ?? '',
    isBase64Encoded: event.isBase64Encoded,
  };
}

/** A REST API says null where there is nothing, leaves names of headers as they were sent, and does not decode the path. */
function restRequest({ requestContext, httpMethod, resource, ...event }: RestEvent): GatewayRequest {
  const headers = listed(event.multiValueHeaders, event.headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const path = Object.entries(event.pathParameters ?? {}).map(([name, value = '']) => [name, decoded(value)] as const);
  return {
    requestId: requestContext.requestId,
    routeKey: `${httpMethod} ${resource}`,
    userArn: requestContext.identity.userArn ?? undefined,
    headers: joined(headers),
    query: joined(listed(event.multiValueQueryStringParameters, event.queryStringParameters)),
    path: Object.fromEntries(path),
    body: event.body ?? '',
    isBase64Encoded: event.isBase64Encoded,
  };
}

type Many = Readonly<Record<string, string[] | undefined>> | null;
type Single = Readonly<Record<string, string | undefined>> | null;

/** What was sent once or more often; of the single values each is the last one. */
function listed(many: Many, single: Single): (readonly [string, string])[] {
  const source = many ?? single ?? {};
  return Object.entries(source).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => [name, value] as const),
  );
}

/** As an HTTP API joins them. */
function joined(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of pairs) all.set(name, all.has(name) ? `${all.get(name)},${value}` : value);
  return Object.fromEntries(all);
}

/** What cannot be decoded stays as it is, and is then no name and no address. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
