/** The allocating function as a deployment bundles it, in this process, and what it finds in a store: pools that are filled to some degree. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import pMap from 'p-map';
import { environment } from '../../core/contract/environment.ts';
import type { Holding } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import type { GatewayEvent } from '../../functions/http/gateway-request.ts';
import type { Handler } from '../../functions/http/http.ts';
import { documentClient, patient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { keys, slotItem } from '../../functions/store/items.ts';
import { bundleFunctions } from '../../infra/function-code.ts';
import { openRunDirectory } from '../../local/run-directory.ts';
import { chance } from '../budgets/cost-of-add.ts';
import { nonceOf, operatorsPool, world } from '../functions/world.ts';
import { localTables, tables } from '../store/local-tables.ts';

export const BLOCK_SIZE = 64;
export const DYNAMODB = 'DynamoDB Local';
/** DynamoDB says of itself "single-digit milliseconds". */
const ANSWERS_AFTER_MS = 4;
export const AFTER_A_WHILE = `a store that answers after ${ANSWERS_AFTER_MS} ms`;

/** One store, and an environment of the function that knows no other. */
export interface Place {
  readonly name: string;
  /** The function's: as many attempts and as much patience. */
  readonly client: DynamoDBDocumentClient;
  /** Through that client. */
  readonly bare: Store;
  /** What others do, which is not measured. */
  readonly store: Store;
  readonly handler: (event: GatewayEvent) => ReturnType<Handler>;
  /** Items of the table of leases, past everything. */
  readonly write: (items: readonly object[]) => Promise<void>;
}

/** @param names of the stores that are wanted */
export async function withPlaces(names: readonly string[], work: (places: Place[]) => Promise<void>): Promise<void> {
  const directory = openRunDirectory('bench-functions');
  const local = await localTables();
  try {
    bundleFunctions(directory.path, ['allocate']);
    process.env[environment.instanceRoles] = 'lessor-node';
    // Standard output has the figures.
    process.env.POWERTOOLS_METRICS_DISABLED = 'true';
    const bundle = pathToFileURL(join(directory.path, 'allocate', 'index.mjs')).href;
    const places: Place[] = [];
    const fronts: { end(): void }[] = [];
    for (const name of names) {
      const front = name === DYNAMODB ? undefined : await startFront(local.endpoint);
      if (front) fronts.push(front);
      places.push(await placeAt(name, front?.endpoint ?? local.endpoint, bundle));
    }
    await work(places).finally(() => {
      for (const front of fronts) front.end();
    });
  } finally {
    await local.stop();
    directory.remove();
  }
}

async function startFront(dynamodb: string) {
  const file = fileURLToPath(new URL('leases-front.ts', import.meta.url));
  const child = fork(file, [dynamodb, String(ANSWERS_AFTER_MS)], { execArgv: ['--import', 'tsx'] });
  const [endpoint] = (await once(child, 'message')) as [string];
  return { endpoint, end: () => child.disconnect() };
}

async function placeAt(name: string, endpoint: string, bundle: string): Promise<Place> {
  process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
  const { handler } = (await import(`${bundle}?${encodeURIComponent(name)}`)) as { handler: Handler };
  const client = documentClient();
  const others = documentClient(patient);
  return {
    name,
    client,
    bare: dynamodbStore(client, tables),
    store: dynamodbStore(others, tables),
    handler: (event) => handler(event, CONTEXT),
    write: writing(others, tables.leases),
  };
}

/** Items into a table, at most 25 at once. */
export const writing = (client: DynamoDBDocumentClient, table: string) => async (items: readonly object[]) => {
  const puts = items.map((Item) => ({ PutRequest: { Item: Item as Record<string, unknown> } }));
  await client.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
};

const CONTEXT = {
  awsRequestId: 'lambda-request',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:Lessor-allocate',
  getRemainingTimeInMillis: () => 10_000,
} as Context;

/** As many and as long attributes as a lease of a pod has. */
export const podsHolding = (n: number, node = 'i-00000000000000000'): Holding => ({
  attachment: { network: 'blue', containerId: n.toString(16).padStart(64, '0'), ifname: 'eth0' },
  nonce: nonceOf(n),
  node,
  incarnation: 1,
  heldAt: Date.now(),
  pod: podOf(n),
});
export const podOf = (n: number) => ({
  namespace: 'team-1',
  name: `cart-7d9c5b6f4-${n}`,
  uid: '6f1c2b9e-0000-4000-8000-000000000000',
});
export const leaseItem = (key: SlotKey, holding: Holding): Record<string, unknown> => ({
  ...keys.slot(key),
  ...slotItem(holding, 1),
});

/** A shared pool, so much of it held by others. */
export interface FilledPool {
  readonly id: string;
  readonly name: string;
  /** @param fill 0 to 1; it only grows */
  fillTo(fill: number): Promise<void>;
  /** One of the others goes, and its slot can be had at once. */
  leaveOne(): Promise<void>;
}

export async function filledPool(place: Place, slots: number, name: string): Promise<FilledPool> {
  const random = chance(1);
  const pool = await operatorsPool(world(place.store), {
    addresses: slots,
    blockSize: BLOCK_SIZE,
    name,
    cooldownSeconds: 0,
  });
  const open = (await place.store.pools.readPool(pool.id))?.open ?? 0n;
  const blocks = BigInt(Math.ceil(slots / BLOCK_SIZE));
  if (open < blocks) await place.store.pools.openPool(pool.id, open, blocks);
  const free = Array.from({ length: slots }, (_, n) => n);
  const held: number[] = [];
  const take = (from: number[]): number => {
    const at = random(from.length);
    const [one = 0] = from.splice(at, 1, from.at(-1) ?? 0);
    from.pop();
    return one;
  };
  const keyOf = (n: number) => ({ pool: pool.id, block: BigInt(Math.floor(n / BLOCK_SIZE)), slot: n % BLOCK_SIZE });
  return {
    id: pool.id,
    name,
    async fillTo(fill) {
      const more = Array.from({ length: Math.round(fill * slots) - held.length }, () => take(free));
      held.push(...more);
      const chunks = Array.from({ length: Math.ceil(more.length / 25) }, (_, n) => more.slice(n * 25, n * 25 + 25));
      const write = (some: number[]) => place.write(some.map((n) => leaseItem(keyOf(n), podsHolding(n))));
      await pMap(chunks, write, { concurrency: 8 });
    },
    async leaveOne() {
      if (held.length === 0) return;
      const n = take(held);
      const { attachment, nonce, node } = podsHolding(n);
      const { containerId, ifname } = attachment;
      const by = { containerId, ifname, nonce, node };
      await place.store.leases.release(keyOf(n), by, { endedAt: 0, reusableAt: 0 });
    },
  };
}
