import { Fn } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { checkProps } from '../../infra/check-props.ts';
import { checkSettings, type Settings, type StackSettings } from '../../infra/settings.ts';

/** What is said of a stack's settings; undefined where they are right. */
function said(settings: Readonly<Record<string, unknown>>): string | undefined {
  try {
    checkSettings({ S: { nodeRoles: 'none', ...settings } as StackSettings }, 'file');
  } catch (error) {
    return String((error as Error).message);
  }
}

const tables = {
  pools: 'Lessor-Pools',
  leases: 'arn:aws:dynamodb:eu-central-1:123456789012:table/Lessor-Leases',
  leasesStreamArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/Lessor-Leases/stream/2026-01-01T00:00:00.000',
};

describe('the settings of a deployment', () => {
  it.each<[string, Record<string, unknown>]>([
    ['no roles, where that is said', {}],
    ['roles with and without clusters', { nodeRoles: { a: { cluster: 'x' }, 'b+c.d@e-f': { sessions: 'others' } } }],
    [
      'each of the other settings',
      {
        inlinePools: true,
        inlinePoolCooldownSeconds: 0,
        tables,
        endpoint: { kind: 'http' },
        throttle: { rate: 0, burst: 0 },
        functions: { allocate: { memoryMb: 1769, reservedConcurrency: 100 }, changes: {} },
        alarmTopic: 'arn:aws-cn:sns:cn-north-1:123456789012:alarms',
        logRetention: 365,
        encryptionKey: 'arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012',
        tags: { team: 'network', 'cost/center': '' },
        env: { account: '123456789012', region: 'us-gov-west-1' },
        terminationProtection: false,
      },
    ],
    [
      'the silence of a cluster',
      { nodeRoles: { racks: { cluster: 'on-prem-1', sessions: 'others' } }, deadAfterSilence: { 'on-prem-1': 240 } },
    ],
    ['what CDK knows only when it deploys', { alarmTopic: Fn.importValue('topic') }],
    ['a setting that is undefined, as one left out', { inlinePools: undefined }],
    ['a Region with a longer first part', { env: { region: 'eusc-de-east-1' } }],
    [
      'tables of another stack, whose names CDK knows only when it deploys',
      { tables: { ...tables, pools: Fn.importValue('pools'), leases: Fn.importValue('leases') } },
    ],
  ])('may be %s', (_, settings) => {
    expect(said(settings)).toBeUndefined();
  });

  const roles = "name the roles of your nodes, { 'my-node-role': { cluster: 'production' } }, or say 'none'";
  it.each<[Record<string, unknown>, string]>([
    [{ nodeRoles: undefined }, `nodeRoles is missing: ${roles}`],
    [{ nodeRoles: {} }, `nodeRoles is {}: ${roles}`],
    [{ nodeRoles: ['a'] }, `nodeRoles is ["a"]: ${roles}`],
    [
      { nodeRoles: { 'arn:aws:iam::1:role/x': {} } },
      'nodeRoles "arn:aws:iam::1:role/x" is no name of a role: leave out path and ARN',
    ],
    [{ nodeRoles: { a: 'x' } }, 'nodeRoles.a is "x": give an object with cluster, sessions'],
    [{ nodeRoles: { a: { cluster: 'a,b' } } }, 'nodeRoles.a.cluster is "a,b": give a name'],
    [{ nodeRoles: { a: { clusters: 'x' } } }, 'nodeRoles.a.clusters is not known: did you mean cluster?'],
    [{ nodeRoles: { a: { sessions: 'ec2' } } }, 'nodeRoles.a.sessions is "ec2": give "instances" or "others"'],
    [{ inlinePools: 'true' }, 'inlinePools is "true": give true or false'],
    [{ inlinePoolCooldownSeconds: 86_401 }, 'inlinePoolCooldownSeconds is 86401: give a whole number from 0 to 86400'],
    [{ inlinePoolCooldownSeconds: 1.5 }, 'inlinePoolCooldownSeconds is 1.5: give a whole number'],
    [{ tables: { pools: 'Pools', leases: 'Leases' } }, 'tables.leasesStreamArn is missing: give the ARN of the leases'],
    [
      { tables: { ...tables, pools: 'Lessor-Leases' } },
      `tables.leases is "${tables.leases}": pools is the same table: give the one with the leases`,
    ],
    [
      { tables: { ...tables, leases: 'Lessor-Others' } },
      `tables.leasesStreamArn is "${tables.leasesStreamArn}": give the stream of the table leases, Lessor-Others`,
    ],
    [{ throttle: { rate: 100, burst: 0 } }, 'throttle is {"rate":100,"burst":0}: give both as 0, which closes the API'],
    [
      { functions: { allocate: { reservedConcurrency: 5, provisionedConcurrency: 6 } } },
      'functions.allocate.provisionedConcurrency is 6: give at most reservedConcurrency, 5',
    ],
    [
      { endpoint: { kind: 'private', vpcEndpoints: ['vpce-01234567', 'vpce-01234567'] } },
      'endpoint.vpcEndpoints is ["vpce-01234567","vpce-01234567"]: name each of them once',
    ],
    [{ tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])) }, 'tags is {"k0":"",'],
    [
      { encryptionKey: 'arn:aws:kms:eu-central-1:123456789012:alias/lessor' },
      'encryptionKey is "arn:aws:kms:eu-central-1:123456789012:alias/lessor": give a KMS key, or its ARN with :key/ (not',
    ],
    [{ tables: { ...tables, pools: 'a/b' } }, 'tables.pools is "a/b": give the name of a table, or its ARN'],
    [{ endpoint: { kind: 'websocket' } }, 'endpoint.kind is "websocket": give "http"'],
    [{ throttle: { rate: 100 } }, 'throttle.burst is missing: give a whole number from 0 to 100000'],
    [{ functions: { alocate: {} } }, 'functions.alocate is not known: did you mean allocate?'],
    [
      { functions: { changes: { memoryMb: 64 } } },
      'functions.changes.memoryMb is 64: give a whole number from 128 to 10240',
    ],
    [{ alarmTopic: 'alarms' }, 'alarmTopic is "alarms": give an SNS topic, or its ARN'],
    [{ logRetention: 31 }, 'logRetention is 31: give 1 or 3 or 5 or 7 or 14 or 30'],
    [{ encryptionKey: 5 }, 'encryptionKey is 5: give a KMS key, or its ARN'],
    [{ tags: { 'aws:x': 'y' } }, 'tags "aws:x" is no key of a tag: '],
    [{ tags: { team: 5 } }, 'tags.team is 5: give a text of at most 256 characters'],
    [{ env: { region: 'Frankfurt' } }, 'env.region is "Frankfurt": give a Region: \'eu-central-1\''],
    [{ colour: 'red' }, 'colour is not known: the fields are nodeRoles, inlinePools'],
  ])('%j is refused in one line with the remedy', (settings, says) => {
    expect(said(settings)).toContain(`file: S.${says}`);
    expect(said(settings)).not.toContain('\n');
  });

  it('say it where the names of the roles are more than a function can be told', () => {
    const nodeRoles = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${'r'.repeat(60)}${i}`, {}]));
    expect(said({ nodeRoles })).toMatch(/^file: S.nodeRoles has \d+ characters of names: Lambda takes 3500 in/);
  });

  it.each<[unknown, string]>([
    [[], 'file is []: give the settings by the stack'],
    [{}, 'file has no stack'],
    [{ nodeRoles: { a: {} } }, 'file: nodeRoles is a setting, and belongs into a stack: give it by the stack'],
    [{ Lessor: { nodeRoles: 'none' }, inlinePools: true }, 'file: inlinePools is a setting, and belongs into a stack'],
    [{ 'My stack': {} }, 'file "My stack" is no name of a stack: a letter, then letters, digits and hyphens'],
  ])('are by the names of stacks: %j is refused', (settings, says) => {
    expect(() => checkSettings(settings as Settings, 'file')).toThrow(says);
  });

  it('have silence only of clusters that some role has: else none of its nodes would be declared dead, and nobody told', () => {
    const nodeRoles = { racks: { cluster: 'on-prem-1', sessions: 'others' } } as const;
    const checked = (cluster: string) => () =>
      checkProps({ nodeRoles, deadAfterSilence: { [cluster]: 240 } }, 'Lessor');
    expect(checked('on-prem-1')).not.toThrow();
    expect(checked('on-prem1')).toThrow(
      'Lessor: deadAfterSilence has on-prem1, a cluster of no role: give one of nodeRoles (on-prem-1)',
    );
  });
});
