/** A deployment whose API only VPC endpoints reach. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterAll, describe, expect, it } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import type { PrivateEndpoint } from '../../infra/lessor-props.ts';
import { checkSettings, type StackSettings } from '../../infra/settings.ts';
import { app } from '../../infra/synthesize.ts';

const VPCE = 'vpce-0123456789abcdef0';
const ORGANIZATION = 'o-0123456789';
const directory = mkdtempSync(join(tmpdir(), 'lessor-private-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Template {
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own.
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: any }>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

const deployment = (endpoint: Omit<PrivateEndpoint, 'kind'>, name = 'Lessor'): App =>
  app({ [name]: { nodeRoles: { 'nodes-a': {} }, endpoint: { kind: 'private', ...endpoint } } }, join(directory, name));

function templateOf(endpoint: Omit<PrivateEndpoint, 'kind'>, name: string): Template {
  const { directory: at } = deployment(endpoint, name).synth();
  return JSON.parse(readFileSync(join(at, `${name}.template.json`), 'utf8'));
}

const { Resources, Outputs } = templateOf({ vpcEndpoints: [VPCE] }, 'Plain');
const ofType = (type: string, resources = Resources) =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);
const api = (resources = Resources) => ofType('AWS::ApiGateway::RestApi', resources)[0]?.[1].Properties;

describe('a private API', () => {
  it('has the routes of the contract, each led to its function and each guarded by IAM', () => {
    const pathOf = (id: unknown): string => {
      const resource = Resources[(id as { Ref?: string }).Ref ?? ''];
      return resource === undefined ? '' : `${pathOf(resource.Properties.ParentId)}/${resource.Properties.PathPart}`;
    };
    const made = ofType('AWS::ApiGateway::Method').map(([, { Properties }]) => {
      const { Type, Uri, TimeoutInMillis } = Properties.Integration;
      expect([Type, TimeoutInMillis, Properties.AuthorizationType]).toEqual(['AWS_PROXY', 29_000, 'AWS_IAM']);
      const [, name] = /"(Allocate|Release|Operate)/.exec(JSON.stringify(Uri)) ?? [];
      return `${Properties.HttpMethod} ${pathOf(Properties.ResourceId)} ${name?.toLowerCase()}`;
    });
    const expected = Object.values(routes).map((route) => `${route.method} ${route.path} ${route.function}`);
    expect(made.sort()).toEqual(expected.sort());
  });

  it('is private, and there is no other API', () => {
    expect(api().EndpointConfiguration).toEqual({ Types: ['PRIVATE'], VpcEndpointIds: [VPCE] });
    expect(ofType('AWS::ApiGatewayV2::Api')).toEqual([]);
    expect(ofType('AWS::ApiGateway::Account')).toEqual([]);
  });

  it('is throttled, and logs who called, from where, without any secret', () => {
    const Properties = ofType('AWS::ApiGateway::Stage')[0]?.[1].Properties;
    expect(Properties.MethodSettings).toEqual([
      expect.objectContaining({ HttpMethod: '*', ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 }),
    ]);
    expect(Properties.MethodSettings[0].DataTraceEnabled).toBe(false);
    expect(Properties.AccessLogSetting.Format).toContain('$context.identity.userArn');
    expect(Properties.AccessLogSetting.Format).toContain('$context.identity.vpceId');
    expect(Properties.AccessLogSetting.Format).not.toMatch(/header|token|accessKey|authorization/i);
  });

  it('has an endpoint that names the VPC endpoint and the stage', () => {
    const text = JSON.stringify(Outputs.ApiEndpoint?.Value);
    expect(text).toMatch(/"https:\/\/",\{"Ref":"PrivateApi\w+"\},"-vpce-0123456789abcdef0\.execute-api\."/);
    expect(text).toContain('"/lessor"');
  });

  it('gives to nodes and operators exactly the routes that are for them', () => {
    const policies = ofType('AWS::IAM::ManagedPolicy').map(([, { Properties }]) => JSON.stringify(Properties));
    for (const { method, path, caller } of Object.values(routes)) {
      const resource = `/lessor/${method}${path.replaceAll(/\{\w+\}/g, '*')}"`;
      const having = policies.filter((policy) => policy.includes(resource));
      expect(having, resource).toHaveLength(1);
      expect(having[0]).toContain(caller === 'node' ? 'Lets a node' : 'Lets an operator');
    }
  });
});

describe('a template with a private API', () => {
  it('has no circle: the rollout looks at the API, whose methods wait for it', () => {
    const circle = {
      A: { Type: 'x', Properties: { B: { Ref: 'B' } } },
      B: { Type: 'x', Properties: { A: { Ref: 'A' } } },
    };
    expect(() => Assertions.fromJSON({ Resources: circle })).toThrow('dependency cycle');
    expect(() => Assertions.fromJSON({ Resources })).not.toThrow();
  });
});

describe('its resource policy', () => {
  const elsewhere = (...ids: string[]) => ({
    Effect: 'Deny',
    Principal: '*',
    Action: 'execute-api:Invoke',
    Resource: 'execute-api:/*',
    Condition: { StringNotEquals: { 'aws:SourceVpce': ids.length === 1 ? [ids[0]] : ids } },
  });

  it('keeps out who comes another way, and allows nobody anything: it would count without a policy of the caller', () => {
    expect(api().Policy.Statement).toEqual([elsewhere(VPCE)]);
  });

  it('lets nodes of other accounts of an organization in, who need a policy of their own account too', () => {
    const other = 'vpce-0fedcba9876543210';
    const endpoint = { vpcEndpoints: [VPCE], vpcEndpointsOfOthers: [other], organization: ORGANIZATION };
    const [deny, allow, ...further] = api(templateOf(endpoint, 'Organized').Resources).Policy.Statement;
    expect([deny, further]).toEqual([elsewhere(VPCE, other), []]);
    const nodes = Object.values(routes).filter(({ caller }) => caller === 'node');
    expect(allow).toEqual({
      Effect: 'Allow',
      Principal: '*',
      Action: 'execute-api:Invoke',
      Resource: nodes.map(({ method, path }) => `execute-api:/lessor/${method}${path}`),
      Condition: {
        StringEquals: { 'aws:PrincipalOrgID': ORGANIZATION },
        StringNotEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } },
      },
    });
  });

  it('counts at once: another policy is another deployment', () => {
    const deployed = (resources: Template['Resources']) => ofType('AWS::ApiGateway::Deployment', resources)[0]?.[0];
    const before = deployed(templateOf({ vpcEndpoints: [VPCE] }, 'Before').Resources);
    const after = deployed(templateOf({ vpcEndpoints: [VPCE, 'vpce-0fedcba9876543210'] }, 'After').Resources);
    expect(before).not.toBe(after);
  });
});

describe('a VPC endpoint', () => {
  const newVpcEndpoint = { vpcId: 'vpc-01234567', subnetIds: ['subnet-01234567'], securityGroupIds: ['sg-01234567'] };
  const template = templateOf({ newVpcEndpoint, setAccountLogRole: true }, 'Made');

  it('is made on demand, and comes first', () => {
    const [[id, { Properties }]] = ofType('AWS::EC2::VPCEndpoint', template.Resources) as [[string, never]];
    expect(Properties).toEqual({
      VpcEndpointType: 'Interface',
      ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, '.execute-api']] },
      VpcId: 'vpc-01234567',
      SubnetIds: ['subnet-01234567'],
      SecurityGroupIds: ['sg-01234567'],
      PrivateDnsEnabled: false,
    });
    expect(api(template.Resources).EndpointConfiguration.VpcEndpointIds).toEqual([{ Ref: id }]);
    expect(JSON.stringify(template.Outputs.ApiEndpoint)).toContain(`"-",{"Ref":"${id}"},".execute-api."`);
  });

  it('comes with the role that API Gateway needs for logs, where that is asked for', () => {
    expect(ofType('AWS::ApiGateway::Account', template.Resources)).toHaveLength(1);
  });
});

describe("cdk-nag's rules", () => {
  it.each<[string, Omit<PrivateEndpoint, 'kind'>]>([
    ['a private API', { vpcEndpoints: [VPCE] }],
    [
      'one for an organization, which sets the role for logs',
      { vpcEndpoints: [VPCE], organization: ORGANIZATION, setAccountLogRole: true },
    ],
  ])('find nothing in %s that is not acknowledged', (_, endpoint) => {
    const root = deployment(endpoint);
    const found = [new AwsSolutionsChecks(root), new ServerlessChecks(root)]
      .flatMap((pack) => pack.validateScope(root).violations)
      .map(({ ruleName, violatingResources }) => `${ruleName} at ${violatingResources.map((at) => at.constructPath)}`);
    expect(found).toEqual([]);
  });
});

describe('the settings of a private API', () => {
  it.each<[object, string]>([
    [{}, 'S.endpoint is {"kind":"private"}: name a VPC endpoint, vpcEndpoints: '],
    [{ vpcEndpoints: [] }, "S.endpoint.vpcEndpoints is []: give a list of ids: ['vpce-"],
    [{ vpcEndpoints: ['x'] }, 'S.endpoint.vpcEndpoints.0 is "x": give an id: \'vpce-0123456789abcdef0\''],
    [{ vpcEndpoint: VPCE }, 'S.endpoint.vpcEndpoint is not known: did you mean vpcEndpoints?'],
    [{ vpcEndpoints: [VPCE], organization: 'mine' }, 'S.endpoint.organization is "mine": give the organization'],
    [{ newVpcEndpoint: { vpcId: 'vpc-01234567' } }, 'S.endpoint.newVpcEndpoint.subnetIds is missing: give a list'],
  ])('%j are refused in one line', (endpoint, says) => {
    const settings = { nodeRoles: 'none', endpoint: { kind: 'private', ...endpoint } } as StackSettings;
    expect(() => checkSettings({ S: settings }, 'file')).toThrow(says);
  });
});
