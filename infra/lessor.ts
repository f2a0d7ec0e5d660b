/** Everything that Lessor is on AWS: its tables, the functions, an API, a clock, and what collects evidence. */
import { Duration, Names, Stack, Tags, Token } from 'aws-cdk-lib';
import { type ManagedPolicy, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { environment } from '../core/contract/environment.ts';
import { HISTORY_DAYS, IDENTITY_SHARDS, MASS_DEATH, NODE_LIST_SHARDS } from '../core/contract/limits.ts';
import { LessorError } from '../core/contract/problems.ts';
import { identityPart } from '../core/protocol/identity.ts';
import { nodeListKey } from '../core/protocol/node.ts';
import { AccessPolicies } from './access-policies.ts';
import { connectHistory, historyTable } from './changes.ts';
import { checkProps } from './check-props.ts';
import { type CountWindow, countWindow } from './count-window.ts';
import { apiFor } from './endpoint.ts';
import { eventsOf, type LessorEvents } from './events.ts';
import { Evidence, type EvidenceParts } from './evidence.ts';
import type { LessorFunctionName } from './function-names.ts';
import type { LessorApi } from './lessor-api.ts';
import { LessorFunction } from './lessor-function.ts';
import type { LessorProps } from './lessor-props.ts';
import type { LogProps } from './log-group.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { instanceRoles, roleClusters, roleNames } from './node-roles.ts';
import { type PoolService, poolService } from './pools-resource-function.ts';
import { ReclaimSchedule } from './reclaim-schedule.ts';
import { checkRegion } from './region-rule.ts';
import { Rollout } from './rollout.ts';
import { StoreTable } from './store-table.ts';

/** Below the least that an account has in any Region (2,500 and 1,250): a thousand nodes that start a pod at once pass. */
const THROTTLE = { rate: 2000, burst: 1000 };
/** Lambda's longest name has 64 characters; the prefix leaves room for a function's own. */
const LONGEST_PREFIX = 44;

/** One deployment of Lessor. An account may have several, and so may a stack: names are made of the construct's path. */
export class Lessor extends Construct {
  /** `https://…`: the endpoint in each node's configuration. */
  readonly endpoint: string;
  /** What a backup and a restore have to know of it: outputs of its stack, by these names (docs/restore.md). */
  readonly restoreOutputs: Readonly<Record<'ApiId' | 'PoolsTable' | 'LeasesTable' | 'Throttle', string>>;
  /** What a node may do. The roles in `nodeRoles` have it. */
  readonly nodePolicy: ManagedPolicy;
  /** What an operator may do. Attach it to whoever keeps the pools. */
  readonly operatorPolicy: ManagedPolicy;
  /** Where declared pools (`LessorPool`) send their requests. */
  readonly poolService: PoolService;
  /** The functions, by their names. */
  readonly functions: Readonly<Record<LessorFunctionName, LessorFunction>>;
  /** What collects evidence of nodes that are gone, where there is something that does. Its bus is where other accounts forward their events to. */
  readonly evidence: Evidence | undefined;
  /** What tells on its `bus` what happened, where something does. */
  readonly events: LessorEvents | undefined;

  /** @throws LessorError that names a prop, its value and the remedy */
  constructor(scope: Construct, id: string, props: LessorProps) {
    super(scope, id);
    checkProps(props, this.#where);
    checkRegion(props, Stack.of(this).region, this.#where);
    for (const [key, value] of Object.entries(props.tags ?? {})) Tags.of(this).add(key, value);
    const prefix = prefixOf(this);
    const encryptionKey = this.#key(props.encryptionKey);
    const logs: LogProps = { retention: props.logRetention ?? 30, encryptionKey };
    const { pools, leases, history } = this.#tables(props, encryptionKey);
    const { throttle = THROTTLE } = props;
    const api = apiFor(props.endpoint ?? { kind: 'http' }, this, { name: prefix, throttle, logs });
    const { tracing = false, dashboard = true, massDeath = MASS_DEATH, canaryMinutes: minutes = 5 } = props;
    const lambda = (name: LessorFunctionName, timeout?: Duration) =>
      new LessorFunction(this, name, {
        prefix,
        logs,
        tracing,
        ...(timeout && { timeout }),
        ...props.functions?.[name],
      });
    this.functions = {
      allocate: lambda('allocate'),
      release: lambda('release'),
      operate: lambda('operate'),
      reclaim: lambda('reclaim', Duration.minutes(5)),
      changes: lambda('changes', Duration.minutes(1)),
    };
    const window = countWindow(props.countWithinSeconds);
    this.poolService = poolService(this, { prefix, logs, tracing }, { pools, leases, history }, window);
    this.#giveRights(pools, leases);
    connectHistory(history, this.functions, props);
    this.#configure(props, window);
    this.#connect(api, leases, window);
    this.evidence = this.#evidence(props, { prefix, logs, tracing }, { pools, leases, history });
    this.events = eventsOf(this, props, { prefix, functions: this.functions, evidence: this.evidence, pools });
    if (minutes !== 0) new Rollout(this, 'Rollout', { functions: this.#all, api, minutes });
    new Monitoring(this, 'Monitoring', {
      deployment: prefix,
      functions: this.functions,
      evidence: this.evidence,
      hasEvents: this.events !== undefined,
      tables: { pools: pools.table, leases: leases.table, history: history.table },
      api,
      topic: this.#topic(props.alarmTopic),
      dashboard,
      massDeath,
    });
    const access = new AccessPolicies(this, 'Access', api, roleNames(props.nodeRoles));
    // A role may call only when every function knows of it: until then its nodes would be taken for others.
    access.nodePolicy.node.addDependency(...this.#all.map(({ live }) => live));
    this.endpoint = api.endpoint;
    this.restoreOutputs = {
      ApiId: api.id,
      PoolsTable: pools.table.tableName,
      LeasesTable: leases.table.tableName,
      Throttle: `${throttle.rate}/${throttle.burst}`,
    };
    this.nodePolicy = access.nodePolicy;
    this.operatorPolicy = access.operatorPolicy;
  }

  /** As whoever wrote the settings calls it: the ready-made app's construct is the stack's only one. */
  get #where(): string {
    return this.node.path.replace(/\/Default$/, '');
  }

  get #all(): readonly LessorFunction[] {
    return [...Object.values(this.functions), ...(this.evidence ? [this.evidence.lambda] : [])];
  }

  #evidence(
    { nodeRoles, evidence = {}, historyDays = HISTORY_DAYS, functions }: LessorProps,
    parts: Omit<EvidenceParts, 'accounts'>,
    { pools, leases, history }: Readonly<Record<'pools' | 'leases' | 'history', StoreTable>>,
  ): Evidence | undefined {
    if (evidence === 'none' || instanceRoles(nodeRoles).length === 0) return undefined;
    const made = new Evidence(this, 'Evidence', {
      ...parts,
      ...functions?.evidence,
      accounts: evidence.accounts ?? [],
    });
    pools.grant(made.lambda, 'GetItem', 'Query', 'PutItem', 'UpdateItem');
    leases.grant(made.lambda, 'Query', 'UpdateItem');
    history.grant(made.lambda, 'PutItem');
    made.lambda.addEnvironment(environment.historyDays, String(historyDays));
    // Who judges silence waits for what EC2 says of instances.
    for (const lambda of [this.functions.reclaim, this.functions.operate])
      lambda.addEnvironment(environment.evidence, 'true');
    return made;
  }

  #key(given: IKey | string | undefined): IKey | undefined {
    if (given !== undefined && Token.isUnresolved(Stack.of(this).region)) {
      throw new LessorError('request.invalid', `${this.#where}: encryptionKey is given, and no Region`, {
        remedy: "say where the stack goes, env: { account: '123456789012', region: 'eu-central-1' }",
      });
    }
    const key = typeof given === 'string' ? Key.fromKeyArn(this, 'Key', given) : given;
    // Of a key that is not this app's, its owner has to allow it.
    const { region, account, partition } = Stack.of(this);
    const ownLogs = { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:*` };
    // Else the logs of any account could be encrypted with it (CloudWatch Logs user guide, "Encrypt log data", step 2).
    const logs = new ServicePrincipal(`logs.${region}.amazonaws.com`, { conditions: { ArnLike: ownLogs } });
    key?.grantEncryptDecrypt(logs);
    return key;
  }

  #topic(given: ITopic | string | undefined): ITopic | undefined {
    return typeof given === 'string' ? Topic.fromTopicArn(this, 'AlarmTopic', given) : given;
  }

  #tables(props: LessorProps, encryptionKey: IKey | undefined): Record<'pools' | 'leases' | 'history', StoreTable> {
    const { tables, events } = props;
    const { poolsStreamArn } = tables ?? {};
    const pools = tables && { table: tables.pools, ...(poolsStreamArn && { streamArn: poolsStreamArn }) };
    const leases = tables && { table: tables.leases, streamArn: tables.leasesStreamArn };
    return {
      pools: new StoreTable(this, 'Pools', environment.poolsTable, {
        attach: pools,
        encryptionKey,
        stream: events !== 'none',
      }),
      leases: new StoreTable(this, 'Leases', environment.leasesTable, { attach: leases, encryptionKey, stream: true }),
      history: historyTable(this, props, encryptionKey),
    };
  }

  /** What each function may do with each table, and nothing else. */
  #giveRights(pools: StoreTable, leases: StoreTable): void {
    const { allocate, release, operate, reclaim, changes } = this.functions;
    pools.grant(allocate, 'GetItem', 'Query', 'PutItem', 'UpdateItem');
    // PutItem: with which the version before holds a slot, as long as both run.
    leases.grant(allocate, 'Query', 'PutItem', 'UpdateItem');
    pools.grant(release, 'GetItem', 'PutItem', 'UpdateItem');
    leases.grant(release, 'GetItem', 'Query', 'UpdateItem');
    pools.grant(operate, 'GetItem', 'Query', 'PutItem', 'UpdateItem');
    leases.grant(operate, 'GetItem', 'Query', 'UpdateItem');
    pools.grant(reclaim, 'GetItem', 'Query', 'UpdateItem');
    pools.grantDeletion(
      reclaim,
      Array.from({ length: NODE_LIST_SHARDS }, (_, shard) => nodeListKey(shard)),
    );
    leases.grant(reclaim, 'Query', 'UpdateItem');
    pools.grant(changes, 'UpdateItem');
    pools.grantDeletion(
      changes,
      Array.from({ length: IDENTITY_SHARDS }, (_, shard) => identityPart(shard)),
    );
    leases.grant(changes, 'GetItem');
  }

  #configure(
    { nodeRoles, inlinePools = false, inlinePoolCooldownSeconds = 30, deadAfterSilence = {} }: LessorProps,
    window: CountWindow,
  ): void {
    const { allocate, release, operate, reclaim } = this.functions;
    allocate.addEnvironment(environment.inlinePools, String(inlinePools));
    allocate.addEnvironment(environment.inlineCooldown, String(inlinePoolCooldownSeconds));
    // Each environment remembers what it granted until it is counted, an operator is told how late that is, and a recount waits
    // for it.
    for (const lambda of [allocate, operate, reclaim]) lambda.addEnvironment(environment.countWithin, window.text);
    const silence = Object.entries(deadAfterSilence).map((pair) => pair.join('='));
    reclaim.addEnvironment(environment.deadAfterSilence, silence.join(','));
    operate.addEnvironment(environment.deadAfterSilence, silence.join(','));
    for (const lambda of [allocate, release, operate]) {
      lambda.addEnvironment(environment.instanceRoles, instanceRoles(nodeRoles).join(','));
      lambda.addEnvironment(
        environment.clusters,
        roleClusters(nodeRoles)
          .map((pair) => pair.join('='))
          .join(','),
      );
    }
  }

  #connect(api: LessorApi, leases: StoreTable, window: CountWindow): void {
    const { allocate, release, operate, reclaim, changes } = this.functions;
    api.serve('allocate', allocate.live);
    api.serve('release', release.live);
    api.serve('operate', operate.live);
    new ReclaimSchedule(this, 'ReclaimSchedule', reclaim.live);
    leases.tell(changes, window.seconds);
  }
}

/** What the names of its resources begin with. */
const prefixOf = (construct: Construct): string =>
  Names.uniqueResourceName(construct, {
    separator: '-',
    allowedSpecialCharacters: '_-',
    maxLength: LONGEST_PREFIX,
  });
