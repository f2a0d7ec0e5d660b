/** The HTTP API: the contract's routes, every one of them only for callers whom IAM knows. */
import { Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { type CfnApi, HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { type ApiFunction, routes } from '../core/contract/routes.ts';
import { type ApiMetrics, type ApiProps, type CallerKind, type LessorApi, metricsOf } from './lessor-api.ts';
import { logGroup } from './log-group.ts';

/** No secret is in these fields; the request id is the one that a problem names. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    id: AccessLogField.contextRequestId(),
    route: AccessLogField.contextRouteKey(),
    status: AccessLogField.contextStatus(),
    caller: AccessLogField.contextIdentityUserArn(),
    ip: AccessLogField.contextIdentitySourceIp(),
    ms: AccessLogField.contextResponseLatency(),
    error: AccessLogField.contextIntegrationErrorMessage(),
  }),
);

export class LessorHttpApi extends Construct implements LessorApi {
  readonly #api: HttpApi;
  readonly #stage: HttpStage;

  constructor(scope: Construct, id: string, { name, throttle, logs }: ApiProps) {
    super(scope, id);
    this.#api = new HttpApi(this, 'Api', {
      apiName: name,
      createDefaultStage: false,
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    const accessLog = logGroup(this, 'AccessLog', logs);
    this.#stage = new HttpStage(this, 'Stage', {
      httpApi: this.#api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog), format: ACCESS_LOG },
    });
  }

  get endpoint(): string {
    return this.#api.apiEndpoint;
  }

  get id(): string {
    return this.#api.apiId;
  }

  get nameInFindings(): string {
    const { logicalId } = this.#api.node.defaultChild as CfnApi;
    return `<${Stack.of(this).resolve(logicalId)}>/${this.#stage.stageName}`;
  }

  get metrics(): ApiMetrics {
    return metricsOf(this.#api);
  }

  serve(name: ApiFunction, lambda: IFunction): void {
    const integration = new HttpLambdaIntegration(name, lambda);
    for (const route of Object.values(routes)) {
      if (route.function !== name) continue;
      this.#api.addRoutes({ path: route.path, methods: [HttpMethod[route.method]], integration });
    }
  }

  invoke(caller: CallerKind): PolicyStatement {
    const own = Object.values(routes).filter((route) => route.caller === caller);
    return new PolicyStatement({
      actions: ['execute-api:Invoke'],
      resources: own.map(({ method, path }) =>
        // IAM knows no path parameters: each stands for any one value.
        this.#api.arnForExecuteApi(method, path.replaceAll(/\{\w+\}/g, '*'), this.#stage.stageName),
      ),
    });
  }
}
