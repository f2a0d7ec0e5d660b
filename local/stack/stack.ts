/** The whole of Lessor on one machine, made from the synthesized template: tables, wire, functions, API, schedules, buses, queues. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StackSettings } from '../../infra/settings.ts';
import { followChanges } from '../aws/changes.ts';
import { type LocalDynamodb, startDynamodb } from '../aws/dynamodb.ts';
import type { Wire } from '../aws/dynamodb-wire.ts';
import type { LocalEc2 } from '../aws/ec2.ts';
import { serve } from '../aws/gateway.ts';
import { ec2Node, type Identity, operatorUser } from '../aws/identities.ts';
import { close, listen, portOf } from '../aws/loopback-server.ts';
import { createTables } from '../aws/tables.ts';
import { openRunDirectory } from '../run-directory.ts';
import { synthesize } from './cloud-assembly.ts';
import { createCustomResources } from './custom-resources.ts';
import type { StackEvents } from './events.ts';
import type { EventsDefinition } from './events-definition.ts';
import { startFunctions } from './functions.ts';
import { type ScheduleDefinition, startSchedules } from './schedules.ts';
import { readStack, type StackDefinition } from './stack-definition.ts';

const STACK = 'Lessor';
const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const NODE_ROLE = 'lessor-node';

export interface StackOptions {
  /** Port of 127.0.0.1 for the API; 0, the default, takes any free one. */
  readonly port?: number;
  /** Where the port is taken, any free one does. */
  readonly orAnyPort?: boolean;
  /** Over the local settings, which allow inline pools and know sessions of `lessor-node` as nodes. */
  readonly settings?: Partial<StackSettings>;
  /** Invocations that each function runs at once; 4 if left out. */
  readonly environments?: number;
  /** So much faster than on AWS delays and time-outs of queues pass; 1 if left out. */
  readonly pace?: number;
  /** The tables survive `dynamodb.stop()` and `dynamodb.start()`, at the price of slower writes. */
  readonly durable?: boolean;
  /** Called with what begins now, before each thing that takes long. */
  readonly onProgress?: (phase: string) => void;
}

export interface LocalStack {
  /** `http://127.0.0.1:<port>`, of a REST API with its stage: `http://127.0.0.1:<port>/<stage>` */
  readonly endpoint: string;
  readonly region: string;
  /** Two EC2 instances that may lease. */
  readonly nodes: readonly [Identity, Identity];
  /** Who may look and declare nodes dead. */
  readonly operator: Identity;
  /** One more EC2 instance; the id is made up if left out. */
  addNode(instanceId?: string): Identity;
  readonly wire: Wire;
  readonly dynamodb: LocalDynamodb;
  readonly schedules: readonly ScheduleDefinition[];
  /** So much faster than on AWS delays and time-outs of queues pass. */
  readonly pace: number;
  /** What knows the instances that the nodes are. */
  readonly ec2: LocalEc2;
  /** The template's rules and queues, and its buses beside the default one. */
  readonly events: StackEvents & { readonly definition: EventsDefinition };
  /** Does now what the clock does at its rate, and answers the function's result; the first schedule if no function is named. */
  runSchedule(functionName?: string): Promise<unknown>;
  /** The last lines that a function wrote. */
  functionLogs(functionName: string): readonly string[];
  /** Ends every process and thread, closes every port, deletes every file that the stack made. */
  stop(): Promise<void>;
}

/** @throws LessorError that names what is missing or taken, and the remedy */
export async function startStack(options: StackOptions = {}): Promise<LocalStack> {
  const closing: Close[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    return await start(options, closing, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

type Close = () => unknown;

async function start(options: StackOptions, closing: Close[], stop: () => Promise<void>): Promise<LocalStack> {
  const { port = 0, orAnyPort = false, environments = 4, pace = 1, onProgress = () => {} } = options;
  const server = await listen(port).catch((taken: unknown) => {
    if (orAnyPort) return listen(0);
    throw taken;
  });
  closing.push(() => close(server));
  const endpoint = `http://127.0.0.1:${portOf(server)}`;
  onProgress('making the CloudFormation template, starting DynamoDB Local');
  const { definition, dynamodb } = await prepare(endpoint, options, closing);
  onProgress('making from it the tables, the functions and the API');
  await createTables(dynamodb.endpoint, definition.tables);

  const { events } = definition;
  const surroundings = { region: REGION, account: ACCOUNT, dynamodb: dynamodb.endpoint, environments, events, pace };
  const functions = await startFunctions(definition.functions, surroundings, closing);
  const invoke = (name: string, event: unknown, isAbandoned?: () => boolean) =>
    functions.named(name).invoke(event, isAbandoned);
  for (const changes of definition.changes) {
    const follower = followChanges(dynamodb.endpoint, changes, (event) => invoke(changes.function, event));
    closing.push(() => follower.stop());
  }

  const stackId = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${STACK}/local`;
  await createCustomResources(definition.customResources, stackId, invoke);

  const { known, addNode, callerOf } = callersOf(functions.ec2);
  serve(server, {
    region: REGION,
    account: ACCOUNT,
    api: definition.api,
    callerOf,
    rightsOf: ({ policy }) => definition.policies[policy],
    invoke,
  });
  const schedules = startSchedules(definition.schedules, invoke);
  closing.push(() => schedules.stop());

  const { kind, stage } = definition.api;
  return {
    endpoint: kind === 'rest' ? `${endpoint}/${stage}` : endpoint,
    region: REGION,
    nodes: [addNode('i-0123456789abcdef0'), addNode('i-0123456789abcdef1')],
    operator: known(operatorUser(ACCOUNT)),
    addNode,
    wire: functions.wire,
    dynamodb,
    schedules: definition.schedules,
    events: { ...functions.events, definition: events },
    ec2: functions.ec2,
    pace,
    runSchedule: (functionName) => schedules.run(functionName),
    functionLogs: (name) => functions.named(name).logs(),
    stop,
  };
}

/** Who may call, each known by the access key; a node is an instance that EC2 knows. */
function callersOf(ec2: LocalEc2) {
  const callers = new Map<string, Identity>();
  const known = (identity: Identity) => {
    callers.set(identity.accessKeyId, identity);
    return identity;
  };
  const addNode = (id = `i-0${randomBytes(8).toString('hex')}`) => {
    ec2.run(id);
    return known(ec2Node(ACCOUNT, NODE_ROLE, id));
  };
  return { known, addNode, callerOf: (accessKeyId: string) => callers.get(accessKeyId) };
}

/** The two slow things side by side; if one fails the other is ended. */
async function prepare(
  endpoint: string,
  { settings, durable = false }: StackOptions,
  closing: Close[],
): Promise<{ definition: StackDefinition; dynamodb: LocalDynamodb }> {
  const directory = openRunDirectory('stack');
  closing.push(directory.remove);
  // What still writes into the directory is ended before it is removed, by a mere exit too.
  const abort = new AbortController();
  const end = () => abort.abort();
  process.prependOnceListener('exit', end);
  closing.push(() => {
    process.removeListener('exit', end);
    end();
  });
  const [assembly, data] = ['assembly', 'data'].map((name) => join(directory.path, name)) as [string, string];
  mkdirSync(data);
  const local: StackSettings = {
    inlinePools: true,
    countWithinSeconds: 10,
    nodeRoles: { [NODE_ROLE]: {} },
    ...settings,
  };
  const database = startDynamodb(durable ? data : undefined);
  database.catch(() => abort.abort());
  const [started, synthesized] = await Promise.allSettled([
    database,
    synthesize({ [STACK]: local }, assembly, abort.signal),
  ]);
  if (started.status === 'rejected') throw started.reason;
  closing.push(() => started.value.stop());
  if (synthesized.status === 'rejected') throw synthesized.reason;
  const surroundings = { stack: STACK, region: REGION, account: ACCOUNT, endpoint };
  return { definition: readStack(assembly, surroundings), dynamodb: started.value };
}
