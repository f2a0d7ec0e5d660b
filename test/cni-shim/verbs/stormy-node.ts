/**
 * One node's plugin, in process, with the service's own use cases behind it, and what befalls them, by a seed: containers come
 * and go and die, reports are flushed, the machine starts anew, clocks step, requests are lost, late and doubled, all at once.
 */
import { setImmediate } from 'node:timers/promises';
import { apiClient } from '../../../cni-shim/api/client.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { flush } from '../../../cni-shim/sync/flush.ts';
import { reconcile } from '../../../cni-shim/sync/reconcile.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { type World, world } from '../../functions/world.ts';
import { type Chance, chanceOf } from '../../linearizability/chance.ts';
import { processDatabases } from '../../support/libsql-database.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { serviceFor } from '../service.ts';
import type { BrokenNode } from './broken-nodes.ts';
import { type ServiceInWeather, serviceInWeather } from './service-in-weather.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
const credentials = { get: async () => ({ credentials: api.identity, cached: false }) };
const limits = { attempt: 300, total: 900 };
const stdin = configuration({ ranges: undefined, pool: 'green', routes: undefined });

const POOL = 'a'.repeat(16);
const MOST_BLOCKS = 2;
const ROUNDS = 60;
/** ADDs and DELs that each may send what is still to be told. */
const CALM_ROUNDS = 4;
/** Of the CNI error codes: try again later; no address is left. */
const MAY_FAIL = [11, 101];
/** What came late for another container may be in the way of a report: this one lives on. */
const LEASE_LOST = 105;

interface Scene {
  readonly here: World;
  readonly chance: Chance;
  readonly node: Node;
  readonly service: ServiceInWeather;
  /** Addresses by container. */
  readonly living: Map<string, string>;
  /** Containers that are being added or deleted: the runtime does one at a time with each. */
  readonly busy: Set<string>;
  readonly trace: string[];
  call(verb: 'ADD' | 'DEL', container: string): ReturnType<Node['call']>;
  records(): ReturnType<typeof openRecords>;
  client(): ReturnType<typeof apiClient>;
  /** What was opened is closed. */
  end(): void;
}

async function sceneOf(seed: number, broken?: BrokenNode): Promise<Scene> {
  const here = world();
  const chance = chanceOf(seed);
  await ownedPool(here, { blocks: 1 + chance.under(MOST_BLOCKS), blockSize: 8, cooldownSeconds: 5, name: 'green' });
  const node = new Node(api);
  const service = serviceInWeather(serviceFor(here.environment(), 'i-1').fetch, chance);
  const machinery = machineUnderNode();
  const { openDatabase, end } = processDatabases(broken?.(machinery.openDatabase) ?? machinery.openDatabase);
  const around = {
    fetch: service.fetch,
    now: () => here.clock.now,
    random: chance.next,
    sleep: async (milliseconds: number) => {
      here.clock.now += milliseconds / 4;
      await setImmediate();
    },
    openDatabase,
  };
  const surroundings = () => ({ ...machineUnderNode(), ...node.here, ...around });
  const records = () => openRecords(surroundings(), node.dataDir);
  const endpoint = new URL(api.endpoint);
  return {
    ...{ here, chance, node, service, records, end },
    ...{ living: new Map(), busy: new Set(), trace: [] },
    call: (verb, container) => node.call(verb, container, { stdin, surroundings: around }),
    client: () => apiClient({ endpoint, region: 'eu-central-1', credentials, surroundings: surroundings(), limits }),
  };
}

/** @throws Error where two containers live with one address */
function ensureApart({ living }: Scene): void {
  const holders = new Map<string, string>();
  for (const [container, address] of living) {
    const other = holders.get(address);
    if (other !== undefined) throw new Error(`${other} and ${container} both live with ${address}`);
    holders.set(address, container);
  }
}

async function add(scene: Scene, container: string, mayFail = MAY_FAIL): Promise<boolean> {
  const { living, trace } = scene;
  trace.push(`ADD ${container}`);
  const { exitCode, printed, stdout } = await scene.call('ADD', container);
  if (exitCode !== 0) {
    trace.push(`ADD ${container} failed: ${stdout.trim()}`);
    if (!mayFail.includes(printed.code)) throw new Error(`ADD ${container}: ${stdout}`);
    return false;
  }
  const { address } = printed.ips[0];
  trace.push(`ADD ${container} = ${address}`);
  living.set(container, address);
  ensureApart(scene);
  return true;
}

async function remove({ call, living, trace }: Scene, container: string): Promise<void> {
  living.delete(container);
  trace.push(`DEL ${container}`);
  const { exitCode, stdout } = await call('DEL', container);
  if (exitCode !== 0) throw new Error(`DEL ${container}: ${stdout}`);
  trace.push(`DEL ${container} done`);
}

/** As the runtime calls the plugin: nobody else does anything with the container meanwhile. */
async function alone({ busy }: Scene, container: string, act: () => Promise<void>): Promise<void> {
  busy.add(container);
  await act();
  busy.delete(container);
}

const flushSome = ({ records, client, here }: Scene, most?: number) =>
  flush({ records: records(), api: client(), now: () => here.clock.now }, most === undefined ? {} : { most });
const reconcileAll = ({ client, node, records }: Scene) =>
  reconcile({ api: client(), bootId: node.bootId, candidates: [records()] });

function anyIdle({ living, busy, chance }: Scene): string | undefined {
  const idle = [...living.keys()].filter((container) => !busy.has(container));
  return idle.length === 0 ? undefined : chance.pick(idle);
}

/** With how often each happens. */
const EVENTS: readonly (readonly [number, (scene: Scene, event: number) => unknown])[] = [
  [40, (scene, event) => addNew(scene, `c${event}`)],
  [25, removeOne],
  [7, oneDies],
  [8, (scene) => flushSome(scene, 1 + scene.chance.under(6))],
  // The table cannot always be read.
  [3, (scene) => reconcileAll(scene).catch(() => undefined)],
  [5, ({ service }) => service.oneArrives()],
  [3, addAgain],
  [0.3, ({ here, chance }) => (here.clock.now -= chance.under(20_000))],
  [3, ({ here, chance }) => (here.clock.now += chance.under(12_000))],
  [5, ({ service, chance }) => (service.weather = chance.pick(['clear', 'cut', 'cut', 'lossy']))],
];
const ALL_EVENTS = EVENTS.reduce((sum, [weight]) => sum + weight, 0);

async function happen(scene: Scene, event: number): Promise<void> {
  let drawn = scene.chance.next() * ALL_EVENTS;
  for (const [weight, act] of EVENTS) {
    drawn -= weight;
    if (drawn >= 0) continue;
    await act(scene, event);
    return;
  }
}

const addNew = (scene: Scene, container: string) =>
  alone(scene, container, async () => {
    const lives = await add(scene, container);
    if (!lives && scene.chance.happens(0.7)) await remove(scene, container);
  });

async function addAgain(scene: Scene): Promise<void> {
  const container = anyIdle(scene);
  if (container === undefined) return;
  await alone(scene, container, async () => void (await add(scene, container, [...MAY_FAIL, LEASE_LOST])));
}

async function removeOne(scene: Scene): Promise<void> {
  const container = anyIdle(scene);
  if (container === undefined) return;
  await alone(scene, container, async () => {
    await remove(scene, container);
    if (scene.chance.happens(0.2)) await remove(scene, container);
  });
}

/** Its sandbox is found dead, and no DEL comes. */
function oneDies(scene: Scene): void {
  const container = anyIdle(scene);
  const entry = container && scene.node.entry(container);
  if (!container || !entry) return;
  scene.trace.push(`${container} dies`);
  scene.living.delete(container);
  scene.records().outbox.retireUnlessAdded(entry);
}

/** Nothing lives on; what was sent before may still arrive. */
function reboot({ node, living, trace }: Scene, round: number): void {
  node.bootId = `boot-${round + 2}`;
  living.clear();
  trace.push('reboot');
}

function retireEarlierBoots({ node, records }: Scene): void {
  for (const entry of node.entries()) if (entry.bootId !== node.bootId) records().outbox.retireUnlessAdded(entry);
}

/** The API is back, whatever was held back has arrived, and the node has had the time to tell all that there is. */
async function calmDown(scene: Scene): Promise<void> {
  const { here, service, node, living, trace } = scene;
  trace.push('the API is back');
  service.weather = 'clear';
  while (await service.oneArrives());
  here.clock.now += 120_000;
  for (let round = 0; round < CALM_ROUNDS; round++) {
    await scene.call('ADD', `last${round}`);
    await scene.call('DEL', `last${round}`);
    await reconcileAll(scene);
    here.clock.now += 60_000;
    const { failures } = await flushSome(scene);
    // What came late for a container that is not deleted yet may be in the way, until it is.
    if (round === CALM_ROUNDS - 1)
      for (const { entry, error } of failures) throw new Error(`${entry.attachment.containerId}: ${error.message}`);
    for (const { attachment } of node.entries())
      if (!living.has(attachment.containerId)) await remove(scene, attachment.containerId);
  }
}

/** @throws Error where the table holds anything else than what lives, or something is still to be told */
async function ensureAllTold({ here, node, living }: Scene): Promise<void> {
  const all = Array.from({ length: MOST_BLOCKS }, (_, block) => BigInt(block));
  const blocks = await Promise.all(all.map((block) => here.store.leases.readBlock({ pool: POOL, block })));
  const held = blocks
    .flatMap((block) => [...block.values()])
    .flatMap((one) => (one.held ? [String(one.holding?.attachment.containerId)] : []));
  const found = JSON.stringify({ held: held.sort(), ...node.outbox() });
  const right = JSON.stringify({ held: [...living.keys()].sort(), reports: [], releases: [] });
  if (found !== right) throw new Error(`in the end there is ${found}, not ${right}`);
}

export interface Storm {
  /** What went wrong; undefined where nothing did. */
  readonly complaint: string | undefined;
  /** What happened, in its order. */
  readonly trace: readonly string[];
}

export async function storm(seed: number, broken?: BrokenNode): Promise<Storm> {
  const scene = await sceneOf(seed, broken);
  const { chance, trace, node } = scene;
  let events = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if (chance.happens(0.03)) reboot(scene, round);
      if (chance.happens(0.3)) retireEarlierBoots(scene);
      await Promise.all(Array.from({ length: 1 + chance.under(3) }, () => happen(scene, events++)));
      ensureApart(scene);
    }
    await calmDown(scene);
    await ensureAllTold(scene);
    return { complaint: undefined, trace };
  } catch (error) {
    return { complaint: error instanceof Error ? error.message : String(error), trace };
  } finally {
    scene.end();
    node.remove();
  }
}
