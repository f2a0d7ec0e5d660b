/** From a request of API Gateway to a use case and back; refusals become RFC 9457 problems. */
import type { APIGatewayProxyResult, Context } from 'aws-lambda';
import type * as z from 'zod/mini';
import { most } from '../../core/contract/limits.ts';
import { type ParameterOf, parametersOf } from '../../core/contract/paths.ts';
import { LessorError, problemBody } from '../../core/contract/problems.ts';
import { nothing, parse } from '../../core/contract/request-schema.ts';
import { routes } from '../../core/contract/routes.ts';
import { CONTRACT, CONTRACT_HEADER, contractText } from '../../core/contract/version.ts';
import { emit } from '../metrics/emit.ts';
import { clusters, instanceRoles } from '../runtime.ts';
import type { Call } from '../use-cases/dependencies.ts';
import { type GatewayEvent, type GatewayRequest, requestOf } from './gateway-request.ts';
import { accountOf, callerOf, callersAccount, clusterOf } from './identity.ts';
import { readBody } from './request-body.ts';
import { isNewer, spokenBy } from './spoken-version.ts';

/** What both kinds of API take. */
type Answer = Omit<APIGatewayProxyResult, 'multiValueHeaders'>;
export type Handler = (event: GatewayEvent, context: Context) => Promise<Answer>;

/** What a route's schemas make of the request. */
interface Parsed<Path extends string, Body, Query> {
  readonly body: Body;
  readonly query: Query;
  /** By the names that the route's path has in braces. */
  readonly path: Readonly<Record<ParameterOf<Path>, string>>;
  /** By its name in lower case. */
  readonly header: (name: string) => string | undefined;
  readonly call: Call;
}

/** What HTTP says of a result beside its body. */
export interface Envelope {
  /** 200 where it is left out. */
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

type Schema = z.core.$ZodType;
interface Route<Path extends string, Body extends Schema, Query extends Schema, Result extends Schema> {
  readonly method: string;
  readonly path: Path;
  readonly request?: Body;
  readonly query?: Query;
  readonly result: Result;
  /** Bytes that its body may have; the contract's usual number if left out. */
  readonly longestBody?: number;
}

type UseCase = (request: GatewayRequest, context: Context) => Promise<Envelope & { readonly body: unknown }>;

/**
 * Answers one route: parses, calls, and writes the result as JSON.
 * @param envelope status and headers, made from the result: a use case knows nothing of HTTP
 */
export function answering<Path extends string, Body extends Schema, Query extends Schema, Result extends Schema>(
  route: Route<Path, Body, Query, Result>,
  useCase: (parsed: Parsed<Path, z.output<Body>, z.output<Query>>) => Promise<z.input<Result>>,
  envelope: (result: z.input<Result>) => Envelope = () => ({}),
): Record<string, UseCase> {
  const run: UseCase = async (request, context) => {
    const { userArn, headers } = request;
    const own = accountOf(context.invokedFunctionArn);
    const caller = callerOf(userArn, instanceRoles, own);
    const newer = isNewer(spokenBy(headers[CONTRACT_HEADER]));
    const cluster = clusterOf(userArn, clusters, own);
    const account = callersAccount(userArn);
    const query = queryOf(route, request, newer);
    const result = await useCase({
      body: bodyOf(route, request, newer),
      query,
      path: pathOf(route.path, request.path),
      header: (name) => headers[name],
      call: { caller, ...(account && { account }), cluster, remainingMs: () => context.getRemainingTimeInMillis() },
    });
    return { ...envelope(result), body: result };
  };
  return { [`${route.method} ${route.path}`]: run };
}

/** A route that takes no body ignores one where it changes nothing (RFC 9110, section 9.3.1: the content of a GET means nothing). */
function bodyOf<Body extends Schema>(
  {
    request,
    method,
    longestBody = most.bodyBytes,
  }: Pick<Route<string, Body, Schema, Schema>, 'request' | 'method' | 'longestBody'>,
  sent: GatewayRequest,
  newer: boolean,
): z.output<Body> {
  if (request) return parse(request, readBody(sent, longestBody), 'body', newer);
  if (method !== 'GET' && sent.body !== '')
    throw new LessorError('request.invalid', 'body: this route takes none', { remedy: 'send the request without one' });
  return undefined as z.output<Body>;
}

/**
 * No parameter that this version does not know is left out where something is changed, whatever version the caller speaks:
 * what it meant by it, as by `dryRun`, would be done all the same.
 */
function queryOf<Query extends Schema>(
  { query, method }: Pick<Route<string, Schema, Query, Schema>, 'query' | 'method'>,
  given: GatewayRequest,
  newer: boolean,
): z.output<Query> {
  const schema: Schema = query ?? nothing;
  return parse(schema, { ...given.query }, 'query', newer && method === 'GET') as z.output<Query>;
}

/** One handler for the given routes. */
export function handlerOf(useCases: Record<string, UseCase>): Handler {
  return async (event, context) => {
    const request = requestOf(event);
    try {
      const useCase = useCases[request.routeKey];
      if (!useCase) throw new LessorError('route.unknown', `${request.routeKey} is not a route: ${knownRoutes()}`);
      const { status = 200, headers, body } = await useCase(request, context);
      return json(status, 'application/json', body, headers);
    } catch (error) {
      const refusal = error instanceof LessorError ? error : fault(error);
      const body = problemBody(refusal, request.requestId);
      log(refusal, request, context);
      emit({ Refusals: 1 }, { code: refusal.code });
      return json(body.status, 'application/problem+json', body, refusal.kind.retry ? { 'retry-after': '1' } : {});
    }
  };
}

/** @throws LessorError service.fault where one is missing: without it the path could not have matched */
function pathOf<Path extends string>(path: Path, given: GatewayRequest['path']): Record<ParameterOf<Path>, string> {
  const values = parametersOf(path).map((name) => {
    const value = given[name];
    if (value === undefined) throw fault(new Error(`A request for ${path} came without its path parameter ${name}`));
    return [name, value] as const;
  });
  return Object.fromEntries(values) as Record<ParameterOf<Path>, string>;
}

const knownRoutes = () =>
  Object.values(routes)
    .map(({ method, path }) => `${method} ${path}`)
    .join(', ');

function fault(cause: unknown): LessorError {
  return new LessorError('service.fault', 'The service failed', {
    remedy: 'its log has the cause under the request id',
    cause,
  });
}

/** `requestId` is API Gateway's, as the problem and the access log have it; the other one is that of Lambda's own lines. */
function log(refusal: LessorError, { routeKey, requestId }: GatewayRequest, { awsRequestId }: Context): void {
  const { code, message, cause } = refusal;
  const line = { code, route: routeKey, requestId, lambdaRequestId: awsRequestId, message };
  const { stack } = cause instanceof Error ? cause : refusal;
  if (code === 'service.fault' || code === 'service.unavailable') console.error({ ...line, cause: stack });
  else console.info(line);
}

function json(statusCode: number, type: string, body: unknown, headers: Record<string, string> = {}): Answer {
  const own = { 'content-type': type, [CONTRACT_HEADER]: contractText(CONTRACT) };
  return { statusCode, headers: { ...own, ...headers }, body: JSON.stringify(body) };
}
