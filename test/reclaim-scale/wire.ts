/** What the scheduled functions ask of DynamoDB, measured at the wire: where nobody dies, and of a death in all its looks. */
import pMap from 'p-map';
import { NODE_LIST_SHARDS } from '../../core/contract/limits.ts';
import { documentClient, patient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { sweepInstances } from '../../functions/use-cases/evidence/sweep-instances.ts';
import { declareSilent } from '../../functions/use-cases/reclaim/declare-silent.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { type Costs, meterOf } from '../budgets/meter.ts';
import { START, world } from '../functions/world.ts';
import { tables } from '../store/local-tables.ts';
import { dyingNodes } from './dying-nodes.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const unhurried = { remainingMs: () => Number.POSITIVE_INFINITY };

export interface Measured extends Costs {
  /** Of the processor, by this process: all but DynamoDB Local's own. */
  readonly cpuMs: number;
}

/** A deployment whose store is DynamoDB Local, and what a piece of work asks of it. */
export function metered() {
  const client = documentClient(patient);
  const meter = meterOf(client);
  const here = world(dynamodbStore(client, tables), { deadAfterSilence: new Map([['blue', 60]]) });
  const measure = async (work: () => Promise<unknown>): Promise<Measured> => {
    meter.read();
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return { ...meter.read(), cpuMs: (user + system) / 1000 };
  };
  return { here, measure };
}
export type Metered = ReturnType<typeof metered>;

/** So many nodes that live, of which EC2 says that they run. */
export async function noneDead({ here, measure }: Metered, nodes: number): Promise<Record<string, Measured>> {
  const list = (n: number) =>
    here.store.nodes.noteHeartbeat(`i-${n.toString(16).padStart(17, '0')}`, {
      incarnation: 1,
      account: { partition: 'aws', id: '123456789012' },
      region: 'eu-central-1',
      cluster: 'blue',
      name: `ip-10-0-${n >> 8}-${n & 255}.eu-central-1.compute.internal`,
      version: '1.2.3',
      heartbeatAt: here.clock.now,
    });
  await pMap(Array.from({ length: nodes }).keys(), list, { concurrency: NODE_LIST_SHARDS });
  const deps = here.environment();
  const look = () =>
    sweepInstances(
      {
        ...deps,
        own: { partition: 'aws', id: '123456789012', region: 'eu-central-1' },
        otherAccounts: [],
        instances: {
          lookUp: async (_, ids) => ({ is: 'answered', states: new Map(ids.map((id) => [id, 'running'] as const)) }),
        },
      },
      unhurried,
    );
  // Not of the first run in a deployment, which is the only one without these notes.
  await here.store.nodes.noteConcluded(START - 8 * DAY_MS, START - 8 * DAY_MS);
  await reclaim(deps);
  return {
    'the look at all instances, the first of a day: each is noted': await measure(look),
    'the look at all instances, each hour': await measure(look),
    'the reclaim, every 5 minutes': await measure(() => reclaim(deps)),
    'who is silent, every 5 minutes, where the deployment has `deadAfterSilence`': await measure(() =>
      declareSilent(deps, unhurried),
    ),
  };
}

/** A run with nothing due, where so many died in the 8 days before. */
export async function nothingDue({ here, measure }: Metered, deaths: number): Promise<Measured> {
  const record = (n: number) =>
    here.store.nodes.recordDeath({
      node: `i-${n.toString(16).padStart(17, '0')}`,
      incarnation: 1,
      reason: 'EC2 of eu-central-1 says that it is terminated',
      declaredBy: 'ec2/event+DescribeInstances',
      declaredAt: here.clock.now - Math.floor(((n + 1) / (deaths + 2)) * 8 * DAY_MS),
      sweptAt: here.clock.now,
      freed: 4,
    });
  await pMap(Array.from({ length: deaths }).keys(), record, { concurrency: 16 });
  await here.store.nodes.noteConcluded(here.clock.now - 8 * DAY_MS, here.clock.now - 8 * DAY_MS);
  return measure(() => reclaim(here.environment()));
}

/** Of one death, all its looks together; what a run costs that has nothing due is not in it. */
export async function ofDeath({ here, measure }: Metered, deaths: number): Promise<Measured> {
  const nodes = await dyingNodes(here, deaths);
  const deps: Dependencies = here.environment();
  await here.store.nodes.noteConcluded(here.clock.now - 8 * DAY_MS, here.clock.now - 8 * DAY_MS);
  const died = here.clock.now;
  for (let n = 0; n < deaths; n += 1) await nodes.die();
  const looks: Measured[] = [];
  for (const after of [0, 5 * MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS]) {
    here.clock.now = died + after;
    const look = await measure(() => reclaim(deps));
    const idle = await measure(() => reclaim(deps));
    looks.push(each(look, idle, (a, b) => a - b));
  }
  return each(
    looks.reduce((sum, one) => each(sum, one, (a, b) => a + b)),
    undefined,
    (sum) => sum / deaths,
  );
}

function each(one: Measured, other: Measured | undefined, of: (a: number, b: number) => number): Measured {
  const value = (name: keyof Measured) => of(one[name], other?.[name] ?? 0);
  return {
    requests: value('requests'),
    writeUnits: value('writeUnits'),
    readUnits: value('readUnits'),
    cpuMs: value('cpuMs'),
  };
}
