/** Runs use cases in the functions, at each size. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { environment } from '../../core/contract/environment.ts';
import { documentClient, patient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { startDynamodb } from '../../local/aws/dynamodb.ts';
import type { FunctionDefinition } from '../../local/aws/function.ts';
import { createTables } from '../../local/aws/tables.ts';
import { openRunDirectory } from '../../local/run-directory.ts';
import { synthesize } from '../../local/stack/cloud-assembly.ts';
import { readStack } from '../../local/stack/stack-definition.ts';
import { type Deployment, deployed } from './deployment.ts';
import { type Answered, startFunction, type Taken } from './function-process.ts';
import { type StoreFront, startFront } from './store-front.ts';
import { type UseCase, useCases } from './use-cases.ts';

export interface Measured {
  readonly memoryMb: number;
  readonly init: Taken;
  readonly cold: Taken;
  /** The median of them. */
  readonly warm: Taken;
  readonly peakMb: number;
  /** What went wrong, where something did. */
  readonly wrong: string | undefined;
  /** Requests of one invocation, the first one. */
  readonly requests: number;
  /** How many of them waited for DynamoDB Local. */
  readonly late: number;
}

export interface MeasuredUseCase {
  readonly name: string;
  readonly function: string;
  readonly timeoutMs: number;
  readonly at: readonly Measured[];
}

const PLACE = { stack: 'Lessor', region: 'us-east-1', account: '123456789012', endpoint: 'https://localhost' };
const SETTINGS = { inlinePools: true, nodeRoles: { 'lessor-node': {} } };
const KEYS = { AWS_REGION: PLACE.region, AWS_ACCESS_KEY_ID: 'LOCAL', AWS_SECRET_ACCESS_KEY: 'local' };

export async function measured(
  sizes: readonly number[],
  wanted: (name: string) => boolean,
): Promise<MeasuredUseCase[]> {
  const directory = openRunDirectory('functions');
  const closing: (() => unknown)[] = [directory.remove];
  try {
    const assembly = join(directory.path, 'assembly');
    mkdirSync(assembly);
    const say = (text: string) => process.stderr.write(`${text}\n`);
    say('bundling the functions as a deployment does …');
    await synthesize({ [PLACE.stack]: SETTINGS }, assembly, new AbortController().signal);
    const { functions, tables } = readStack(assembly, PLACE);
    const dynamodb = await startDynamodb();
    closing.push(() => dynamodb.stop());
    await createTables(
      dynamodb.endpoint,
      tables.map(({ stream: _, ...table }) => table),
    );
    const front = await startFront(dynamodb.endpoint, directory.path);
    closing.push(() => front.stop());
    say('writing the leases of a full /16 …');
    const deployment = await seeded(dynamodb.endpoint, functions);
    const outcomes: MeasuredUseCase[] = [];
    for (const useCase of useCases.filter(({ name }) => wanted(name))) {
      const definition = functions.find(({ name }) => name === useCase.function) as FunctionDefinition;
      const at: Measured[] = [];
      for (const memoryMb of sizes) {
        say(`${useCase.name}, ${memoryMb} MB …`);
        at.push(await measure(useCase, definition, { memoryMb, deployment, front, directory: directory.path }));
      }
      outcomes.push({ name: useCase.name, function: useCase.function, timeoutMs: definition.timeoutMs, at });
    }
    return outcomes;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function seeded(endpoint: string, functions: readonly FunctionDefinition[]): Promise<Deployment> {
  Object.assign(process.env, KEYS, { AWS_ENDPOINT_URL_DYNAMODB: endpoint });
  const client = documentClient(patient);
  const variables = Object.assign({}, ...functions.map((one) => one.environment)) as Record<string, string>;
  const leases = variables[environment.leasesTable] ?? '';
  const [pools = '', history = ''] = [environment.poolsTable, environment.historyTable].map((name) => variables[name]);
  const store = dynamodbStore(client, { pools, leases, history });
  return deployed(store, async (items) => {
    const puts = items.map((Item) => ({ PutRequest: { Item: Item as Record<string, unknown> } }));
    await client.send(new BatchWriteCommand({ RequestItems: { [leases]: puts } }));
  });
}

interface Where {
  readonly memoryMb: number;
  readonly deployment: Deployment;
  readonly front: StoreFront;
  readonly directory: string;
}

async function measure(
  useCase: UseCase,
  definition: FunctionDefinition,
  { memoryMb, deployment, front, directory }: Where,
): Promise<Measured> {
  const prepared = async () => {
    const event = await useCase.prepare(deployment);
    front.forget();
    front.answered();
    return event;
  };
  const first = await prepared();
  const variables = { ...KEYS, ...front.environment, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb) };
  const running = await startFunction(definition, { memoryMb, environment: variables, directory });
  const answers: Answered[] = [await running.invoke(first)];
  const { all, late } = front.answered();
  for (let n = 0; n < useCase.warm; n += 1) answers.push(await running.invoke(await prepared()));
  const peakMb = await running.end();
  const [cold, ...warm] = answers as [Answered, ...Answered[]];
  const faults = answers.map((one) => one.failure ?? useCase.wrong(JSON.parse(one.payload ?? 'null')));
  const wrong = faults.find((fault) => fault !== undefined) ?? (peakMb > memoryMb ? 'too little memory' : undefined);
  return { memoryMb, init: running.init, cold, warm: median(warm), peakMb, wrong, requests: all, late };
}

function median(all: readonly Taken[]): Taken {
  const middle = (of: 'wall' | 'cpu') => [...all].map((one) => one[of]).sort((a, b) => a - b)[all.length >> 1] ?? 0;
  return { wall: middle('wall'), cpu: middle('cpu') };
}
