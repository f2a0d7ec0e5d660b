/** A deployment on DynamoDB Local, and nodes with the plugin's real code: where the lessons of other systems are tried. */
import * as z from 'zod/mini';
import { poolInput } from '../../core/contract/pool.ts';
import type { Store } from '../../core/store.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { declareDeath } from '../../functions/use-cases/nodes/declare-death.ts';
import { createPool } from '../../functions/use-cases/pools/create-pool.ts';
import { createTables } from '../../local/aws/tables.ts';
import { type Machine, machineOf } from '../../simulation/machine.ts';
import { plainClient } from '../../simulation/plain-client.ts';
import type { Schedule } from '../../simulation/schedule.ts';
import type { Container } from '../../simulation/witness.ts';
import { type Service, serviceFor } from '../cni-shim/service.ts';
import { callOf, type World, world } from '../functions/world.ts';
import { chanceOf } from '../linearizability/chance.ts';
import { tableOf } from '../store/local-tables.ts';

export const MINUTE_MS = 60_000;

/** Nobody waits for a turn. */
export const atOnce = (clock: { now: number }): Schedule => ({
  next: async () => {},
  async after(milliseconds) {
    clock.now += Math.ceil(milliseconds / 8);
  },
  timer: () => ({ over: new Promise(() => {}), cancel: () => {} }),
  outside: (act) => act(),
  run: (all) => all,
  steps: 0,
});
/** Enough for an answer at once, and soon over where there is none. */
const SHORT = { attempt: 300, total: 900 };

export interface LessonNode {
  readonly machine: Machine;
  readonly service: Service;
  /** Whether the API can be reached. */
  isCutOff: boolean;
  /** The addresses. @throws Error with what the plugin printed */
  add(container: Container): Promise<string[]>;
  del(container: Container): Promise<void>;
}

export interface LessonWorld {
  readonly here: World;
  node(id: string): LessonNode;
  pool(name: string, over: { readonly [field: string]: unknown }): Promise<void>;
  container(id: string, network: string, pod?: string): Container;
  /** `<container>@<node>` of each lease of the pool. */
  held(name: string): Promise<string[]>;
  declareDead(node: string): Promise<unknown>;
}

let worlds = 0;

/** @param through what each request to the tables passes; nothing if left out */
export async function lessonWorld(
  endpoint: string,
  through: (here: World) => Store = ({ store }) => store,
): Promise<LessonWorld> {
  worlds += 1;
  const tables = {
    pools: `Pools-lesson-${worlds}`,
    leases: `Leases-lesson-${worlds}`,
    history: `History-lesson-${worlds}`,
  };
  await createTables(endpoint, Object.values(tables).map(tableOf));
  const below = world(dynamodbStore(plainClient(endpoint), tables));
  const store = through(below);
  const here: World = { ...below, store, environment: (over) => below.environment({ store, ...over }) };
  return {
    here,
    node(id) {
      return nodeOf(here, id);
    },
    async pool(name, over) {
      await createPool(here.environment(), z.parse(poolInput, { vrf: 'default', name, ...over }), false);
    },
    container: (id, network, pod = id) => ({
      ...{ id, network, node: '', pod: { namespace: 'shop', name: pod } },
      ...{ address: undefined, life: 0, isBusy: false },
    }),
    async held(name) {
      const registry = await here.store.pools.readRegistry('default');
      const { id } = registry.pools.find((one) => one.name === name) ?? { id: '' };
      const { open = 0n } = (await here.store.pools.readPool(id)) ?? {};
      const found: string[] = [];
      for (let block = 0n; block < open; block += 1n)
        for (const { held, holding } of (await here.store.leases.readBlock({ pool: id, block })).values())
          if (held) found.push(`${holding?.attachment.containerId}@${holding?.node}`);
      return found.sort();
    },
    declareDead: (node) =>
      declareDeath(here.environment(), callOf('user/ann'), {
        node,
        reason: 'its power supply burned',
        alsoIfAlive: true,
      }),
  };
}

function nodeOf(here: World, id: string): LessonNode {
  const service = serviceFor(here.environment(), id);
  const way: typeof fetch = async (...request) => {
    if (node.isCutOff) throw Object.assign(new Error('cut'), { code: 'ECONNREFUSED' });
    return service.fetch(...request);
  };
  const reached = { weather: 'clear' as const, fetch: way, oneArrives: async () => false };
  const machine = machineOf(id, reached, {
    chance: chanceOf(worlds),
    schedule: atOnce(here.clock),
    clock: here.clock,
    limits: SHORT,
  });
  const call = async (verb: 'ADD' | 'DEL', container: Container) => {
    const called = await machine.call(verb, container);
    if (called?.exitCode !== 0) throw new Error(called?.stdout);
    return called;
  };
  const node: LessonNode = {
    ...{ machine, service },
    isCutOff: false,
    add: async (container) => {
      const { printed } = await call('ADD', container);
      return printed.ips.map(({ address }: { address: string }) => address.split('/')[0]);
    },
    del: async (container) => void (await call('DEL', container)),
  };
  return node;
}
