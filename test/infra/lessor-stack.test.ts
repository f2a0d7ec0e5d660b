import type { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { environment } from '../../core/contract/environment.ts';
import { IDENTITY_SHARDS, NODE_LIST_SHARDS } from '../../core/contract/limits.ts';
import { routes } from '../../core/contract/routes.ts';
import { deployment, type Resource, templateOf } from './deployments.ts';

const STACK = 'Lessor';

const root = deployment({ [STACK]: { nodeRoles: { 'nodes-a': {}, 'nodes-b': {} }, inlinePools: true } });
const { resources, ofType, aliased } = templateOf(root, STACK);
const idOf = (attribute: { 'Fn::GetAtt': [string, string] }) => attribute['Fn::GetAtt'][0];

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}
const statements: Statement[] = Object.values(resources).flatMap(
  ({ Properties }) => Properties?.PolicyDocument?.Statement ?? [],
);

/** Parts of the pools table of which items may be deleted, each with the keys that it has. */
const DELETABLE = {
  'list of nodes': { count: NODE_LIST_SHARDS, key: /^NODES#\d+$/ },
  identities: { count: IDENTITY_SHARDS, key: /^ID#[0-9a-f]$/ },
};

/** No other item than those of one part can be deleted: each of its keys is named. */
function deletablePart(condition: unknown): string | undefined {
  const keys = (condition as { [name: string]: { [key: string]: string[] } } | undefined)?.[
    'ForAllValues:StringEquals'
  ];
  const named = keys?.['dynamodb:LeadingKeys'] ?? [];
  const part = Object.entries(DELETABLE).find(
    ([, { count, key }]) => new Set(named).size === count && named.every((one) => key.test(one)),
  );
  return part?.[0];
}

const STREAM = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];

/** Which part of a table a statement is about: all of it is not said. */
function partOf(target: unknown, condition: unknown): string {
  const [, attribute] = (target as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'];
  if (attribute === 'StreamArn') return ' stream';
  const part = deletablePart(condition);
  return part === undefined ? '' : ` ${part}`;
}

/** What several statements allow on one thing. */
function together(statements: readonly (readonly [on: string, operations: readonly string[]])[]) {
  const all: Record<string, string[]> = {};
  for (const [on, operations] of statements) all[on] = [...(all[on] ?? []), ...operations];
  return all;
}

/** What no statement of this stack may say; undefined: nothing is wrong with it. */
function tooWide({ Effect, Action, Resource: target, Condition }: Statement): string | undefined {
  if (Effect === 'Deny') return undefined;
  const actions = [Action].flat();
  if (actions.join() === 'dynamodb:DeleteItem' && deletablePart(Condition) !== undefined) return undefined;
  // It only reads, and knows no resource.
  if (actions.join() === 'ec2:DescribeInstances') return undefined;
  // It only reads, and knows no resource where some alarms are composite.
  if (actions.join() === 'cloudwatch:DescribeAlarms') return undefined;
  const wide = actions.find((action) => /\*|DeleteItem|DeleteTable|Scan|Batch|Transact/.test(action));
  if (wide !== undefined) return wide;
  // A path parameter is the one thing that stands for any value.
  const parts = JSON.stringify(target).replaceAll(/\/v1\/(pools|addresses)\/\*/g, '');
  return parts.includes('*') ? parts : undefined;
}

describe('the tables', () => {
  it('are three, with point-in-time recovery, deletion protection, and stay when the stack goes', () => {
    const tables = ofType('AWS::DynamoDB::GlobalTable').map(([, table]) => table);
    expect(tables).toHaveLength(3);
    for (const { Properties, DeletionPolicy, UpdateReplacePolicy } of tables) {
      expect({ DeletionPolicy, UpdateReplacePolicy }).toEqual({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
      });
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST');
      expect(Properties.Replicas).toEqual([
        {
          Region: { Ref: 'AWS::Region' },
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      ]);
    }
  });

  it('are named by the outputs, with the API and its throttle: a backup and a restore read them', () => {
    const outputsOf = (of: App) => JSON.parse(templateOf(of, STACK).text).Outputs as Record<string, { Value: unknown }>;
    const named = (id: unknown) => resources[(id as { Ref: string }).Ref]?.Type;
    const { PoolsTable, LeasesTable, ApiId, Throttle } = outputsOf(root);
    expect([PoolsTable, LeasesTable, ApiId].map((output) => named(output?.Value))).toEqual([
      ...['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::GlobalTable', 'AWS::ApiGatewayV2::Api'],
    ]);
    expect(Throttle?.Value).toBe('2000/1000');
    const tables = {
      leases: 'LLL',
      pools: 'PPP',
      leasesStreamArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/LLL/stream/2026-01-01T00:00:00.000',
    };
    const closed = { nodeRoles: { a: {} }, throttle: { rate: 0, burst: 0 }, tables };
    expect(outputsOf(deployment({ [STACK]: closed }))).toMatchObject({
      ...{ PoolsTable: { Value: 'PPP' }, LeasesTable: { Value: 'LLL' }, Throttle: { Value: '0/0' } },
    });
  });

  it('have no TTL but that of history, since a slot item never disappears (I7), and no index', () => {
    for (const [id, { Properties }] of ofType('AWS::DynamoDB::GlobalTable')) {
      const { StreamSpecification: _, TimeToLiveSpecification: ttl, ...others } = Properties;
      expect(ttl).toEqual(id.startsWith('History') ? { AttributeName: 'ttl', Enabled: true } : undefined);
      expect(Object.keys(others).sort()).toEqual(['AttributeDefinitions', 'BillingMode', 'KeySchema', 'Replicas']);
    }
  });
});

describe('the rights', () => {
  it('are for each function the operations it needs, on the table it needs them for', () => {
    const rights = Object.fromEntries(
      ofType('AWS::Lambda::Function').map(([, { Properties }]) => {
        const role = idOf(Properties.Role);
        const policies = ofType('AWS::IAM::Policy').filter(([, policy]) => policy.Properties.Roles[0].Ref === role);
        const own = policies.flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement as Statement[]);
        return [
          Properties.FunctionName,
          together(
            own.map(({ Action, Resource: target, Condition }) => [
              target === '*'
                ? '*'
                : idOf(target as { 'Fn::GetAtt': [string, string] }).replace(
                    /Table.*|.*Log.*|^Evidence(Queue).*|^Events(Bus).*/,
                    (rest, queue, bus) =>
                      rest.startsWith('Table') ? partOf(target, Condition) : (queue ?? bus ?? 'log'),
                  ),
              [Action].flat().map((action) => action.split(':')[1] ?? ''),
            ]),
          ),
        ];
      }),
    );
    const log = ['CreateLogStream', 'PutLogEvents'];
    expect(rights).toEqual({
      'Lessor-allocate': {
        log,
        Pools: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
        Leases: ['Query', 'PutItem', 'UpdateItem'],
        Bus: ['PutEvents'],
      },
      'Lessor-release': {
        log,
        Bus: ['PutEvents'],
        Pools: ['GetItem', 'PutItem', 'UpdateItem'],
        Leases: ['GetItem', 'Query', 'UpdateItem'],
      },
      'Lessor-operate': {
        log,
        Pools: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
        Leases: ['GetItem', 'Query', 'UpdateItem'],
        History: ['PutItem', 'Query'],
      },
      'Lessor-changes': {
        log,
        Pools: ['UpdateItem', 'GetItem', 'Query'],
        'Pools identities': ['DeleteItem'],
        Leases: ['GetItem'],
        'Pools stream': STREAM,
        'Leases stream': STREAM,
        History: ['PutItem', 'UpdateItem'],
        Bus: ['PutEvents'],
      },
      'Lessor-reclaim': {
        log,
        Pools: ['GetItem', 'Query', 'UpdateItem'],
        'Pools list of nodes': ['DeleteItem'],
        Leases: ['Query', 'UpdateItem'],
        History: ['PutItem', 'Query'],
      },
      'Lessor-evidence': {
        log,
        '*': ['DescribeInstances'],
        Bus: ['PutEvents'],
        Queue: ['ReceiveMessage', 'ChangeMessageVisibility', 'GetQueueUrl', 'DeleteMessage', 'GetQueueAttributes'],
        Pools: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
        Leases: ['Query', 'UpdateItem'],
        History: ['PutItem'],
      },
    });
  });

  it('hold no wildcard, no Scan, and no DeleteItem but in the list of nodes and of identities, for anyone', () => {
    expect(statements.length).toBeGreaterThan(8);
    expect(statements.map(tooWide).filter(Boolean)).toEqual([]);
    expect(ofType('AWS::IAM::Role').filter(([, { Properties }]) => Properties.ManagedPolicyArns)).toEqual([]);
  });

  it.each([
    { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:DeleteItem'], Resource: 'arn' },
    { Effect: 'Allow', Action: 'dynamodb:*', Resource: 'arn' },
    { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: { 'Fn::Join': ['', ['arn', '/index/*']] } },
    { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: '*' },
  ])('would be noticed if they were too wide: $Action on $Resource', (statement) => {
    expect(tooWide(statement)).toBeDefined();
  });

  it('of nodes and operators are the routes that the contract gives them, and nodes get theirs by role', () => {
    for (const caller of ['node', 'operator'] as const) {
      const policies = ofType('AWS::IAM::ManagedPolicy').filter(([id]) => id.toLowerCase().includes(caller));
      expect(policies).toHaveLength(1);
      const [{ Properties }] = policies.map(([, policy]) => policy) as [Resource];
      expect(Properties.PolicyDocument.Statement).toHaveLength(1);
      const [statement] = Properties.PolicyDocument.Statement;
      expect(statement.Action).toBe('execute-api:Invoke');
      const allowed = (statement.Resource as { 'Fn::Join': [string, unknown[]] }[]).map((arn) =>
        arn['Fn::Join'][1].at(-1),
      );
      const own = Object.values(routes).filter((route) => route.caller === caller);
      expect(allowed).toEqual(own.map(({ method, path }) => `/$default/${method}${path.replaceAll(/\{\w+\}/g, '*')}`));
      expect(Properties.Roles).toEqual(caller === 'node' ? ['nodes-a', 'nodes-b'] : undefined);
    }
  });
});

describe('the API', () => {
  it('has the routes of the contract, each led to its function and each guarded by IAM', () => {
    const made = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => {
      const integration = resources[Properties.Target['Fn::Join'][1][1].Ref];
      const lambda = aliased(integration?.Properties.IntegrationUri);
      expect(integration?.Properties.PayloadFormatVersion).toBe('2.0');
      return [Properties.RouteKey, Properties.AuthorizationType, lambda?.Properties.FunctionName];
    });
    const expected = Object.values(routes).map((route) => [
      `${route.method} ${route.path}`,
      'AWS_IAM',
      `Lessor-${route.function}`,
    ]);
    expect(made.sort()).toEqual(expected.sort());
  });

  it('is throttled, logs who called without any secret, and answers no browser', () => {
    const [[, stage] = []] = ofType('AWS::ApiGatewayV2::Stage');
    expect(stage?.Properties.DefaultRouteSettings).toEqual({ ThrottlingBurstLimit: 1000, ThrottlingRateLimit: 2000 });
    expect(stage?.Properties.AccessLogSettings.Format).toContain('$context.identity.userArn');
    expect(stage?.Properties.AccessLogSettings.Format).not.toMatch(/header|token|accessKey|authorization/i);
    const [[, api] = []] = ofType('AWS::ApiGatewayV2::Api');
    expect(api?.Properties).toEqual({ Name: 'Lessor', ProtocolType: 'HTTP' });
  });
});

describe('the functions', () => {
  const timeouts: Record<string, number> = { 'Lessor-reclaim': 300, 'Lessor-changes': 60, 'Lessor-evidence': 60 };
  it('run on Node 24 and arm64, log JSON to a group of their own that forgets after a month', () => {
    for (const [, { Properties }] of ofType('AWS::Lambda::Function')) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        MemorySize: 1024,
        Timeout: timeouts[Properties.FunctionName] ?? 10,
        LoggingConfig: { LogFormat: 'JSON' },
      });
      expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
      expect(resources[Properties.LoggingConfig.LogGroup.Ref]?.Properties.RetentionInDays).toBe(30);
    }
  });

  it('are configured by the names of the contract: all of them, and no other', () => {
    const variables = ofType('AWS::Lambda::Function').map(([, { Properties }]) => Properties.Environment.Variables);
    expect(new Set(variables.flatMap(Object.keys))).toEqual(new Set(Object.values(environment)));
    const allocate = variables.find((own) => environment.inlinePools in own);
    expect(allocate).toMatchObject({
      [environment.inlinePools]: 'true',
      [environment.inlineCooldown]: '30',
      [environment.countWithin]: '60',
      [environment.instanceRoles]: 'nodes-a,nodes-b',
    });
  });

  it('reclaim every five minutes', () => {
    const all = ofType('AWS::Events::Rule').map(([, { Properties }]) => Properties);
    const rules = all.filter(({ ScheduleExpression }) => ScheduleExpression === 'rate(5 minutes)');
    expect(rules).toHaveLength(1);
    expect(rules[0]).toMatchObject({ ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED' });
    expect(rules[0].Targets).toHaveLength(1);
    expect(aliased(rules[0].Targets[0].Arn)?.Properties.FunctionName).toBe('Lessor-reclaim');
    expect(JSON.parse(rules[0].Targets[0].Input)).toEqual({ source: 'lessor.schedule' });
  });
});

describe('the evidence', () => {
  const rules = ofType('AWS::Events::Rule').map(([, { Properties }]) => Properties);
  const [queues, policies] = ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy'].map(ofType) as [
    ReturnType<typeof ofType>,
    ReturnType<typeof ofType>,
  ];

  it('is that EC2 says of an instance of this account that it is terminated: no other event passes', () => {
    const patterns = rules.map(({ EventPattern }) => EventPattern).filter(Boolean);
    expect(patterns).toEqual([
      {
        source: ['aws.ec2'],
        'detail-type': ['EC2 Instance State-change Notification'],
        account: [{ Ref: 'AWS::AccountId' }],
        detail: { state: ['terminated'] },
      },
    ]);
    // The bus on which the service itself tells has no rule of ours.
    expect(ofType('AWS::Events::EventBus').map(([, { Properties }]) => Properties.Name)).toEqual(['Lessor-events']);
    expect(rules.map(({ EventBusName }) => EventBusName).filter(Boolean)).toEqual([]);
  });

  it('waits in a queue, and is asked for again within the two minutes in which addresses are to be free', () => {
    const [[, queue], ...others] = queues.filter(([, { Properties }]) => Properties.RedrivePolicy) as [
      [string, Resource],
    ];
    expect(others).toEqual([]);
    const { DelaySeconds, VisibilityTimeout, RedrivePolicy } = queue.Properties;
    const lambda = ofType('AWS::Lambda::Function').find(
      ([, { Properties }]) => Properties.FunctionName === 'Lessor-evidence',
    );
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(lambda?.[1].Properties.Timeout);
    expect(DelaySeconds + VisibilityTimeout).toBeLessThanOrEqual(110);
    expect(RedrivePolicy.maxReceiveCount).toBe(5);
    expect(idOf(RedrivePolicy.deadLetterTargetArn)).toMatch(/^EvidenceDeadLetters/);
  });

  it('comes from EventBridge only, and from those rules', () => {
    const allowed = policies
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.length).toBeGreaterThanOrEqual(2);
    for (const { Principal, Condition } of allowed) {
      expect(Principal).toEqual({ Service: 'events.amazonaws.com' });
      expect(JSON.stringify(Condition)).toMatch(/"aws:SourceArn":\{"Fn::GetAtt":\["EvidenceTerminated/);
    }
  });

  it('is looked for by itself each hour', () => {
    const hourly = rules.find(({ ScheduleExpression }) => ScheduleExpression === 'rate(1 hour)');
    expect(aliased(hourly?.Targets[0].Arn)?.Properties.FunctionName).toBe('Lessor-evidence');
  });
});

describe('the changes of the leases table', () => {
  it('are told to the counting function, with what they were before, and with their shard', () => {
    const streams = ofType('AWS::DynamoDB::GlobalTable').filter(([, { Properties }]) => Properties.StreamSpecification);
    expect(streams.map(([id]) => id.replace(/Table.*/, ''))).toEqual(['Pools', 'Leases']);
    for (const [, { Properties }] of streams)
      expect(Properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
    const [table] = streams[1] as [string, Resource];
    const all = ofType('AWS::Lambda::EventSourceMapping').map(([, mapping]) => mapping.Properties);
    // Those of the pools table have a filter (test/infra/events.test.ts).
    const mappings = all.filter(
      ({ StartingPosition, FilterCriteria }) => StartingPosition !== undefined && FilterCriteria === undefined,
    );
    expect(mappings).toHaveLength(1);
    const { FunctionName, ...source } = mappings[0];
    const [alias, name] = FunctionName['Fn::Join'][1];
    expect(name).toBe(':live');
    expect(aliased(alias['Fn::Select'][1]['Fn::Split'][1])?.Properties.FunctionName).toBe('Lessor-changes');
    expect(source).toEqual({
      EventSourceArn: { 'Fn::GetAtt': [table, 'StreamArn'] },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 500,
      MaximumBatchingWindowInSeconds: 60,
      TumblingWindowInSeconds: 900,
      BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: 86400,
    });
  });
});
