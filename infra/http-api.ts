/** The HTTP API: the contract's routes, every one of them only for callers whom IAM knows. */
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { environment } from '../core/contract/environment.ts';
import { type ApiFunction, routes } from '../core/contract/routes.ts';
import type { Settings } from './settings.ts';

type Caller = (typeof routes)[keyof typeof routes]['caller'];

/** No secret is in these fields; the request id is the one that a problem names. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    time: AccessLogField.contextRequestTime(),
    route: AccessLogField.contextRouteKey(),
    status: AccessLogField.contextStatus(),
    caller: AccessLogField.contextIdentityUserArn(),
    sourceIp: AccessLogField.contextIdentitySourceIp(),
    latencyMs: AccessLogField.contextResponseLatency(),
    integrationError: AccessLogField.contextIntegrationErrorMessage(),
  }),
);

export class LessorApi extends Construct {
  readonly #api: HttpApi;
  readonly #stage: HttpStage;
  readonly #instanceRoles: readonly string[];
  readonly #clusters: string;

  /** Which roles' sessions are EC2 instances, and to which clusters roles belong. */
  constructor(scope: Construct, id: string, { instanceRoles, clusters }: Pick<Settings, 'instanceRoles' | 'clusters'>) {
    super(scope, id);
    this.#instanceRoles = instanceRoles;
    this.#clusters = Object.entries(clusters)
      .map(([role, cluster]) => `${role}=${cluster}`)
      .join(',');
    this.#api = new HttpApi(this, 'Api', {
      apiName: Stack.of(this).stackName,
      createDefaultStage: false,
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.#stage = new HttpStage(this, 'Stage', {
      httpApi: this.#api,
      stageName: '$default',
      autoDeploy: true,
      // A thousand nodes that each start a pod in the same second pass; a loop gone wild does not eat the account's 10,000.
      throttle: { rateLimit: 2000, burstLimit: 2000 },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog), format: ACCESS_LOG },
    });
  }

  get endpoint(): string {
    return this.#api.apiEndpoint;
  }

  /** Lets a function answer all its routes of the contract, and tells it which callers are EC2 instances. */
  serve(name: ApiFunction, lambda: LambdaFunction): void {
    lambda.addEnvironment(environment.instanceRoles, this.#instanceRoles.join(','));
    lambda.addEnvironment(environment.clusters, this.#clusters);
    const integration = new HttpLambdaIntegration(name, lambda);
    for (const route of Object.values(routes)) {
      if (route.function !== name) continue;
      this.#api.addRoutes({ path: route.path, methods: [HttpMethod[route.method]], integration });
    }
  }

  /** A statement that allows calling exactly the routes which the contract gives to such a caller. */
  invoke(caller: Caller): PolicyStatement {
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
