/** A node with two containers in a pool of its own blocks, the service's use cases behind it, and an agent; a clock that a test sets. */
import { type Agent, createAgent } from '../../../cni-shim/agent/agent.ts';
import { type Metrics, makeMetrics } from '../../../cni-shim/agent/metrics.ts';
import { agentTimes } from '../../../cni-shim/agent/tell-service.ts';
import { apiClient, type Calls } from '../../../cni-shim/api/client.ts';
import { openOutage } from '../../../cni-shim/api/outage.ts';
import { type Files, nodeFiles } from '../../../cni-shim/machine/files.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { type World, world } from '../../functions/world.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { type Service, serviceFor } from '../service.ts';

const identity = { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' };
const api = { endpoint: 'http://lessor.test', identity } as unknown as FakeApi;
export const POOL = 'a'.repeat(16);
export const GRACE_MS = 30_000;
export const MINUTE_MS = 60_000;
const NAMESPACES = '/run/netns';
const stdin = configuration({ ranges: undefined, pool: 'green', routes: undefined });

/** What is mounted in /run/netns, and in which namespaces there are processes. */
export class Namespaces {
  readonly #mounted = new Set<string>();
  readonly #inhabited = new Set<string>();
  readonly files: Files;

  /** @param below every other file */
  constructor(below: Files = nodeFiles) {
    this.files = this.#over(below);
  }

  readonly #over = (below: Files): Files => ({
    ...below,
    identity: (path) => {
      if (path === NAMESPACES) return '25:1';
      const [, pid] = /^\/proc\/(\d+)\/ns\/net$/.exec(path) ?? [];
      if (pid !== undefined) return `4:${[...this.#inhabited][Number(pid) - 1]}`;
      if (!path.startsWith(`${NAMESPACES}/`)) return below.identity(path);
      const name = path.slice(NAMESPACES.length + 1);
      return this.#mounted.has(name) ? `4:${name}` : undefined;
    },
    list: (directory) => {
      if (directory === '/proc') return [...this.#inhabited].map((_, index) => String(index + 1));
      return directory === NAMESPACES ? [...this.#mounted] : below.list(directory);
    },
  });

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

interface Logged {
  readonly level: string;
  readonly message: string;
  readonly facts: Record<string, unknown>;
}

export class AgentScene {
  readonly here: World = world();
  readonly node = new Node(api);
  service: Service = serviceFor(this.here.environment(), 'i-1');
  namespaces = new Namespaces();
  metrics: Metrics = makeMetrics('1.2.3');
  readonly logged: Logged[] = [];
  /** Beside the node's own. */
  readonly otherDirs: string[] = [];
  agent: Agent = this.#makeAgent();

  /** Containers a and b, one round, and nothing counted as sent yet. */
  static async begin(leasing: 'online' | 'delegated' = 'online', tellWithinSeconds = 1): Promise<AgentScene> {
    const scene = new AgentScene();
    await ownedPool(scene.here, {
      blocks: 8,
      blockSize: 4,
      cooldownSeconds: 0,
      name: 'green',
      leasing,
      tellWithinSeconds,
    });
    await scene.add('a');
    await scene.add('b');
    scene.startAgent();
    await scene.agent.round();
    scene.service.sent.length = 0;
    return scene;
  }

  get directories() {
    return {
      surroundings: this.surroundings,
      dataDirs: [this.node.dataDir, ...this.otherDirs],
      bootId: this.node.bootId,
    };
  }

  get surroundings() {
    return { ...machineUnderNode(), ...this.node.here, ...this.#around() };
  }

  call(verb: string, container: string) {
    const env = { CNI_NETNS: `${NAMESPACES}/${container}` };
    return this.node.call(verb, container, { stdin, env, surroundings: this.#around() });
  }

  async add(container: string): Promise<void> {
    this.namespaces.begin(container);
    const called = await this.call('ADD', container);
    if (called.exitCode !== 0) throw new Error(called.stdout);
  }

  /** Containers that the table has, in any block. */
  async held(): Promise<string[]> {
    const found: string[] = [];
    for (let block = 0n; block < 8n; block += 1n)
      for (const { held: is, holding } of (await this.here.store.leases.readBlock({ pool: POOL, block })).values())
        if (is) found.push(holding?.attachment.containerId ?? '');
    return found.sort();
  }

  /** Another process, with figures of its own. */
  startAgent(): void {
    this.metrics = makeMetrics('1.2.3');
    this.agent = this.#makeAgent();
  }

  pass(milliseconds: number): void {
    this.here.clock.now += milliseconds;
  }

  /** Rounds as they come for so long. */
  async roundsFor(milliseconds: number): Promise<void> {
    for (const end = this.here.clock.now + milliseconds; this.here.clock.now < end; ) {
      this.pass(agentTimes.roundMs);
      await this.agent.round();
    }
  }

  sentTo = (path: string) => this.service.sent.filter((sent) => sent.path === path);
  errors = () => this.logged.filter(({ level }) => level === 'error');

  async figure(name: string): Promise<number | undefined> {
    const line = (await this.metrics.registry.metrics()).split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  #around() {
    return {
      files: this.namespaces.files,
      fetch: this.service.fetch,
      now: () => this.here.clock.now,
      sleep: async (milliseconds: number) => this.pass(milliseconds),
    };
  }

  get client(): Calls {
    const { surroundings } = this;
    const credentials = { get: async () => ({ credentials: identity, cached: false }) };
    const limits = { attempt: 300, total: 300 };
    return apiClient({
      endpoint: new URL(api.endpoint),
      region: 'eu-central-1',
      credentials,
      surroundings,
      limits,
    });
  }

  #makeAgent(): Agent {
    const { surroundings } = this;
    return createAgent({
      ...this.directories,
      api: this.client,
      outages: [openOutage(openRecords(surroundings, this.node.dataDir), surroundings.now)],
      metrics: this.metrics,
      log: (level, message, facts = {}) => this.logged.push({ level, message, facts }),
      who: { version: '1.2.3', name: 'worker-1' },
      graceMs: GRACE_MS,
    });
  }
}
