/** The construct in other people's stacks: what its props come to. */
import { type App, Duration } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { Lessor } from '../../infra/lessor.ts';
import type { LessorProps } from '../../infra/lessor-props.ts';
import { deployment, type Resource, stackOf, templateOf } from './deployments.ts';

const env = { account: '123456789012', region: 'eu-central-1' };
const ipam = (props: Partial<LessorProps> = {}): App =>
  stackOf((stack) => new Lessor(stack, 'Ipam', { nodeRoles: 'none', ...props }), { env });
const of = (props: Partial<LessorProps> = {}) => templateOf(ipam(props), 'Network');
const only = (found: [string, Resource][]): Resource => {
  expect(found).toHaveLength(1);
  return (found[0] as [string, Resource])[1];
};

const LEASES_STREAM = 'arn:aws:dynamodb:eu-central-1:123456789012:table/Leases/stream/2026-01-01T00:00:00.000';

describe('several deployments', () => {
  const names = (root: App, stack: string) =>
    templateOf(root, stack)
      .ofType('AWS::Lambda::Function')
      .map(([, { Properties }]) => String(Properties.FunctionName));

  it('of one stack have names of their own, which say where they are', () => {
    const root = stackOf((stack) => {
      new Lessor(stack, 'East', { nodeRoles: 'none' });
      new Lessor(stack, 'West', { nodeRoles: 'none' });
    });
    const all = names(root, 'Network');
    expect(new Set(all).size).toBe(10);
    expect(all.filter((name) => /^Network-East-[0-9A-F]{8}-\w+$/.test(name))).toHaveLength(5);
  });

  it('of one app are stacks, each of which begins its names', () => {
    const root = deployment({ Production: { nodeRoles: 'none' }, 'a-test': { nodeRoles: 'none' } });
    expect([names(root, 'Production')[0], names(root, 'a-test')[0]]).toEqual([
      'Production-allocate',
      'a-test-allocate',
    ]);
  });

  it('keep within 64 characters for each name, whatever the path', () => {
    const root = stackOf((stack) => new Lessor(stack, 'x'.repeat(100), { nodeRoles: 'none' }));
    for (const name of names(root, 'Network')) expect(name).toMatch(/^[\w-]{20,64}$/);
  });
});

describe('tables', () => {
  const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table';
  const leasesStreamArn = `${arn}/Restored-Leases/stream/2026-01-01T00:00:00.000`;

  it.each([
    ['names', { pools: 'Restored-Pools', leases: 'Restored-Leases', history: 'Restored-History', leasesStreamArn }],
    [
      'ARNs',
      {
        pools: `${arn}/Restored-Pools`,
        leases: `${arn}/Restored-Leases`,
        history: `${arn}/Restored-History`,
        leasesStreamArn,
      },
    ],
  ])('that exist are attached by their %s: no table is made, and the functions have rights on those', (_, tables) => {
    const template = of({ tables });
    expect(template.ofType('AWS::DynamoDB::GlobalTable')).toEqual([]);
    const variables = template
      .ofType('AWS::Lambda::Function')
      .map(([, { Properties }]) => Properties.Environment.Variables);
    for (const { LESSOR_POOLS_TABLE } of variables) expect(LESSOR_POOLS_TABLE).toBe('Restored-Pools');
    const statements = template
      .ofType('AWS::IAM::Policy')
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => [Action].flat()[0].startsWith('dynamodb:'));
    const plain = (at: unknown) => (typeof at === 'string' ? at : JSON.stringify(at).replace(/.*:table/, `${arn}`));
    expect(new Set(statements.map(({ Resource: at }) => plain(at).replace(/"].*/, '')))).toEqual(
      new Set([...['Pools', 'Leases', 'History'].map((name) => `${arn}/Restored-${name}`), leasesStreamArn]),
    );
    const { EventSourceArn } = only(template.ofType('AWS::Lambda::EventSourceMapping')).Properties;
    expect(EventSourceArn).toBe(leasesStreamArn);
  });

  it('of the stack stay when it goes, and when others are attached instead', () => {
    for (const [, table] of of().ofType('AWS::DynamoDB::GlobalTable')) {
      expect([table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    }
  });
});

describe('a new version', () => {
  it('gets a tenth of the calls for five minutes, and all of them if nothing failed', () => {
    const template = of();
    const groups = template.ofType('AWS::CodeDeploy::DeploymentGroup');
    expect(groups).toHaveLength(5);
    for (const [, { Properties }] of groups) {
      expect(Properties.DeploymentConfigName).toBe('CodeDeployDefault.LambdaCanary10Percent5Minutes');
      expect(Properties.AutoRollbackConfiguration).toEqual({
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
      });
      expect(Properties.AlarmConfiguration.Enabled).toBe(true);
      expect(Properties.AlarmConfiguration.Alarms).toHaveLength(2);
    }
    for (const [, alias] of template.ofType('AWS::Lambda::Alias')) {
      expect(alias.Properties.Name).toBe('live');
      expect(alias.UpdatePolicy).toHaveProperty('CodeDeployLambdaAliasUpdate');
    }
  });

  it('is judged by its own errors, not by those of the version before', () => {
    const alarms = of().ofType('AWS::CloudWatch::Alarm');
    // The others are always there, and have names.
    const tried = alarms.filter(([, { Properties }]) => Properties.AlarmName === undefined);
    const own = tried.filter(([, { Properties }]) => Properties.MetricName === 'Errors');
    expect(own).toHaveLength(5);
    for (const [, { Properties }] of own) {
      expect(Properties.Dimensions.map(({ Name }: { Name: string }) => Name).sort()).toEqual([
        'ExecutedVersion',
        'FunctionName',
        'Resource',
      ]);
      expect(Properties.Period).toBe(Duration.minutes(1).toSeconds());
    }
  });

  it('is live at once where that is wanted', () => {
    const template = of({ canaryMinutes: 0 });
    expect(template.text).not.toContain('CodeDeploy');
    for (const [, alias] of template.ofType('AWS::Lambda::Alias')) expect(alias.UpdatePolicy).toBeUndefined();
  });

  it('is known to every function before a role may call: its nodes would be taken for others', () => {
    const template = of({ nodeRoles: { nodes: {} } });
    const policies = template.ofType('AWS::IAM::ManagedPolicy').filter(([, { Properties }]) => Properties.Roles);
    expect(only(policies).DependsOn).toEqual(
      template
        .ofType('AWS::Lambda::Alias')
        .map(([id]) => id)
        .sort(),
    );
  });

  it('is what API, schedule and stream call, and nothing else calls a function', () => {
    const template = of();
    for (const [, { Properties }] of template.ofType('AWS::Lambda::Permission'))
      expect(template.resources[Properties.FunctionName.Ref]?.Type).toBe('AWS::Lambda::Alias');
  });
});

describe('what a deployment chooses', () => {
  const functions = (props: Partial<LessorProps>) =>
    of(props)
      .ofType('AWS::Lambda::Function')
      .map(([, { Properties }]) => Properties);

  it.each([{ memoryMb: 1769 }, { reservedConcurrency: 100 }])('of one function concerns that one: %j', (chosen) => {
    const all = functions({ functions: { allocate: chosen } });
    const told = all.map(({ MemorySize, ReservedConcurrentExecutions }) => [MemorySize, ReservedConcurrentExecutions]);
    const { memoryMb = 1024, reservedConcurrency } = chosen as { memoryMb?: number; reservedConcurrency?: number };
    expect(told).toEqual([[memoryMb, reservedConcurrency], ...Array(4).fill([1024, undefined])]);
  });

  it('of environments that wait for requests is the live version’s', () => {
    const [, ...others] = of({ functions: { allocate: { provisionedConcurrency: 5 } } }).ofType('AWS::Lambda::Alias');
    expect(others).toHaveLength(4);
    for (const [, { Properties }] of others) expect(Properties.ProvisionedConcurrencyConfig).toBeUndefined();
  });

  it.each([
    [undefined, { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 }],
    [
      { rate: 5000, burst: 3000 },
      { ThrottlingRateLimit: 5000, ThrottlingBurstLimit: 3000 },
    ],
    [
      { rate: 0, burst: 0 },
      { ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0 },
    ],
  ])('as throttle, %j, is the stage’s', (throttle, settings) => {
    const { Properties } = only(of(throttle === undefined ? {} : { throttle }).ofType('AWS::ApiGatewayV2::Stage'));
    expect(Properties.DefaultRouteSettings).toEqual(settings);
  });

  it('as throttle by default is within what every Region lets an account have at once', () => {
    const { ThrottlingBurstLimit, ThrottlingRateLimit } = only(of().ofType('AWS::ApiGatewayV2::Stage')).Properties
      .DefaultRouteSettings;
    // Developer guide, quotas of API Gateway: Cape Town, Milan, Jakarta and ten others.
    expect(ThrottlingBurstLimit).toBeLessThanOrEqual(1250);
    expect(ThrottlingRateLimit).toBeLessThanOrEqual(2500);
  });

  it('as retention and tags is of every log and of all that has tags', () => {
    const template = of({ logRetention: 365, tags: { team: 'network' } });
    const logs = template.ofType('AWS::Logs::LogGroup');
    expect(logs).toHaveLength(6);
    for (const [, { Properties }] of logs) {
      expect(Properties.RetentionInDays).toBe(365);
      expect(Properties.Tags).toEqual([{ Key: 'team', Value: 'network' }]);
    }
    for (const [, { Properties }] of template.ofType('AWS::Lambda::Function'))
      expect(Properties.Tags).toContainEqual({ Key: 'team', Value: 'network' });
  });

  it('as nodes’ roles tells the functions who is an instance and of which cluster', () => {
    const nodeRoles = { a: { cluster: 'x' }, b: {}, c: { cluster: 'y', sessions: 'others' } } as const;
    const [{ Environment }] = functions({ nodeRoles });
    expect(Environment.Variables).toMatchObject({ LESSOR_INSTANCE_ROLES: 'a,b', LESSOR_CLUSTERS: 'a=x,c=y' });
    const roles = of({ nodeRoles })
      .ofType('AWS::IAM::ManagedPolicy')
      .flatMap(([, { Properties }]) => Properties.Roles ?? []);
    expect(roles).toEqual(['a', 'b', 'c']);
  });

  it('as key encrypts tables and logs, and every function may use it', () => {
    const root = stackOf(
      (stack) => new Lessor(stack, 'Ipam', { nodeRoles: 'none', encryptionKey: new Key(stack, 'Key') }),
      { env },
    );
    const template = templateOf(root, 'Network');
    for (const [, { Properties }] of template.ofType('AWS::DynamoDB::GlobalTable'))
      expect(Properties.Replicas[0].SSESpecification.KMSMasterKeyId).toBeDefined();
    for (const [, { Properties }] of template.ofType('AWS::Logs::LogGroup')) expect(Properties.KmsKeyId).toBeDefined();
    const users = template
      .ofType('AWS::IAM::Policy')
      .filter(([, { Properties }]) => JSON.stringify(Properties.PolicyDocument).includes('kms:Decrypt'));
    expect(users).toHaveLength(5);
    const { Statement } = only(template.ofType('AWS::KMS::Key')).Properties.KeyPolicy;
    const logs = Statement.filter((one: unknown) => JSON.stringify(one).includes('logs.eu-central-1'));
    // Only for logs of this account.
    expect(logs.map(({ Condition }: { Condition: unknown }) => JSON.stringify(Condition))).toEqual([
      expect.stringMatching(/^{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":.*:logs:eu-central-1:\d{12}:\*/),
    ]);
  });

  it('as key needs a Region, which CDK writes beside it', () => {
    const encryptionKey = 'arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012';
    const says = "Lessor: encryptionKey is given, and no Region: say where the stack goes, env: { account: '123456";
    expect(() => deployment({ Lessor: { nodeRoles: 'none', encryptionKey } })).toThrow(says);
  });

  it.each<[string, Record<string, unknown>]>([
    ['alarmTopic', { alarmTopic: 'arn:aws:sns:eu-central-1:123456789012:on-call' }],
    [
      'encryptionKey',
      { encryptionKey: 'arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012' },
    ],
    ['tables.leasesStreamArn', { tables: { pools: 'Pools', leases: 'Leases', leasesStreamArn: LEASES_STREAM } }],
  ])('of another Region than the stack is refused: %s', (prop, settings) => {
    const goesTo = (region: string) => () =>
      deployment({ Lessor: { nodeRoles: 'none', env: { region }, ...settings } });
    expect(goesTo('us-east-1')).toThrow(
      new RegExp(
        `^Lessor: ${prop} is "arn:.*", and the stack goes to us-east-1: give one of us-east-1, or change env.region$`,
      ),
    );
    expect(goesTo('eu-central-1')).not.toThrow();
  });

  it('wrongly is refused by the construct too', () => {
    expect(() => ipam({ nodeRoles: {} })).toThrow('Network/Ipam: nodeRoles is {}: name the roles of your nodes');
  });
});

describe('the stack of the ready-made app', () => {
  it.each([
    [undefined, true],
    [false, false],
  ])('is protected from being deleted unless that is not wanted (%s)', (terminationProtection, expected) => {
    const settings = terminationProtection === undefined ? {} : { terminationProtection };
    const { stack } = templateOf(deployment({ Lessor: { nodeRoles: 'none', ...settings } }), 'Lessor');
    expect(stack.properties?.terminationProtection ?? false).toBe(expected);
  });
});
