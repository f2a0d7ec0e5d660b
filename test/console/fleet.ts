/** A made fleet in the tables of a local stack: clusters with pools, nodes and pods, as after weeks of use. */
import { BatchWriteItemCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import pMap from 'p-map';
import type { PoolView } from '../../core/contract/pool.ts';
import { poolSpace } from '../../core/pools/pool-space.ts';
import { stretchOf } from '../../core/protocol/block.ts';
import { periodOf } from '../../core/protocol/history.ts';
import type { Holding } from '../../core/protocol/lease.ts';
import { blockKeyToText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { expiry, sampleItem } from '../../functions/store/history-items.ts';
import { keys, slotItem } from '../../functions/store/items.ts';
import { operatorClient } from '../../local/demo/operator.ts';
import type { LocalStack } from '../../local/stack/stack.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const BOOT = 'boot-1';
/** Of a pool: those behind them are free. */
const MOST_SLOTS = 512;
const APPS = ['web', 'api', 'worker', 'cache', 'ingest', 'cron', 'gateway', 'search'];
const NAMESPACES = ['shop', 'payments', 'ledger', 'search', 'identity', 'batch', 'observability', 'mail', 'ml'];
const REGIONS = ['eu-central-1', 'us-east-1', 'ap-south-1'];

/** Addresses of the reservation. */
const RESERVED = 16;

/** A name that a page might take for markup. */
export const MARKUP = '<img src=x onerror=document.title="broken">';

export interface Lease {
  readonly key: SlotKey;
  readonly holding: Holding;
  readonly address: string;
  readonly pool: string;
}

export interface Fleet {
  readonly clusters: readonly string[];
  readonly pools: readonly PoolView[];
  readonly leases: readonly Lease[];
  readonly store: Store;
}

interface MadePool {
  readonly name: string;
  readonly subnets: readonly (readonly string[])[];
  /** From 0 to 1. */
  readonly used: number;
  readonly more?: Record<string, unknown>;
}

/** Numbers that look like chance, the same in each run. */
const chance = (n: number): number => (Math.imul(n ^ 0x5bd1e995, 0x9e3779b1) >>> 0) / 2 ** 32;
const pick = <T>(from: readonly T[], n: number): T => from[Math.floor(chance(n) * from.length)] as T;

const clusterName = (n: number): string =>
  `${n % 4 === 3 ? 'stage' : 'prod'}-${REGIONS[n % 3]}-${Math.floor(n / 3) + 1}`;

function poolsOf(clusters: number): MadePool[] {
  const made = Array.from({ length: clusters }, (_, n): MadePool => {
    const cluster = clusterName(n);
    const subnet = `10.${16 + (n >> 3)}.${(n & 7) * 32}.0/${[21, 23, 22, 24, 22][n % 5]}`;
    return {
      name: cluster,
      subnets: n % 4 === 0 ? [[subnet], [`fd00:${(16 + n).toString(16)}::/64`]] : [[subnet]],
      used: [0.72, 0.61, 0.22, 0.91, 0.47][n % 5] as number,
      more: { clusters: [cluster], exclude: [subnet.replace(/0\/\d+$/, '16/28')] },
    };
  });
  const special: MadePool[] = [
    {
      name: 'checkout',
      subnets: [['10.8.0.0/24'], ['fd00:8::/64']],
      used: 0.93,
      more: {
        quotas: { shop: 160, payments: 60 },
        reservations: [{ name: 'database', addresses: ['10.8.0.32/28'], namespace: 'shop' }],
        exclude: ['10.8.0.240/28'],
      },
    },
    { name: 'ledger', subnets: [['10.9.0.0/23']], used: 0.71, more: { namespaces: ['ledger'] } },
    {
      name: 'old-batch',
      subnets: [['10.12.4.0/24', '10.12.9.0/25']],
      used: 0.08,
      more: { nodeLabels: { rack: MARKUP } },
    },
    { name: 'edge-v6', subnets: [['fd00:beef::/64']], used: 0.42 },
  ];
  return [...special, ...made];
}

export async function makeFleet(stack: LocalStack, clusterCount = 40, now = Date.now()): Promise<Fleet> {
  const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  const credentials = { accessKeyId: 'LOCAL', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: stack.dynamodb.endpoint, region: stack.region, credentials });
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const named = (part: string) => TableNames.find((name) => name.includes(part)) ?? '';
  const tables = { pools: named('Pools'), leases: named('Leases'), history: named('History') };
  const document = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const store = dynamodbStore(document, tables);

  const made = poolsOf(clusterCount);
  const pools: PoolView[] = [];
  for (const { name, subnets, more } of made) {
    const ranges = subnets.map((set) => set.map((subnet) => ({ subnet })));
    pools.push((await operator.ask('createPool', { body: { name, ranges, ...more } })).pool);
  }
  // Another address space, with addresses of the first one.
  await operator.ask('createPool', { body: { vrf: 'lab', name: 'bench', ranges: [[{ subnet: '10.8.0.0/26' }]] } });
  const leases = made.flatMap(({ used }, at) => leasesOf(pools[at] as PoolView, used, at, now));
  const slots = leases.map(({ key, holding }) => ({ ...keys.slot(key), ...slotItem(holding, 1) }));
  await writeItems(client, tables.leases, slots);
  await writeNodes(store, leases, clusterCount, now);
  await pMap(pools, (pool) => noteStretches(store, pool.id, leases), { concurrency: 8 });
  await writeHistory(store, leases, now);
  await writeItems(client, tables.history, samplesOf(pools, now));
  await operator.ask('changePool', {
    path: { pool: 'old-batch' },
    query: { vrf: 'default' },
    body: { state: 'draining' },
  });
  for (const { key, holding } of leases.filter((_, n) => n % 23 === 5)) {
    const { attachment, node, nonce } = holding;
    const by = { containerId: attachment.containerId, ifname: attachment.ifname, node, nonce };
    await store.leases.release(key, by, { endedAt: now, reusableAt: now + HOUR });
  }
  client.destroy();
  return { clusters: Array.from({ length: clusterCount }, (_, n) => clusterName(n)), pools, leases, store };
}

function leasesOf(pool: PoolView, used: number, at: number, now: number): Lease[] {
  const space = poolSpace(pool);
  const slots = Math.min(Number(space.slots), MOST_SLOTS);
  const found: Lease[] = [];
  for (let n = 0; n < slots; n += 1) {
    const key = { pool: pool.id, block: BigInt(Math.floor(n / pool.blockSize)), slot: n % pool.blockSize };
    const seed = at * 4096 + n;
    if (!space.isUsable(key.block, key.slot) || chance(seed) > used) continue;
    const age = chance(seed + 7) ** 4 * 50 * DAY + MINUTE;
    const isFirst = (count: number) => pool.name === 'checkout' && found.length === count;
    const namespace = isFirst(1) ? MARKUP : pick(NAMESPACES, Math.floor(n / 5) + at);
    const name = isFirst(0) ? MARKUP : `${pick(APPS, seed)}-${hex(seed, 9)}-${hex(n, 5)}`;
    const holding: Holding = {
      attachment: { network: 'pods', containerId: hex(seed, 64), ifname: 'eth0' },
      nonce: hex(seed, 32),
      node: nodeOf(at, Math.floor(chance(seed + 3) * 8)),
      incarnation: 1,
      heldAt: Math.round(now - age),
      pod: { namespace, name },
    };
    const address = space.addresses(key.block, key.slot)[0]?.address.split('/')[0] ?? '';
    found.push({ key, holding, address, pool: pool.name });
  }
  return found;
}

const hex = (seed: number, digits: number): string =>
  Array.from({ length: Math.ceil(digits / 8) }, (_, n) =>
    Math.floor(chance(seed * 31 + n) * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  )
    .join('')
    .slice(0, digits);

const nodeOf = (cluster: number, n: number): string => `i-0${hex(cluster * 100 + n, 16)}`;

/** Twenty-five together. */
async function writeItems(client: DynamoDBClient, table: string, items: readonly object[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(items.length / 25) }, (_, n) => items.slice(n * 25, n * 25 + 25));
  const put = (item: object) => ({ PutRequest: { Item: marshall(item, { removeUndefinedValues: true }) } });
  const write = (batch: readonly object[]) =>
    client.send(new BatchWriteItemCommand({ RequestItems: { [table]: batch.map(put) } }));
  await pMap(batches, write, { concurrency: 4 });
}

async function noteStretches(store: Store, pool: string, leases: readonly Lease[]): Promise<void> {
  const stretches = new Set(leases.flatMap(({ key }) => (key.pool === pool ? [stretchOf(key.block)] : [])));
  for (const stretch of stretches) await store.pools.noteJoined(pool, stretch);
}

async function writeNodes(store: Store, leases: readonly Lease[], clusters: number, now: number): Promise<void> {
  const blocks = new Map<string, Set<string>>();
  for (const { key, holding } of leases) {
    const joined = blocks.get(holding.node) ?? new Set();
    blocks.set(holding.node, joined.add(blockKeyToText(key)));
  }
  const nodes = [...blocks];
  await pMap(
    nodes,
    async ([id, joined], n) => {
      const whereabouts = { cluster: clusterName(n % clusters), region: pick(REGIONS, n) };
      await store.nodes.noteListed(id, { ...whereabouts, incarnation: 1 }, now - DAY);
      await store.nodes.join(id, [...joined], BOOT, now - DAY);
      const said = { name: `ip-10-0-${n >> 8}-${n & 255}.ec2.internal`, version: '0.1.0' };
      const heartbeatAt = now - Math.round(chance(n) * (n % 40 === 7 ? 5 * HOUR : 4 * MINUTE));
      await store.nodes.noteHeartbeat(id, { ...whereabouts, ...said, heartbeatAt, incarnation: 1 });
    },
    { concurrency: 16 },
  );
}

/** Of the first address of the pool `checkout`: who had it in the last days. */
async function writeHistory({ history }: Store, leases: readonly Lease[], now: number): Promise<void> {
  await history.noteBegun(now - 20 * DAY);
  const [first] = leases;
  if (first === undefined) return;
  let previousEndedAt: number | undefined;
  for (let n = 0; n < 9; n += 1) {
    const heldAt = Math.round(first.holding.heldAt - (10 - n) * 1.7 * DAY);
    const endedAt = Math.round(heldAt + (0.5 + chance(n)) * DAY);
    const pod = { namespace: pick(NAMESPACES, n + 3), name: `${pick(APPS, n)}-${hex(n, 9)}-${hex(n + 1, 5)}` };
    const holding = { ...first.holding, heldAt, pod, nonce: hex(n + 99, 32) };
    const ended = { slot: first.key, holding, endedAt, ...(previousEndedAt === undefined ? {} : { previousEndedAt }) };
    await history.recordEnded(ended, now + 20 * DAY);
    const { node, incarnation, attachment } = holding;
    const note = {
      slot: first.key,
      node,
      incarnation,
      network: attachment.network,
      ifname: 'eth0',
      heldAt,
      endedAt,
      pod,
    };
    await history.recordNotes({ period: periodOf(endedAt), lane: 'all' }, [note], now + 20 * DAY);
    previousEndedAt = endedAt;
  }
}

/** Of three pools four weeks: one fills, one goes up and down, one is calm. */
function samplesOf(pools: readonly PoolView[], now: number): object[] {
  const courses: readonly ((day: number) => number)[] = [
    (day) => 0.36 + day * 0.0145,
    (day) => 0.55 + 0.15 * Math.sin(day * 2 * Math.PI),
    (day) => 0.1 + day * 0.0004,
  ];
  const hour = Math.floor(now / HOUR) * HOUR;
  return [pools[0], pools[1], pools[2]].flatMap((pool, at) =>
    Array.from({ length: 28 * 24 }, (_, n) => {
      // As it is noted: without what is reserved, of which only the first pool has some.
      const capacity = Number(pool?.capacity) - (pool?.reservations.length ?? 0) * RESERVED;
      const noise = (chance(n + at * 1000) - 0.5) * 0.03;
      const taken = Math.round(capacity * Math.max(0, Math.min(1, (courses[at]?.(n / 24) ?? 0) + noise)));
      const sample = { at: hour - (28 * 24 - n) * HOUR, taken, capacity };
      return { ...sampleItem(pool?.id ?? '', sample), ...expiry(now + 60 * DAY) };
    }),
  );
}
