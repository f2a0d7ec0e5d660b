/**
 * The application as it is, deployed by `cdk deploy` into ministack, where IAM is enforced. `npm run deployed` installs what it
 * needs and runs it; docs/deployed-here.md says what ministack cannot do. Each test goes on where the one before ended.
 */
import { join } from 'node:path';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteName } from '../../core/contract/paths.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { routes } from '../../core/contract/routes.ts';
import { addressOf, errorOf, eventually } from '../support/plugin-node.ts';
import { broken, lastRelease, STACK, withoutRight } from './assembly.ts';
import { type Caller, NODE_ROLE } from './callers.ts';
import type { Outputs } from './cdk.ts';
import { type Account, callDeployed, type Deployment, openAccount } from './deployment.ts';
import { did, isAsked } from './narration.ts';
import { operatorsDesk } from './operators-desk.ts';

// A new version gets all calls at once: there is no CodeDeploy here.
const settings = { nodeRoles: { [NODE_ROLE]: { cluster: 'here' } }, canaryMinutes: 0 } as const;
const ranges = [[{ subnet: '10.90.0.0/24', gateway: '10.90.0.1' }]];
const network = { cniVersion: '1.1.0', name: 'pods', type: 'lessor', ipam: { type: 'lessor', ranges } };
/** Of which the service has no pool. */
const inline = { ...network, name: 'inline', ipam: { type: 'lessor', ranges: [[{ subnet: '10.91.0.0/24' }]] } };
const TABLE = 'AWS::DynamoDB::GlobalTable';

let account: Account;
let deployed: Deployment;
let outputs: Outputs;
/** What the ADD of a pod printed that lives through all of this. */
let survivor: unknown;

/** Where the application lies as it was synthesized, today and otherwise. */
const assembly = (name: 'today' | 'last' | 'next' | 'broken' | 'unable') => join(account.directory, name);
const call = (verb: 'ADD' | 'CHECK' | 'DEL', containerId: string, result?: unknown) =>
  deployed.call(verb, { ...network, ...(result === undefined ? {} : { prevResult: result }) }, containerId);
const succeeded = { ok: true };
const held = async () => {
  const { leases } = await deployed.client(deployed.operator).ask('listLeases', { path: { pool: network.name } });
  return leases.flatMap(({ state, attachment }) => (state === 'held' ? [attachment.containerId] : [])).sort();
};
/** What the counters have, once it is so many: they follow the table's stream, which is read each second. */
const counted = (leases: number) =>
  eventually(async () => {
    const query = { cheap: 'true' } as const;
    const usage = await deployed.client(deployed.operator).ask('usage', { path: { pool: network.name }, query });
    return usage.held === leases ? usage.held : undefined;
  });
/** A pod comes and goes, and the one that lives through all of this still has its address. */
const worksAsBefore = async () => {
  const { ok, output } = await call('ADD', 'passing');
  expect({ ok, output }).toMatchObject(succeeded);
  expect(await call('CHECK', 'passing', output)).toMatchObject(succeeded);
  expect(await call('DEL', 'passing', output)).toMatchObject(succeeded);
  expect(await call('CHECK', 'survivor', survivor)).toMatchObject(succeeded);
  expect(await held()).toEqual(['survivor']);
};

describe.runIf(isAsked())('deployed by cdk deploy into ministack', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    account = await openAccount();
    did('ministack started; cdk bootstrap, by the root user');
    account.cdk.configure(settings);
    await account.cdk.synth(assembly('today'));
    lastRelease(assembly('today'), assembly('last'));
    outputs = await account.cdk.deploy('--app', assembly('last'));
    did("cdk deploy of the last release's template, by a user who may assume the bootstrap's roles and nothing else");
    deployed = await callDeployed(account, outputs);
  });
  afterAll(() => account?.close());

  it('pods keep their addresses while the service is upgraded in place', async () => {
    await deployed.client(deployed.operator).ask('createPool', { body: { name: network.name, ranges } });
    const [answer, other] = [await call('ADD', 'survivor'), await call('ADD', 'other')];
    survivor = answer.output;
    const tables = await deployed.resources(TABLE);
    did(`the plugin on a node ADDed ${addressOf(answer)} and ${addressOf(other)}`);

    expect(await account.cdk.deploy()).toMatchObject(outputs);
    did('cdk deploy of the application as it is now: upgraded in place');
    // What is new may have a table of its own.
    expect(await deployed.resources(TABLE)).toEqual(expect.arrayContaining([...tables]));
    expect(await held()).toEqual(['other', 'survivor']);
    expect(await call('CHECK', 'other', other.output)).toMatchObject(succeeded);
    expect(await call('DEL', 'other', other.output)).toMatchObject(succeeded);
    await worksAsBefore();
    did('both leases were still there: CHECK passed, DEL released one');
  });

  it('the plugin does STATUS, ADD, CHECK and DEL', async () => {
    expect(await deployed.call('STATUS', network)).toMatchObject(succeeded);
    const answer = await call('ADD', 'new');
    expect(addressOf(answer)).toMatch(/^10\.90\.0\.\d+\/24$/);
    expect(await call('CHECK', 'new', answer.output)).toMatchObject(succeeded);
    expect(await call('DEL', 'new')).toMatchObject(succeeded);
    expect(errorOf(await call('CHECK', 'new', answer.output)).code).toBe(105);
    did(`STATUS, ADD of ${addressOf(answer)}, CHECK, DEL; a CHECK after that fails`);
  });

  it('each caller may use the routes that the contract gives to its kind, and no other', async () => {
    const names = Object.keys(routes) as RouteName[];
    const may = async (caller: Caller) => {
      const client = deployed.client(caller);
      const isLetIn = async (name: RouteName) => {
        const path = { pool: 'none', address: '192.0.2.1' };
        // The routes of nodes too, which the client is not made for.
        const asked = client.send(name as 'readPool', { path });
        // Any answer of a function will do.
        const error: unknown = await asked.catch((refusal: unknown) => refusal);
        return error instanceof LessorError && error.code === 'auth.denied' ? [] : [name];
      };
      return (await pMap(names, isLetIn, { concurrency: 2 })).flat();
    };
    const of = (kind: 'node' | 'operator') => names.filter((name) => routes[name].caller === kind);
    const { node, operator, stranger } = deployed;
    expect(await may(node)).toEqual(of('node'));
    expect(await may(operator)).toEqual(of('operator'));
    expect(await may(stranger)).toEqual([]);
    expect(await may({ ...operator, secretAccessKey: 'guessed' })).toEqual([]);
    expect(await may({ ...operator, sessionToken: 'guessed' })).toEqual([]);
    const counts = `${of('node').length} routes for a node, ${of('operator').length} for an operator`;
    did(`IAM lets through ${counts}, none for a stranger or with a wrong key or token`);
  });

  it('none of them reads or writes a table, or invokes a function past the API', async () => {
    const [FunctionName] = await deployed.resources('AWS::Lambda::Function');
    const tables = await deployed.resources(TABLE);
    const refusedWith = /^AccessDenied/;
    for (const caller of [deployed.node, deployed.operator, deployed.stranger]) {
      const refusal = (service: string, operation: string, input: object) =>
        account.aws.refusal(service, operation, input, caller);
      expect(await refusal('lambda', 'Invoke', { FunctionName })).toMatch(refusedWith);
      for (const TableName of tables) {
        const Item = { pk: { S: 'POOLS' }, sk: { S: 'mine' } };
        expect(await refusal('dynamodb', 'Scan', { TableName })).toMatch(refusedWith);
        expect(await refusal('dynamodb', 'PutItem', { TableName, Item })).toMatch(refusedWith);
      }
    }
    did('IAM keeps all of them from the tables and functions themselves');
  });

  it('the function that counts is told each change of the leases', async () => {
    expect(await counted(1)).toBe(1);
    did('the counters have the one lease that is left, told by the event source of the table');
  });

  it('a setting is changed, and takes effect', async () => {
    const add = () => deployed.call('ADD', inline, 'inline');
    expect(errorOf(await add()).msg).toContain('does not let nodes create pools');
    account.cdk.configure({ ...settings, inlinePools: true });
    expect(await account.cdk.deploy()).toMatchObject(outputs);
    const address = addressOf(await add());
    expect(await deployed.call('DEL', inline, 'inline')).toMatchObject(succeeded);
    await worksAsBefore();
    did(`inlinePools: true deployed; ${address} ADDed of ranges that were refused before`);
  });

  it('a deployment that fails goes back by itself', async () => {
    const live = async () => {
      const asked = { FunctionName: `${STACK}-allocate`, Qualifier: 'live' };
      const { Version, Environment } = await account.aws.ask('lambda', 'GetFunctionConfiguration', asked);
      return { Version, ...Environment.Variables };
    };
    const before = await live();
    account.cdk.configure({ ...settings, inlinePools: true, inlinePoolCooldownSeconds: 31 });
    await account.cdk.synth(assembly('next'));
    broken(assembly('next'), assembly('broken'));
    const said = await account.cdk.deployFails('--app', assembly('broken'));
    expect(said).toContain('layer:of-nobody');
    // There was something to go back from: a new version was made, and was live.
    expect(said).toMatch(/DELETE_SKIPPED +\| AWS::Lambda::Version +\| \S*Allocate/);
    expect(await deployed.stackStatus()).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await live()).toEqual(before);
    await worksAsBefore();
    did('a deployment with a function that nobody can make failed, and went back by itself');
  });

  it('a function that lacks a right is found out', async () => {
    withoutRight('dynamodb:UpdateItem', assembly('today'), assembly('unable'));
    await account.cdk.deploy('--app', assembly('unable'));
    const refused = errorOf(await call('ADD', 'passing'));
    expect(refused.msg).toContain('AccessDenied');
    did(`deployed with a role that lacks a right, an ADD says: ${refused.msg}`);
  });

  it('the last release can be deployed again, and then this one again', async () => {
    expect(await account.cdk.deploy('--app', assembly('last'))).toEqual(outputs);
    await worksAsBefore();
    did('the last release deployed again: went back, by a person');
    expect(await account.cdk.deploy('--app', assembly('today'))).toMatchObject(outputs);
    await worksAsBefore();
    did('this release deployed again');
  });

  it('the stack is not deleted, and where it is, its tables stay and can be attached', async () => {
    const { aws, cdk } = account;
    const tables = await deployed.resources(TABLE);
    expect(await cdk.destroyFails('--app', assembly('today'))).toContain('TerminationProtection');
    did('cdk destroy was refused: termination protection');
    cdk.configure({ ...settings, terminationProtection: false });
    await cdk.deploy();
    await cdk.destroy('--app', assembly('today'));
    const described = await pMap(tables, (TableName) => aws.ask('dynamodb', 'DescribeTable', { TableName }));
    const [pools, leases] = ['Pools', 'Leases'].map((name) =>
      described.find(({ Table }) => Table.TableName.startsWith(`${STACK}-${name}`)),
    );
    did('termination protection taken off, cdk destroy: the stack is gone, the tables are not');
    cdk.configure({
      ...settings,
      tables: {
        pools: pools.Table.TableName,
        leases: leases.Table.TableName,
        leasesStreamArn: leases.Table.LatestStreamArn,
      },
    });
    deployed = await callDeployed(account, await cdk.deploy());
    await worksAsBefore();
    expect(await counted(1)).toBe(1);
    did('a new stack with these tables attached: the pod of the very beginning still has its address');
  });

  it('is backed up and restored by lessorctl, whose user has the rights that docs/restore.md names, and no other', async () => {
    const { cdk, aws } = account;
    const desk = await operatorsDesk(account, deployed);
    try {
      expect(await desk.type('backup --name kept')).toMatchObject({ code: 0 });
      // What is leased after the backup is missing in what is restored, and lives.
      const { output } = await call('ADD', 'since');
      expect(await desk.type('restore --run --backup kept', ['y'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('attach: attached is'),
      });
      const { tables, ...closed } = desk.settingsToPaste();
      cdk.configure({ ...settings, ...closed, tables });
      await cdk.deploy();
      expect(await held()).toEqual(['survivor']);
      did(
        'lessorctl backed both tables up, closed the API and restored them; cdk deploy attached them: a lease is missing',
      );

      await desk.runOnNode('reconcile');
      expect(await held()).toEqual(['since', 'survivor']);
      did('lessor reconcile on the node: what lives there is held again');
      // The throttle of a template is none to ministack's stage: lessorctl finds it open, and closes it again.
      expect(await desk.type('restore --run', ['y', 'y'])).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('Take throttle'),
      });
      cdk.configure({ ...settings, tables });
      await cdk.deploy();
      expect(await desk.type('restore --run', ['y'])).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('open: at '),
      });
      const { RouteSettings } = await aws.ask('apigatewayv2', 'GetStage', { ApiId: desk.apiId, StageName: '$default' });
      expect(RouteSettings ?? {}).toEqual({});
      expect(await call('DEL', 'since', output)).toMatchObject(succeeded);
      await worksAsBefore();
      did('the node had looked: lessorctl opened the API again');
    } finally {
      await desk.close();
    }
  }, 600_000);

  it('what a node held whose instance EC2 says is terminated is freed by itself', async () => {
    const { aws, instance } = account;
    expect(await held()).toEqual(['survivor']);
    const { account: id, region } = account.ministack;
    const event = {
      ...{ version: '0', id: 'e', account: id, region, time: new Date().toISOString().replace(/\.\d+/, '') },
      ...{ source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification', resources: [] },
      detail: { 'instance-id': instance, state: 'terminated' },
    };
    const rules = (await deployed.resources('AWS::Events::Rule')).map((rule) => rule.split('/').at(-1));
    const described = await pMap(rules, (Name) => aws.ask('events', 'DescribeRule', { Name }));
    const { Name: Rule, EventPattern } = described.find((rule) => rule.EventPattern?.includes('aws.ec2')) ?? {};
    const takes = async (one: object) =>
      (await aws.ask('events', 'TestEventPattern', { EventPattern, Event: JSON.stringify(one) })).Result;
    expect(await takes(event)).toBe(true);
    expect(await takes({ ...event, detail: { ...event.detail, state: 'stopped' } })).toBe(false);
    expect(await takes({ ...event, account: '210987654321' })).toBe(false);
    const { Targets } = await aws.ask('events', 'ListTargetsByRule', { Rule });
    const queue = String(Targets[0].Arn).split(':').at(-1);

    // From here on as it is. Only the step from EC2 to the queue is the test's: ministack's `ec2._terminate_instances` makes no event,
    // and its `eventbridge._put_events` takes none whose source begins with `aws.`, as AWS takes none.
    await aws.ask('ec2', 'TerminateInstances', { InstanceIds: [instance] });
    const { QueueUrl } = await aws.ask('sqs', 'GetQueueUrl', { QueueName: queue });
    await aws.ask('sqs', 'SendMessage', { QueueUrl, MessageBody: JSON.stringify(event), DelaySeconds: 0 });
    await eventually(async () => ((await held()).length === 0 ? true : undefined));
    const { deaths } = await deployed.client(deployed.operator).ask('listDeaths', { query: { node: instance } });
    expect(deaths).toMatchObject([{ node: instance, freed: 1, declaredBy: expect.stringContaining('ec2') }]);
    did(`EC2 says that ${instance} is terminated: ${deaths[0]?.reason}; its lease is free`);
  });

  it('what the schedule runs ends well, and the counters follow', async () => {
    const { aws } = account;
    const rules = await deployed.resources('AWS::Events::Rule');
    const targets = await pMap(rules, async (rule) => {
      const { Targets } = await aws.ask('events', 'ListTargetsByRule', { Rule: rule.split('/').at(-1) });
      return Targets as readonly { readonly Arn: string; readonly Input?: string }[];
    });
    const { Arn: FunctionName, Input: Payload = '' } =
      targets.flat().find(({ Arn }) => Arn.includes(`${STACK}-reclaim`)) ?? {};
    const { FunctionError, Payload: answer } = await aws.ask('lambda', 'Invoke', { FunctionName, Payload });
    expect(FunctionError, answer).toBeUndefined();
    expect(await held()).toEqual([]);
    expect(await counted(0)).toBe(0);
    did(`the schedule's function invoked with the schedule's event: ${answer}`);
  });
});
