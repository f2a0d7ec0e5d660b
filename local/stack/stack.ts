/** The whole of Lessor on one machine, made from the synthesized template: tables, wire, functions, API, schedules. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followChanges } from '../aws/changes.ts';
import { type LocalDynamodb, startDynamodb } from '../aws/dynamodb.ts';
import { startWire, type Wire } from '../aws/dynamodb-wire.ts';
import { LocalFunction } from '../aws/function.ts';
import { listen, portOf, serve } from '../aws/gateway.ts';
import { ec2Node, type Identity, newCredentials, operatorUser } from '../aws/identities.ts';
import { createTables } from '../aws/tables.ts';
import { type Context, synthesize } from './cloud-assembly.ts';
import { readStack, type ScheduleDefinition, type StackDefinition } from './template.ts';

const STACK = 'Lessor';
const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const NODE_ROLE = 'lessor-node';

export interface StackOptions {
  /** Port of 127.0.0.1 for the API; 0, the default, takes any free one. */
  readonly port?: number;
  /** Deployment settings in place of the local ones, which allow inline pools and know sessions of `lessor-node` as nodes. */
  readonly context?: Context;
  /** Invocations that each function runs at once; 4 if left out. */
  readonly environments?: number;
  /** The tables survive `dynamodb.stop()` and `dynamodb.start()`, at the price of slower writes. */
  readonly durable?: boolean;
  /** Called with what begins now, before each thing that takes long. */
  readonly onProgress?: (phase: string) => void;
}

export interface LocalStack {
  /** `http://127.0.0.1:<port>` */
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
  const { port = 0, environments = 4, onProgress = () => {} } = options;
  const server = await listen(port);
  closing.push(() => closed(server));
  const endpoint = `http://127.0.0.1:${portOf(server)}`;
  onProgress('synthesizing the stack and starting DynamoDB Local');
  const { definition, dynamodb } = await prepare(endpoint, options, closing);
  onProgress('creating the tables and the API');
  await createTables(dynamodb.endpoint, definition.tables);

  const place = { region: REGION, account: ACCOUNT };
  const roles = definition.functions.map((fn) => ({ ...fn, credentials: newCredentials() }));
  const principals = roles.map(({ credentials, ...fn }) => ({ ...fn, accessKeyId: credentials.accessKeyId }));
  const wire = await startWire({ ...place, target: dynamodb.endpoint, principals });
  closing.push(() => wire.stop());
  const functions = new Map(
    roles.map(({ credentials, ...fn }) => {
      const surroundings = { region: REGION, dynamodb: wire.endpoint, credentials, environments };
      return [fn.name, new LocalFunction(fn, surroundings)] as const;
    }),
  );
  closing.push(() => Promise.all([...functions.values()].map((fn) => fn.stop())));
  const functionNamed = (name: string): LocalFunction => {
    const found = functions.get(name);
    if (found === undefined) throw new Error(`There is no function ${name}: ${[...functions.keys()].join(', ')}`);
    return found;
  };

  for (const changes of definition.changes) {
    const follower = followChanges(dynamodb.endpoint, changes, (event) =>
      functionNamed(changes.function).invoke(event),
    );
    closing.push(() => follower.stop());
  }

  const callers = new Map<string, Identity>();
  const known = (identity: Identity) => {
    callers.set(identity.accessKeyId, identity);
    return identity;
  };
  const addNode = (id = `i-${randomBytes(8).toString('hex')}`) => known(ec2Node(ACCOUNT, NODE_ROLE, id));
  serve(server, {
    ...place,
    api: definition.api,
    callerOf: (accessKeyId) => callers.get(accessKeyId),
    rightsOf: ({ policy }) => definition.policies[policy],
    invoke: (name, event) => functionNamed(name).invoke(event),
  });

  const run = ({ function: name, input }: ScheduleDefinition) => functionNamed(name).invoke(input);
  const clocks = definition.schedules.map((schedule) => setInterval(() => run(schedule), schedule.everyMs));
  closing.push(() => clocks.forEach(clearInterval));

  return {
    endpoint,
    region: REGION,
    nodes: [addNode('i-0123456789abcdef0'), addNode('i-0123456789abcdef1')],
    operator: known(operatorUser(ACCOUNT)),
    addNode,
    wire,
    dynamodb,
    schedules: definition.schedules,
    runSchedule: async (functionName = definition.schedules[0]?.function) => {
      const schedule = definition.schedules.find((candidate) => candidate.function === functionName);
      if (schedule === undefined) throw new Error(`No schedule runs a function ${functionName}`);
      const result = await run(schedule);
      if (!result.ok) throw new Error(`${functionName} failed: ${result.errorType}: ${result.errorMessage}`);
      return JSON.parse(result.payload);
    },
    functionLogs: (name) => functionNamed(name).logs(),
    stop,
  };
}

/** The two slow things side by side; if one fails the other is ended. */
async function prepare(
  endpoint: string,
  { context, durable = false }: StackOptions,
  closing: Close[],
): Promise<{ definition: StackDefinition; dynamodb: LocalDynamodb }> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-stack-'));
  const abort = new AbortController();
  const remove = () => {
    abort.abort();
    rmSync(directory, { recursive: true, force: true });
  };
  // Whoever is interrupted and exits without stop() leaves no file either.
  process.once('exit', remove);
  closing.push(() => {
    process.removeListener('exit', remove);
    remove();
  });
  const [assembly, data] = ['assembly', 'data'].map((name) => join(directory, name)) as [string, string];
  mkdirSync(data);
  const settings = { inlinePools: 'true', instanceRoles: NODE_ROLE, ...context };
  const database = startDynamodb(durable ? data : undefined);
  database.catch(() => abort.abort());
  const [started, synthesized] = await Promise.allSettled([database, synthesize(settings, assembly, abort.signal)]);
  if (started.status === 'rejected') throw started.reason;
  closing.push(() => started.value.stop());
  if (synthesized.status === 'rejected') throw synthesized.reason;
  const surroundings = { stack: STACK, region: REGION, account: ACCOUNT, endpoint };
  return { definition: readStack(assembly, surroundings), dynamodb: started.value };
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
