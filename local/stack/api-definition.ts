/** The API of a template: an HTTP API, or a REST API where it has one. */
import type { ApiKindName } from '../aws/api-kind.ts';
import type { FunctionDefinition } from '../aws/function.ts';
import type { ApiDefinition } from '../aws/gateway.ts';
import { quotas } from '../aws/quotas.ts';
import type { RouteDefinition } from '../aws/route.ts';
import type { ThrottleDefinition } from '../aws/throttle.ts';
import type { TemplateReader } from './template-reader.ts';

/** @throws Error that names the logical id and what cannot be understood */
export const apiIn = (reader: TemplateReader, functions: readonly FunctionDefinition[]): ApiDefinition =>
  reader.list('AWS::ApiGateway::RestApi').length > 0 ? restApiIn(reader, functions) : httpApiIn(reader, functions);

/**
 * @param arn of a function, or of an alias of it: there is one version of each here
 * @throws Error where it leads to no function of the template
 */
export function functionAt(functions: readonly FunctionDefinition[], arn: string, where: string): string {
  const found = functions.find((candidate) => arn === candidate.arn || arn.startsWith(`${candidate.arn}:`));
  if (found === undefined) throw new Error(`${where} leads to ${arn}, which is no function of the template`);
  return found.name;
}

function httpApiIn(reader: TemplateReader, functions: readonly FunctionDefinition[]): ApiDefinition {
  const stage = reader.one('AWS::ApiGatewayV2::Stage');
  const throttle = throttleOf(stage.value('DefaultRouteSettings'));
  return { kind: 'http', id: stage.text('ApiId'), stage: stage.text('StageName'), throttle, routes: httpRoutes() };

  function httpRoutes(): RouteDefinition[] {
    const integrations = new Map<string, Omit<RouteDefinition, 'key'>>(
      reader.list('AWS::ApiGatewayV2::Integration').map(({ id, text, value }) => {
        if (text('PayloadFormatVersion') !== '2.0') throw new Error(`${id} has not PayloadFormatVersion 2.0`);
        const timeoutMs = timeoutOf('http', value('TimeoutInMillis'), id);
        return [
          `integrations/${id}`,
          { function: functionAt(functions, text('IntegrationUri'), id), timeoutMs },
        ] as const;
      }),
    );
    return reader.list('AWS::ApiGatewayV2::Route').map(({ id, text }) => {
      if (text('AuthorizationType') !== 'AWS_IAM') throw new Error(`${id} has not AuthorizationType AWS_IAM`);
      const target = integrations.get(text('Target'));
      if (target === undefined) throw new Error(`${id}.Target is ${text('Target')}, which is no integration`);
      return { key: text('RouteKey'), ...target };
    });
  }
}

function restApiIn(reader: TemplateReader, functions: readonly FunctionDefinition[]): ApiDefinition {
  const stage = reader.one('AWS::ApiGateway::Stage');
  const settings = (stage.value('MethodSettings') ?? []) as Record<string, unknown>[];
  const forAll = settings.find(({ HttpMethod, ResourcePath }) => HttpMethod === '*' && ResourcePath === '/*');
  return {
    kind: 'rest',
    id: stage.text('RestApiId'),
    stage: stage.text('StageName'),
    throttle: throttleOf(forAll),
    routes: restRoutes(reader, functions),
  };
}

function restRoutes(reader: TemplateReader, functions: readonly FunctionDefinition[]): RouteDefinition[] {
  const resources = new Map(reader.list('AWS::ApiGateway::Resource').map((resource) => [resource.id, resource]));
  /** The root has no path part, and its id is the API's. */
  const pathOf = (resourceId: string): string => {
    const resource = resources.get(resourceId);
    return resource === undefined ? '' : `${pathOf(resource.text('ParentId'))}/${resource.text('PathPart')}`;
  };
  return reader.list('AWS::ApiGateway::Method').map(({ id, text, value }) => {
    if (text('AuthorizationType') !== 'AWS_IAM') throw new Error(`${id} has not AuthorizationType AWS_IAM`);
    const integration = (value('Integration') ?? {}) as Record<string, unknown>;
    if (integration.Type !== 'AWS_PROXY') throw new Error(`${id} has not the integration AWS_PROXY`);
    const arn = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(String(integration.Uri))?.[1] ?? '';
    return {
      key: `${text('HttpMethod')} ${pathOf(text('ResourceId'))}`,
      function: functionAt(functions, arn, id),
      timeoutMs: timeoutOf('rest', integration.TimeoutInMillis, id),
    };
  });
}

function timeoutOf(kind: ApiKindName, given: unknown, id: string): number {
  const { least, most } = quotas.integrationTimeoutMs[kind];
  const timeoutMs = Number(given ?? most);
  if (timeoutMs >= least && timeoutMs <= most) return timeoutMs;
  const called = { http: 'an HTTP API', rest: 'a REST API' }[kind];
  throw new Error(`${id}.TimeoutInMillis is ${timeoutMs}: ${called} takes ${least} to ${most}`);
}

function throttleOf(settings: unknown): ThrottleDefinition {
  const { ThrottlingRateLimit, ThrottlingBurstLimit } = (settings ?? {}) as Record<string, unknown>;
  const { rate, burst } = quotas.throttle;
  return { rate: Number(ThrottlingRateLimit ?? rate), burst: Number(ThrottlingBurstLimit ?? burst) };
}
