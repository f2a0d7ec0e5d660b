/** A REST API that only VPC endpoints reach: the contract's routes, every one of them only for callers whom IAM knows. */
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  AuthorizationType,
  type CfnRestApi,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { CfnVPCEndpoint, InterfaceVpcEndpoint, type IVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyDocument, PolicyStatement, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { type ApiFunction, routes } from '../core/contract/routes.ts';
import { type ApiMetrics, type ApiProps, type CallerKind, type LessorApi, metricsOf } from './lessor-api.ts';
import type { NewVpcEndpoint, PrivateEndpoint } from './lessor-props.ts';
import { logGroup } from './log-group.ts';

const STAGE = 'lessor';
/** The longest that a REST API waits; the functions' own time-out is shorter. */
const TIMEOUT = Duration.seconds(29);

/** No secret is in these fields; the request id is the one that a problem names. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    id: AccessLogField.contextRequestId(),
    route: `${AccessLogField.contextHttpMethod()} ${AccessLogField.contextResourcePath()}`,
    status: AccessLogField.contextStatus(),
    caller: AccessLogField.contextIdentityUserArn(),
    ip: AccessLogField.contextIdentitySourceIp(),
    vpcEndpoint: '$context.identity.vpceId',
    ms: AccessLogField.contextResponseLatency(),
    error: AccessLogField.contextIntegrationErrorMessage(),
  }),
);

export class PrivateApi extends Construct implements LessorApi {
  /** With the id of a VPC endpoint in its name, which resolves without private DNS too. */
  readonly endpoint: string;
  readonly #api: RestApi;

  constructor(scope: Construct, id: string, endpoint: PrivateEndpoint, { name, throttle, logs }: ApiProps) {
    super(scope, id);
    const own = vpcEndpointsOf(this, endpoint);
    const policy = resourcePolicy(own, endpoint, Stack.of(this).account);
    this.#api = new RestApi(this, 'Api', {
      restApiName: name,
      endpointConfiguration: { types: [EndpointType.PRIVATE], vpcEndpoints: own },
      policy,
      cloudWatchRole: endpoint.setAccountLogRole ?? false,
      defaultMethodOptions: { authorizationType: AuthorizationType.IAM },
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: throttle.rate,
        throttlingBurstLimit: throttle.burst,
        accessLogDestination: new LogGroupLogDestination(logGroup(this, 'AccessLog', logs)),
        accessLogFormat: ACCESS_LOG,
      },
    });
    // A policy counts from the next deployment on, and CDK makes none for its sake.
    this.#api.latestDeployment?.addToLogicalId({ policy: policy.toJSON() });
    const { region, urlSuffix } = Stack.of(this);
    const [{ vpcEndpointId }] = own as [IVpcEndpoint];
    this.endpoint = `https://${this.#api.restApiId}-${vpcEndpointId}.execute-api.${region}.${urlSuffix}/${STAGE}`;
    this.#acknowledge(endpoint.setAccountLogRole ?? false);
  }

  get id(): string {
    return this.#api.restApiId;
  }

  get nameInFindings(): string {
    const { logicalId } = this.#api.node.defaultChild as CfnRestApi;
    return `<${Stack.of(this).resolve(logicalId)}>/${STAGE}`;
  }

  get metrics(): ApiMetrics {
    // By the API's name: the stage waits for the methods, and these for the rollout that looks at the metrics.
    return metricsOf(this.#api);
  }

  serve(name: ApiFunction, lambda: IFunction): void {
    const integration = new LambdaIntegration(lambda, {
      timeout: TIMEOUT,
      allowTestInvoke: false,
      scopePermissionToMethod: false,
    });
    for (const route of Object.values(routes)) {
      if (route.function === name) this.#api.root.resourceForPath(route.path).addMethod(route.method, integration);
    }
  }

  invoke(caller: CallerKind): PolicyStatement {
    return new PolicyStatement({
      actions: ['execute-api:Invoke'],
      resources: routesOf(caller).map(({ method, path }) => this.#api.arnForExecuteApi(method, path, STAGE)),
    });
  }

  #acknowledge(setsLogRole: boolean): void {
    Validations.of(this).acknowledge(
      {
        id: 'AwsSolutions-APIG2',
        reason:
          'The functions check each request against the contract, and say more of what is wrong than a model could',
      },
      {
        id: 'AwsSolutions-APIG3',
        reason:
          'Only VPC endpoints reach the API, and IAM looks at each caller: there is no traffic of strangers to filter',
      },
      {
        id: 'AwsSolutions-APIG6',
        reason:
          'The access log has each request; the execution log would have headers and bodies of requests in it too',
      },
      {
        id: 'AwsSolutions-COG4',
        reason: 'Each method wants a signature of IAM: nodes and operators have roles and no accounts of a user pool',
      },
      {
        id: 'Serverless-APIGWXrayEnabled',
        reason: 'Tracing needs a right on every resource; the request id is in the access log, the log and the answer',
      },
    );
    if (!setsLogRole) return;
    Validations.of(this.#api).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
      reason: "The role is the account's, for all its APIs: this policy of AWS is what API Gateway asks it to have",
    });
  }
}

/** IAM knows no path parameters: each stands for any one value. */
const routesOf = (caller: CallerKind) =>
  Object.values(routes)
    .filter((route) => route.caller === caller)
    .map(({ method, path }) => ({ method, path: path.replaceAll(/\{\w+\}/g, '*') }));

/** Those that are there, and the one that is to be made: its id comes first then. */
function vpcEndpointsOf(scope: Construct, { vpcEndpoints = [], newVpcEndpoint }: PrivateEndpoint): IVpcEndpoint[] {
  const ids = newVpcEndpoint === undefined ? [] : [made(scope, newVpcEndpoint)];
  return [...ids, ...vpcEndpoints].map((vpcEndpointId, index) =>
    InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(scope, `VpcEndpoint${index}`, { vpcEndpointId, port: 443 }),
  );
}

function made(scope: Construct, { vpcId, subnetIds, securityGroupIds, privateDns = false }: NewVpcEndpoint): string {
  const endpoint = new CfnVPCEndpoint(scope, 'NewVpcEndpoint', {
    vpcEndpointType: 'Interface',
    serviceName: `com.amazonaws.${Stack.of(scope).region}.execute-api`,
    vpcId,
    subnetIds: [...subnetIds],
    securityGroupIds: [...securityGroupIds],
    privateDnsEnabled: privateDns,
  });
  return endpoint.ref;
}

/**
 * Who may come in at all. Callers of the own account need what their identity's policy allows, and that is enough: a statement
 * here that allowed them something would count by itself, without any policy of theirs. Callers of other accounts need both
 * (API Gateway developer guide, "How API Gateway resource policies affect authorization workflow", tables A and B).
 */
function resourcePolicy(
  own: readonly IVpcEndpoint[],
  { vpcEndpointsOfOthers = [], organization }: PrivateEndpoint,
  account: string,
): PolicyDocument {
  const anyone = { principals: [new StarPrincipal()], actions: ['execute-api:Invoke'] };
  const elsewhere = new PolicyStatement({
    ...anyone,
    effect: Effect.DENY,
    resources: ['execute-api:/*'],
    conditions: {
      StringNotEquals: {
        'aws:SourceVpce': [...own.map(({ vpcEndpointId }) => vpcEndpointId), ...vpcEndpointsOfOthers],
      },
    },
  });
  if (organization === undefined) return new PolicyDocument({ statements: [elsewhere] });
  const others = new PolicyStatement({
    ...anyone,
    resources: routesOf('node').map(({ method, path }) => `execute-api:/${STAGE}/${method}${path}`),
    conditions: {
      StringEquals: { 'aws:PrincipalOrgID': organization },
      StringNotEquals: { 'aws:PrincipalAccount': account },
    },
  });
  return new PolicyDocument({ statements: [elsewhere, others] });
}
