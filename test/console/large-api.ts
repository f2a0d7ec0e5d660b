/**
 * A process of its own: the API with a made fleet as large as the service is made for. Signatures, routes and schemas are the real
 * ones; the tables are in memory, and answer after a while, as DynamoDB does.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { environment } from '../../core/contract/environment.ts';
import { routes } from '../../core/contract/routes.ts';
import { stretchOf } from '../../core/protocol/block.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import type { GatewayEvent } from '../../functions/http/gateway-request.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { listPools } from '../../functions/use-cases/pools/list-pools.ts';
import { listVrfs } from '../../functions/use-cases/pools/list-vrfs.ts';
import { listLeases } from '../../functions/use-cases/questions/list-leases.ts';
import { usage } from '../../functions/use-cases/questions/usage.ts';
import { serve } from '../../local/aws/gateway.ts';
import { operatorUser } from '../../local/aws/identities.ts';
import { listen, portOf } from '../../local/aws/loopback-server.ts';
import { intercepted } from '../functions/intercepted.ts';
import { create } from '../functions/pool-requests.ts';
import { nonceOf, world } from '../functions/world.ts';
import { memoryStore } from '../store/memory-store.ts';

const [REGION, ACCOUNT] = ['us-east-1', '000000000000'];
/** Milliseconds: DynamoDB says of itself "single-digit milliseconds". */
const ANSWERS_AFTER = 4;
/** Addresses of each pool, and of each of its blocks. */
const [POOL, BLOCK] = [1024, 64];
/** Pools lie so many of them apart: all of a /8 is used. */
const APART = 16;

const [pools = 0, leases = 0] = process.argv.slice(2).map(Number);

/** Past the use cases: a request for each of a million leases would take an hour. */
async function fill(store: Store): Promise<void> {
  const deps = world(store).environment({ now: Date.now });
  const each = Math.ceil(leases / pools);
  for (let n = 0; n < pools; n += 1) {
    const [high, low] = [(n * APART * 4) >> 8, (n * APART * 4) & 255];
    const ranges = [[{ subnet: `10.${high}.${low}.0/22` }]];
    const { pool } = await create(deps, { name: `pool-${String(n).padStart(4, '0')}`, ranges, blockSize: BLOCK });
    const open = (await store.pools.readPool(pool.id))?.open ?? 0n;
    if (open < BigInt(POOL / BLOCK)) await store.pools.openPool(pool.id, open, BigInt(POOL / BLOCK));
    for (let slot = 1; slot <= each; slot += 1)
      await hold(
        store,
        { pool: pool.id, block: BigInt(Math.floor(slot / BLOCK)), slot: slot % BLOCK },
        n * POOL + slot,
      );
    await store.pools.noteJoined(pool.id, stretchOf(0n));
    const counted = { shard: 'shard', first: '1', last: '1', held: each, changes: each, now: Date.now() };
    await store.counters.add({ pool: pool.id }, counted);
  }
}

const hold = ({ leases }: Store, key: SlotKey, n: number) =>
  leases.hold(
    key,
    {
      attachment: { network: 'pods', containerId: n.toString(16).padStart(64, '0'), ifname: 'eth0' },
      nonce: nonceOf(n),
      node: `i-${(n % 10_000).toString(16).padStart(17, '0')}`,
      incarnation: 1,
      heldAt: Date.now() - (n % 1000) * 3_600_000,
      pod: { namespace: `team-${n % 40}`, name: `web-7d9c5b6f4-${n}` },
    },
    1,
  );

async function handlerWith(deps: Dependencies) {
  Object.assign(process.env, { [environment.poolsTable]: 'none', [environment.leasesTable]: 'none' });
  // What it reads from the environment it reads when it is loaded.
  const { answering, handlerOf } = await import('../../functions/http/http.ts');
  return handlerOf({
    ...answering(routes.listVrfs, ({ call, query }) => listVrfs(deps, call, query)),
    ...answering(routes.listPools, ({ call, query }) => listPools(deps, call, query)),
    ...answering(routes.listLeases, ({ call, query, path }) => listLeases(deps, call, { ...query, name: path.pool })),
    ...answering(routes.usage, ({ call, query, path }) =>
      usage(deps, call, { ...query, name: path.pool, cheap: query.cheap === 'true', by: query.by }),
    ),
  });
}

const CONTEXT = {
  awsRequestId: 'lambda-request',
  invokedFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:Lessor-operate`,
  getRemainingTimeInMillis: () => 10_000,
} as Context;

const filled = memoryStore();
await fill(filled);
const slow = intercepted(filled, async (_name, _args, proceed) => {
  await pause(ANSWERS_AFTER);
  return proceed();
});
const handler = await handlerWith(world(slow).environment({ now: Date.now }));
const server = await listen(0);
const operator = operatorUser(ACCOUNT);
serve(server, {
  region: REGION,
  account: ACCOUNT,
  api: {
    kind: 'http',
    id: 'api',
    stage: '$default',
    throttle: { rate: 10_000, burst: 10_000 },
    routes: Object.values(routes).map(({ method, path }) => ({
      key: `${method} ${path}`,
      function: 'operate',
      timeoutMs: 29_000,
    })),
  },
  callerOf: (id) => (id === operator.accessKeyId ? operator : undefined),
  rightsOf: () => [{ effect: 'Allow', actions: ['execute-api:Invoke'], resources: ['*'] }],
  invoke: async (_, event) => ({ ok: true, payload: JSON.stringify(await handler(event as GatewayEvent, CONTEXT)) }),
});
process.once('disconnect', () => process.exit());
process.send?.({ endpoint: `http://127.0.0.1:${portOf(server)}`, region: REGION, operator });
