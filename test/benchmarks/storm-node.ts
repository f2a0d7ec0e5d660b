/** A node of a storm: the plugin's own verbs over a journal on disk, and the service's use cases behind its requests, in this process. */
import { apiClient } from '../../cni-shim/api/client.ts';
import { openRecords } from '../../cni-shim/node/node-records.ts';
import { flush } from '../../cni-shim/sync/flush.ts';
import type { PoolDefinition } from '../../core/contract/pool.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import type { FakeApi } from '../cni-shim/fake-api.ts';
import { configuration, Node } from '../cni-shim/in-process.ts';
import { serviceFor } from '../cni-shim/service.ts';
import { operatorsPool, type World } from '../functions/world.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';

/** Nobody listens there: requests are answered in this process. */
const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDBENCHBENCHBENCHB', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
/** Where a thousand nodes share two processors, an answer may take long. */
const PATIENT = { attempt: 60_000, total: 120_000 };

export interface StormNode {
  /** The address. @throws Error with what the plugin printed, where it failed */
  add(container: string): Promise<string>;
  /** @throws Error with what the plugin printed, where it failed */
  delete(container: string): Promise<void>;
  /** As the agent does within a second. @throws Error where something could not be told */
  tell(): Promise<void>;
  /** Requests to the API so far. */
  requests(): number;
  remove(): void;
}

export interface NodesPool {
  readonly name: string;
  readonly leasing: PoolDefinition['leasing'];
  readonly blocks: number;
  readonly blockSize: number;
}

/** A pool whose blocks belong to nodes. */
export async function nodesPool(here: World, { name, leasing, blocks, blockSize }: NodesPool): Promise<void> {
  const pool = await operatorsPool(here, { addresses: blocks * blockSize, blockSize, name });
  await here.store.pools.openPool(pool.id, 256n, BigInt(blocks));
  const state = await here.store.pools.readPool(pool.id);
  if (state === undefined) throw new Error(`pool ${name} is not there`);
  const definition = { ...pool, affinity: 'node', leasing } as const;
  await here.store.pools.changePool({ ...state, definition, version: 2 });
}

/** @param now the world's clock */
export function stormNode(deps: Dependencies, id: string, pool: string, now: () => number): StormNode {
  const node = new Node(api);
  const service = serviceFor(deps, id);
  const stdin = configuration({ ranges: undefined, pool, routes: undefined });
  const around = { fetch: service.fetch, now };
  const call = async (verb: string, container: string) => {
    const called = await node.call(verb, container, { stdin, surroundings: around, limits: PATIENT });
    if (called.exitCode !== 0) throw new Error(`${verb} on ${id} failed: ${called.stdout}`);
    return called.printed;
  };
  return {
    add: async (container) => (await call('ADD', container)).ips[0].address,
    delete: (container) => call('DEL', container),
    async tell() {
      const surroundings = { ...machineUnderNode(), ...node.here, ...around };
      const credentials = { get: async () => ({ credentials: api.identity, cached: false }) };
      const endpoint = new URL(api.endpoint);
      const client = apiClient({ endpoint, region: 'eu-central-1', credentials, surroundings, limits: PATIENT });
      const { failures } = await flush({ records: openRecords(surroundings, node.dataDir), api: client, now });
      if (failures.length > 0)
        throw new Error(`${id} could not tell of ${failures.length} leases: ${failures[0]?.error}`);
    },
    requests: () => service.sent.length,
    remove: () => node.remove(),
  };
}
