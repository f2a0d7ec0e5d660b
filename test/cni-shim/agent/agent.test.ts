/** The agent's rounds with the service's own use cases behind it, a clock that a test sets, and namespaces that it ends. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../../cni-shim/agent/agent.ts';
import { type Metrics, makeMetrics } from '../../../cni-shim/agent/metrics.ts';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { apiClient } from '../../../cni-shim/api/client.ts';
import { openOutage } from '../../../cni-shim/api/outage.ts';
import { type Files, nodeFiles } from '../../../cni-shim/machine/files.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { recordsIn } from '../../../cni-shim/sync/data-directories.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { fenceBlock } from '../../../functions/use-cases/blocks/fence-block.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { readNode } from '../../../functions/use-cases/nodes/heartbeat.ts';
import { reclaim } from '../../../functions/use-cases/reclaim/reclaim.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { callOf, type World, world } from '../../functions/world.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { type Service, serviceFor } from '../service.ts';

const identity = { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' };
const api = { endpoint: 'http://lessor.test', identity } as unknown as FakeApi;
const POOL = 'a'.repeat(16);
const GRACE_MS = 30_000;
const MINUTE_MS = 60_000;
const NAMESPACES = '/run/netns';

let here: World;
let node: Node;
let service: Service;
let namespaces: Namespaces;
let metrics: Metrics;
let logged: { level: string; message: string; facts: Record<string, unknown> }[];
let agent: Agent;

/** What is mounted in /run/netns, and in which namespaces there are processes. */
class Namespaces {
  readonly #mounted = new Set<string>();
  readonly #inhabited = new Set<string>();
  readonly files: Files = {
    ...nodeFiles,
    identity: (path) => {
      if (path === NAMESPACES) return '25:1';
      const [, pid] = /^\/proc\/(\d+)\/ns\/net$/.exec(path) ?? [];
      if (pid !== undefined) return `4:${[...this.#inhabited][Number(pid) - 1]}`;
      if (!path.startsWith(`${NAMESPACES}/`)) return nodeFiles.identity(path);
      const name = path.slice(NAMESPACES.length + 1);
      return this.#mounted.has(name) ? `4:${name}` : undefined;
    },
    list: (directory) => {
      if (directory === '/proc') return [...this.#inhabited].map((_, index) => String(index + 1));
      return directory === NAMESPACES ? [...this.#mounted] : nodeFiles.list(directory);
    },
  };

  begin(name: string): void {
    this.#mounted.add(name);
    this.#inhabited.add(name);
  }

  unmount(name: string): void {
    this.#mounted.delete(name);
  }

  end(name: string): void {
    this.#mounted.delete(name);
    this.#inhabited.delete(name);
  }
}

const around = () => ({
  files: namespaces.files,
  fetch: service.fetch,
  now: () => here.clock.now,
  sleep: async (milliseconds: number) => {
    here.clock.now += milliseconds;
  },
});
const surroundings = () => ({ ...machineUnderNode(), ...node.here, ...around() });
const stdin = configuration({ ranges: undefined, pool: 'green', routes: undefined });
const call = (verb: string, container: string) =>
  node.call(verb, container, {
    stdin,
    env: { CNI_NETNS: `${NAMESPACES}/${container}` },
    surroundings: around(),
  });
const add = async (container: string) => {
  namespaces.begin(container);
  const called = await call('ADD', container);
  if (called.exitCode !== 0) throw new Error(called.stdout);
};
/** Containers that the table has, in any block. */
async function held(): Promise<string[]> {
  const found: string[] = [];
  for (let block = 0n; block < 8n; block += 1n)
    for (const { held: is, holding } of (await here.store.leases.readBlock({ pool: POOL, block })).values())
      if (is) found.push(holding?.attachment.containerId ?? '');
  return found.sort();
}
const directories = () => ({ surroundings: surroundings(), dataDirs: [node.dataDir], bootId: node.bootId });
function startAgent(): Agent {
  const credentials = { get: async () => ({ credentials: identity, cached: false }) };
  metrics = makeMetrics('1.2.3');
  return createAgent({
    ...directories(),
    api: apiClient({
      endpoint: new URL(api.endpoint),
      region: 'eu-central-1',
      credentials,
      surroundings: surroundings(),
      limits: { attempt: 300, total: 300 },
    }),
    outages: [openOutage(openRecords(surroundings(), node.dataDir), surroundings().now)],
    metrics,
    log: (level, message, facts = {}) => logged.push({ level, message, facts }),
    who: { version: '1.2.3', name: 'worker-1' },
    graceMs: GRACE_MS,
  });
}
const pass = (milliseconds: number) => {
  here.clock.now += milliseconds;
};
/** Rounds as they come for so long. */
async function roundsFor(milliseconds: number): Promise<void> {
  for (const end = here.clock.now + milliseconds; here.clock.now < end; ) {
    pass(agentTimes.roundMs);
    await agent.round();
  }
}
const sentTo = (path: string) => service.sent.filter((sent) => sent.path === path);
const errors = () => logged.filter(({ level }) => level === 'error');
const figure = async (name: string): Promise<number | undefined> => {
  const line = (await metrics.registry.metrics()).split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
};

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 8, blockSize: 4, cooldownSeconds: 0, name: 'green' });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
  namespaces = new Namespaces();
  logged = [];
  await add('a');
  await add('b');
  agent = startAgent();
  await agent.round();
  service.sent.length = 0;
});
afterEach(() => node.remove());

describe('a container whose namespace is gone', () => {
  test('is released after the grace, and not before', async () => {
    namespaces.end('a');
    await roundsFor(GRACE_MS);
    expect(await held()).toEqual(['a', 'b']);
    expect(service.sent).toEqual([]);
    await roundsFor(agentTimes.roundMs);
    expect(await held()).toEqual(['b']);
    expect(node.entry('a')).toBeUndefined();
    expect(node.outbox().releases).toEqual([]);
    expect(sentTo(routes.release.path)).toHaveLength(1);
    expect(await figure('lessor_dead_sandboxes_total{why="namespace"}')).toBe(1);
    expect(logged).toContainEqual({
      level: 'info',
      message: 'a container ended without a DEL',
      facts: expect.objectContaining({ containerId: 'a', why: 'namespace' }),
    });
  });

  test('is not released while a process is in its namespace', async () => {
    namespaces.unmount('a');
    await roundsFor(10 * GRACE_MS);
    expect(await held()).toEqual(['a', 'b']);
    namespaces.end('a');
    await roundsFor(GRACE_MS + agentTimes.roundMs);
    expect(await held()).toEqual(['b']);
  });

  test('has its grace anew where it was seen to live meanwhile', async () => {
    namespaces.end('a');
    await roundsFor(GRACE_MS);
    namespaces.begin('a');
    await roundsFor(agentTimes.roundMs);
    namespaces.end('a');
    await roundsFor(GRACE_MS);
    expect(await held()).toEqual(['a', 'b']);
  });

  test('waits for no more than the grace where the clock was set back by a day', async () => {
    namespaces.end('a');
    await roundsFor(agentTimes.roundMs);
    pass(-24 * 60 * MINUTE_MS);
    await roundsFor(GRACE_MS + 2 * agentTimes.roundMs);
    expect(await held()).toEqual(['b']);
  });

  test('is released by the DEL that comes after all, once', async () => {
    namespaces.end('a');
    await roundsFor(GRACE_MS);
    expect((await call('DEL', 'a')).exitCode).toBe(0);
    await roundsFor(MINUTE_MS);
    expect(sentTo(routes.release.path)).toHaveLength(1);
    expect(await figure('lessor_dead_sandboxes_total{why="namespace"}')).toBeUndefined();
  });
});

test('what is not the journal’s keeps the agent from nothing', async () => {
  for (const path of [join(node.dataDir, 'notes'), join(dirname(node.journalPath), 'notes')])
    writeFileSync(path, 'of an editor');
  node.bootId = 'boot-2';
  agent = startAgent();
  await agent.round();
  expect(await held()).toEqual([]);
});

test('what an earlier boot left is released at once', async () => {
  node.bootId = 'boot-2';
  namespaces = new Namespaces();
  agent = startAgent();
  await agent.round();
  expect(await held()).toEqual([]);
  expect(await figure('lessor_dead_sandboxes_total{why="reboot"}')).toBe(2);
});

describe('while the API cannot be reached', () => {
  beforeEach(async () => {
    service.fate = () => 'unreachable';
    await add('c');
    await add('d');
    service.sent.length = 0;
  });

  test('the pauses between two tries grow to a minute, and are no fault of its health', async () => {
    const tries: number[] = [];
    service.fate = () => {
      tries.push(here.clock.now);
      return 'unreachable';
    };
    const begun = here.clock.now;
    for (let round = 0; round < 60; round += 1) {
      await roundsFor(agentTimes.roundMs);
      expect(agent.health()).toBeUndefined();
    }
    // One attempt may take several sends within its own deadline.
    const seconds = tries.map((at) => Math.round((at - begun) / 10_000) * 10);
    const pauses = [...new Set(seconds)].map((at, index, all) => at - (all[index - 1] ?? 0)).slice(1);
    expect(pauses.slice(0, 3)).toEqual([10, 20, 40]);
    expect(new Set(pauses.slice(3))).toEqual(new Set([60]));
    expect(pauses.length).toBeGreaterThan(8);
    expect(await figure('lessor_api_reachable')).toBe(0);
    expect(await figure('lessor_outbox{network="my-bridge-network",kind="report"}')).toBe(2);
  });

  test('leases are reported afterwards, and the table is compared', async () => {
    await roundsFor(5 * MINUTE_MS);
    expect(await held()).toEqual(['a', 'b']);
    service.fate = () => undefined;
    await roundsFor(MINUTE_MS);
    expect(await held()).toEqual(['a', 'b', 'c', 'd']);
    expect(node.outbox()).toEqual({ reports: [], releases: [] });
    expect(await figure('lessor_outbox_flushed_total{kind="report"}')).toBe(2);
    expect(await figure('lessor_outbox{network="my-bridge-network",kind="report"}')).toBe(0);
    expect(await figure('lessor_api_reachable')).toBe(1);
    expect(sentTo(routes.ownLeases.path)).not.toEqual([]);
  });

  test('a container that began and ended leaves no lease', async () => {
    namespaces.end('c');
    await roundsFor(5 * MINUTE_MS);
    service.fate = () => undefined;
    await roundsFor(MINUTE_MS);
    expect(await held()).toEqual(['a', 'b', 'd']);
    expect(node.slots()).toHaveLength(3);
  });

  test('a lease whose block was taken away on evidence is lost: it is said once a minute, and counted', async () => {
    const { local } = node.entry('c') ?? {};
    const key = { pool: POOL, block: blockFromText(local?.slot.block ?? '0') };
    await fenceBlock(here.environment(), key, { generation: local?.generation ?? 0, forced: true });
    service = serviceFor(here.environment(), 'i-1');
    agent = startAgent();
    await roundsFor(10 * MINUTE_MS);
    const lost = errors().filter(({ facts }) => facts.containerId === 'c');
    expect(lost.length).toBeGreaterThan(1);
    expect(lost.length).toBeLessThanOrEqual(10);
    expect(lost[0]).toMatchObject({ facts: { addresses: local?.addresses } });
    expect(await figure('lessor_leases_lost_total')).toBeGreaterThan(1);
    expect(agent.health()).toBeUndefined();
  });
});

describe('where nothing happens', () => {
  test('"I am here" is sent every ten minutes, the table is read every six hours, and nothing else is sent', async () => {
    await roundsFor(12 * 60 * MINUTE_MS);
    expect(sentTo(routes.heartbeat.path)).toHaveLength(72);
    expect(sentTo(routes.ownLeases.path)).toHaveLength(2);
    expect(service.sent).toHaveLength(74);
    expect(errors()).toEqual([]);
  });

  test('a clock that was set back by a day makes it due, not overdue for a day', async () => {
    await roundsFor(MINUTE_MS);
    pass(-24 * 60 * MINUTE_MS);
    await roundsFor(agentTimes.roundMs);
    expect(sentTo(routes.heartbeat.path)).toHaveLength(1);
    expect(agent.health()).toBeUndefined();
  });

  test('people see at the service when it was here, with its name and version', async () => {
    await roundsFor(10 * MINUTE_MS);
    expect(await readNode(here.environment(), 'i-1')).toMatchObject({ name: 'worker-1', version: '1.2.3' });
  });
});

test('a lease of this node without an entry is released when the table is read', async () => {
  await add('c');
  const entry = node.entry('c');
  const [records] = recordsIn(directories());
  if (entry === undefined || records === undefined) throw new Error('nothing was kept');
  records.journal.forget(entry);
  await roundsFor(MINUTE_MS);
  expect(await held()).toEqual(['a', 'b', 'c']);
  await roundsFor(agentTimes.reconcileMs);
  expect(await held()).toEqual(['a', 'b']);
  expect(await figure('lessor_reconciled_total{reason="unjournaled"}')).toBe(1);
});

test('a node that was declared dead although it runs says so, as an error and in a metric', async () => {
  await declareDeath(here.environment(), callOf('operator'), { node: 'i-1', reason: 'a mistake' });
  await roundsFor(10 * MINUTE_MS);
  expect(errors()).toEqual([
    expect.objectContaining({ message: expect.stringContaining('declared dead although it runs') }),
  ]);
  expect(await figure('lessor_declared_dead')).toBe(1);
});

test('a node that was declared dead goes on saying so until no container lives with a lease of that life', async () => {
  await declareDeath(here.environment(), callOf('operator'), { node: 'i-1', reason: 'a mistake' });
  await roundsFor(10 * MINUTE_MS);
  await reclaim(here.environment());
  // The next ADD begins another life, of which the service says nothing ill.
  await add('of-the-next-life');
  await roundsFor(10 * MINUTE_MS);
  expect(errors().at(-1)).toMatchObject({ facts: { containers: 2 } });
  expect(await figure('lessor_declared_dead')).toBe(1);
  for (const container of ['a', 'b']) expect((await call('DEL', container)).exitCode).toBe(0);
  await roundsFor(10 * MINUTE_MS);
  expect(await figure('lessor_declared_dead')).toBe(0);
});

test('a lease that the table does not have although its container lives is lost: logged, counted, and said by status', async () => {
  const { acknowledged, nonce } = node.entry('a') ?? {};
  if (acknowledged === undefined || nonce === undefined) throw new Error('a has no lease');
  const { pool, block, slot } = acknowledged.slot;
  const key = { pool, block: blockFromText(block), slot };
  const by = { containerId: 'a', ifname: 'eth0', node: 'i-1', nonce };
  await here.store.leases.release(key, by, here.clock.now);
  await roundsFor(6 * 60 * MINUTE_MS);
  expect(errors()).toContainEqual(
    expect.objectContaining({
      message: 'a container lives with an address that the service may give to another one',
      facts: expect.objectContaining({ containerId: 'a', addresses: [expect.anything()] }),
    }),
  );
  expect(await figure('lessor_leases_lost_total')).toBe(1);
  expect(node.entry('a')).toMatchObject({ lost: true });
});

test('the journal of another node is told of once a heartbeat, and nothing else is sent for it', async () => {
  await roundsFor(10 * MINUTE_MS);
  service = serviceFor(here.environment(), 'i-2');
  agent = startAgent();
  pass(10 * MINUTE_MS);
  await agent.round();
  expect(service.sent.map(({ path }) => path)).toEqual([routes.heartbeat.path]);
  expect(logged.at(-1)).toMatchObject({
    level: 'warn',
    message: expect.stringMatching(/this journal is of node i-1, and the service takes the caller for i-2/),
  });
});

test('a block whose giving back was not answered is given back with the next "I am here"', async () => {
  for (const container of ['c', 'd', 'e']) await add(container);
  service.fate = ({ path }) => (path === routes.giveBack.path ? 'unreachable' : undefined);
  for (const container of ['a', 'b', 'c', 'd']) await call('DEL', container);
  expect(node.returnedBlocks().map((name) => name.includes('answered'))).toEqual([false]);
  service.fate = () => undefined;
  await roundsFor(10 * MINUTE_MS);
  expect(node.returnedBlocks().map((name) => name.includes('answered'))).toEqual([true]);
});

test('a round that goes on for more than a minute without an answer is told by its health', async () => {
  service.fate = () => {
    pass(61_000);
    expect(agent.health()).toMatch(/nothing has gone on for 6\d s/);
    return undefined;
  };
  pass(agentTimes.heartbeatMs);
  await agent.round();
  expect(agent.health()).toBeUndefined();
  expect(sentTo(routes.heartbeat.path)).toHaveLength(1);
});
