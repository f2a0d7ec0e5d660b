/** A node of pool `green` whose plugin talks to the service's own use cases, in simulated time. */
import { expect } from 'vitest';
import { apiClient } from '../../cni-shim/api/client.ts';
import { openRecords } from '../../cni-shim/node/node-records.ts';
import { flush } from '../../cni-shim/sync/flush.ts';
import type { World } from '../functions/world.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';
import type { FakeApi } from './fake-api.ts';
import { configuration, type Node } from './in-process.ts';
import type { Service } from './service.ts';

export const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
export const POOL = 'a'.repeat(16);
/** After so long a node tries the API again. */
export const TRIED_AGAIN_MS = 10_001;

/** @param scene asked at each call: tests make another one each time */
export function servedNode(scene: () => { readonly here: World; readonly node: Node; readonly service: Service }) {
  const around = () => {
    const { here, service } = scene();
    const sleep = async (milliseconds: number) => {
      here.clock.now += milliseconds;
    };
    return { fetch: service.fetch, now: () => here.clock.now, sleep };
  };
  const stdin = configuration({ ranges: undefined, pool: 'green', routes: undefined });
  const call = (verb: string, container: string) =>
    scene().node.call(verb, container, { stdin, surroundings: around() });
  /** The address. */
  const add = async (container: string): Promise<string> => {
    const called = await call('ADD', container);
    if (called.exitCode !== 0) throw new Error(called.stdout);
    return called.printed.ips[0].address;
  };
  const remove = async (container: string) => expect(await call('DEL', container)).toMatchObject({ exitCode: 0 });
  const surroundings = () => ({ ...machineUnderNode(), ...scene().node.here, ...around() });
  const records = () => openRecords(surroundings(), scene().node.dataDir);
  const client = () => {
    const credentials = { get: async () => ({ credentials: api.identity, cached: false }) };
    return apiClient({
      endpoint: new URL(api.endpoint),
      region: 'eu-central-1',
      credentials,
      surroundings: surroundings(),
      limits: { attempt: 300, total: 900 },
    });
  };
  const flushed = (most = 100) => flush({ records: records(), api: client(), now: around().now }, { most });
  /** Containers by what the table says is held, in the pool's first four blocks. */
  const held = async (): Promise<string[]> => {
    const { leases } = scene().here.store;
    const read = await Promise.all([0n, 1n, 2n, 3n].map((block) => leases.readBlock({ pool: POOL, block })));
    return read
      .flatMap((slots) => [...slots.values()])
      .flatMap(({ held: is, holding }) => (is ? [holding?.attachment.containerId ?? ''] : []))
      .sort();
  };
  return { around, stdin, call, add, remove, held, surroundings, records, client, flushed };
}
