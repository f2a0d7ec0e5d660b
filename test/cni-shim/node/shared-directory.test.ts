/** One data directory for several machines, and for several networks of one machine. */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiClient } from '../../../cni-shim/api/client.ts';
import { nodeFiles } from '../../../cni-shim/machine/files.ts';
import { type NodeRecords, openRecords } from '../../../cni-shim/node/node-records.ts';
import { findDeadSandboxes, retireDead } from '../../../cni-shim/sync/dead-sandboxes.ts';
import { flushAll } from '../../../cni-shim/sync/flush.ts';
import { reconcile } from '../../../cni-shim/sync/reconcile.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { operatorsPool, type World, world } from '../../functions/world.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, NETWORK, Node } from '../in-process.ts';
import { type Service, serviceFor } from '../service.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
const outside = { CNI_CONTAINERID: undefined, CNI_IFNAME: undefined, CNI_NETNS: undefined };

let here: World;

/** A machine of the cluster, with what its agent, its cron job and its runtime do. */
class Machine {
  readonly node: Node;
  readonly service: Service;

  constructor(name: string, dataDir?: string) {
    this.node = new Node(api, dataDir);
    this.node.machineId = name;
    this.node.bootId = `boot of ${name}`;
    this.service = serviceFor(here.environment(), `i-${name}`);
  }

  get around() {
    const sleep = async (milliseconds: number) => {
      here.clock.now += milliseconds;
    };
    return { fetch: this.service.fetch, now: () => here.clock.now, sleep };
  }

  get surroundings() {
    return { ...machineUnderNode(), ...this.node.here, ...this.around };
  }

  get records(): NodeRecords {
    return openRecords(this.surroundings, this.node.dataDir);
  }

  get calls() {
    const credentials = { get: async () => ({ credentials: api.identity, cached: false }) };
    const limits = { attempt: 300, total: 900 };
    const { surroundings } = this;
    return apiClient({ endpoint: new URL(api.endpoint), region: 'eu-central-1', credentials, surroundings, limits });
  }

  call(verb: string, container: string, pool: string, name = NETWORK, valid?: readonly string[]) {
    const listed = valid?.map((containerId) => ({ containerId, ifname: 'eth0' }));
    const stdin = configuration(
      { ranges: undefined, routes: undefined, pool },
      { cniVersion: '1.1.0', name, ...(listed === undefined ? {} : { 'cni.dev/valid-attachments': listed }) },
    );
    return this.node.call(verb, container, {
      stdin,
      surroundings: this.around,
      env: verb === 'GC' ? outside : {},
    });
  }

  async add(container: string, pool: string, name?: string): Promise<string> {
    const { exitCode, stdout, printed } = await this.call('ADD', container, pool, name);
    if (exitCode !== 0) throw new Error(stdout);
    return printed.ips[0].address;
  }

  /** What `lessor reconcile` and a round of the agent do. */
  async goThrough() {
    const { records, surroundings, calls } = this;
    const files = { ...nodeFiles, identity: () => undefined };
    const looking = { surroundings: { ...surroundings, files }, bootId: this.node.bootId };
    const { dead } = findDeadSandboxes(looking, records, new Map(), 0);
    const retired = retireDead(records, dead);
    const told = await flushAll({ ...looking, dataDirs: [] }, [records], calls);
    const compared = await reconcile({ api: calls, bootId: this.node.bootId, candidates: [records] });
    return { retired: retired.length, told: told.reported + told.released, released: compared.released.length };
  }
}

/** `<container> at <node>`, as the table has it. */
async function held(): Promise<string[]> {
  const found: string[] = [];
  for (const { id } of (await here.store.pools.readRegistry('default')).pools)
    for (let block = 0n; block < 8n; block += 1n)
      for (const { held: is, holding } of (await here.store.leases.readBlock({ pool: id, block })).values())
        if (is) found.push(`${holding?.attachment.containerId} at ${holding?.node}`);
  return found.sort();
}

let a: Machine;
beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 8, blockSize: 4, cooldownSeconds: 0, name: 'green' });
  await operatorsPool(here, { addresses: 16, blockSize: 8 });
  a = new Machine('a');
});
afterEach(() => a.node.remove());

describe.each(['blue', 'green'])('two machines with one data directory, in pool %s,', (pool) => {
  let b: Machine;
  const all = ['a1 at i-a', 'a2 at i-a', 'b1 at i-b', 'b2 at i-b'];
  beforeEach(async () => {
    b = new Machine('b', a.node.dataDir);
    for (const id of ['1', '2']) {
      await a.add(`a${id}`, pool);
      await b.add(`b${id}`, pool);
    }
  });
  afterEach(() => b.node.remove());

  test('have a journal each', () => {
    expect(readdirSync(a.node.dataDir).filter((name) => !name.startsWith('lessor.log'))).toEqual(['a', 'b']);
    expect([a.node.attachments(), b.node.attachments()]).toEqual([
      ['a1@eth0', 'a2@eth0'],
      ['b1@eth0', 'b2@eth0'],
    ]);
    expect(a.records.journalId).not.toBe(b.records.journalId);
  });

  test('free nothing of each other where each goes through what is dead and compares with the table', async () => {
    for (const machine of [b, a, b, a]) {
      expect(await machine.goThrough()).toEqual({ retired: 0, told: 0, released: 0 });
      expect(await held()).toEqual(all);
    }
  });

  test('free nothing of each other with GC', async () => {
    expect((await b.call('GC', '', pool, NETWORK, ['b1'])).exitCode).toBe(0);
    expect(await held()).toEqual(all.filter((one) => !one.startsWith('b2')));
    expect((await a.call('GC', '', pool, NETWORK, [])).exitCode).toBe(0);
    expect(await held()).toEqual(['b1 at i-b']);
    expect([a.node.attachments(), b.node.attachments()]).toEqual([[], ['b1@eth0']]);
  });

  test('free nothing of each other after one of them booted again', async () => {
    b.node.bootId = 'another boot of b';
    await b.add('b3', pool);
    expect(await b.goThrough()).toMatchObject({ retired: 2, told: 2 });
    expect(await a.goThrough()).toEqual({ retired: 0, told: 0, released: 0 });
    expect(await held()).toEqual(['a1 at i-a', 'a2 at i-a', 'b3 at i-b']);
  });

  test('free nothing of each other with a DEL of the same container id', async () => {
    await b.add('a1', pool);
    expect((await b.call('DEL', 'a1', pool)).exitCode).toBe(0);
    expect((await b.call('DEL', 'a2', pool)).exitCode).toBe(0);
    expect(await held()).toEqual(all);
  });

  test('tell each its own outage', async () => {
    a.service.fate = () => 'unreachable';
    await a.call('ADD', 'a3', pool);
    expect(b.records.meta('outage')).toBeUndefined();
    expect((await b.call('ADD', 'b3', pool)).exitCode).toBe(0);
  });
});

describe.each(['blue', 'green'])('several networks of one machine, in pool %s,', (pool) => {
  test('share one journal, and no slot is proposed twice', async () => {
    const addresses: string[] = [];
    for (const id of ['c1', 'c2', 'c3']) for (const name of ['one', 'two']) addresses.push(await a.add(id, pool, name));
    expect(new Set(addresses).size).toBe(6);
    expect(a.node.slots()).toHaveLength(6);
    expect(a.node.entries()).toHaveLength(6);
    const proposed = a.service.sent.flatMap(({ body }) =>
      body.proposal === undefined ? [] : JSON.stringify(body.proposal),
    );
    expect(new Set(proposed).size).toBe(proposed.length);
    expect((await a.call('DEL', 'c1', pool, 'one')).exitCode).toBe(0);
    expect(await held()).toEqual(['c1 at i-a', 'c2 at i-a', 'c2 at i-a', 'c3 at i-a', 'c3 at i-a']);
    expect((await a.call('GC', '', pool, 'two', ['c1'])).exitCode).toBe(0);
    expect(a.node.entries().map(({ attachment }) => `${attachment.containerId} in ${attachment.network}`)).toEqual([
      'c2 in one',
      'c3 in one',
      'c1 in two',
    ]);
    expect(await a.goThrough()).toEqual({ retired: 0, told: 0, released: 0 });
  });
});
