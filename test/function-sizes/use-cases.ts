/** Everything that is asked of the functions, each as the event with which Lambda invokes them. */
import type { ApiFunction } from '../../core/contract/routes.ts';
import { countChanges } from '../../functions/use-cases/changes/count-changes.ts';
import { eventOf, NODE, OPERATOR } from '../functions/http/gateway-event.ts';
import { create } from '../functions/pool-requests.ts';
import { add, addOf, attachmentOf, delOf, nonceOf } from '../functions/world.ts';
import { BLOCK_SIZE, BOOT, type Deployment, JOURNAL, NAMESPACES } from './deployment.ts';

export interface UseCase {
  readonly name: string;
  readonly function: ApiFunction | 'reclaim' | 'changes';
  /** Makes what one more invocation finds. @returns its event */
  prepare(deployment: Deployment): Promise<unknown>;
  /** What is wrong with the answer, where something is. */
  wrong(answer: unknown): string | undefined;
  /** Invocations after the first one; fewer where each takes long. */
  readonly warm: number;
}

const VRF = 'default';
const ME = 'i-0123456789abcdef0';
const nodeNumber = (n: number) => `i-${n.toString(16).padStart(17, '0')}`;
const arnOf = (id: string) => NODE.replace(ME, id);
let containers = 0;
let made = 0;

interface Asked {
  readonly userArn?: string;
  readonly body?: unknown;
  readonly query?: Record<string, string>;
  readonly path?: Record<string, string>;
}

/** Of the API; what is answered may be any success. */
const ofApi = (
  name: string,
  fn: ApiFunction,
  route: string,
  ask: (deployment: Deployment) => Asked | Promise<Asked>,
  warm = 5,
): UseCase => ({
  name,
  function: fn,
  warm,
  prepare: async (deployment) => {
    const { body, userArn = fn === 'operate' ? OPERATOR : NODE, ...rest } = await ask(deployment);
    return eventOf({ route, userArn, ...rest, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  },
  wrong: (answer) => {
    const { statusCode = 0, body = '' } = answer as { statusCode?: number; body?: string };
    return statusCode >= 200 && statusCode < 300 ? undefined : `${statusCode} ${JSON.parse(body).code}`;
  },
});

/** The next free slot of the plain pool, in the first blocks. */
function nextSlot({ plain }: Deployment) {
  const n = 64 + containers++;
  return { n, slot: { pool: plain.id, block: Math.floor(n / BLOCK_SIZE).toString(16), slot: n % BLOCK_SIZE } };
}
const pod = (n: number) => ({ namespace: `team-${n % NAMESPACES}`, name: `cart-${n}`, uid: nonceOf(n) });
const plain = { vrf: VRF, name: 'plain' };

async function leased(deployment: Deployment) {
  const { n, slot } = nextSlot(deployment);
  await add(deployment.deps, ME, addOf(n, { pool: plain, proposal: slot, incarnation: 1, pod: pod(n) }));
  return { n, slot };
}

const ofNodes: readonly UseCase[] = [
  ofApi('ADD, the node proposes a slot', 'allocate', 'POST /v1/leases', (deployment) => {
    const { n, slot } = nextSlot(deployment);
    return { body: addOf(n, { pool: plain, proposal: slot, incarnation: 1, pod: pod(n) }) };
  }),
  ofApi('ADD, the first of a network: its pool comes to be', 'allocate', 'POST /v1/leases', () => {
    const n = 1_000_000 + made++;
    const ranges = [[{ subnet: `172.${16 + (made >> 8)}.${made & 255}.0/24` }]];
    return { body: addOf(n, { pool: { vrf: VRF, name: `network-${made}`, ranges }, pod: pod(n) }) };
  }),
  ofApi('ADD, the first of a node that owns its blocks', 'allocate', 'POST /v1/leases', () => {
    const n = 2_000_000 + made++;
    return { userArn: arnOf(nodeNumber(n)), body: addOf(n, { pool: { vrf: VRF, name: 'claimed' }, pod: pod(n) }) };
  }),
  ofApi('STATUS', 'allocate', 'POST /v1/readiness', () => ({ body: { pool: plain } })),
  ofApi('report of a lease', 'allocate', 'POST /v1/leases/reports', async ({ node, owned }) => {
    const n = 3_000_000 + made++;
    const [block = 0n] = await node(ME, 1, 0);
    const slot = { pool: owned.id, block: block.toString(16), slot: 7 };
    return {
      body: { attachment: attachmentOf(n), nonce: nonceOf(n), boot: BOOT, slot, generation: 1, pod: pod(n) },
    };
  }),
  ofApi('a batch of 25 reports', 'allocate', 'POST /v1/leases/batches', async ({ node, owned }) => {
    const [block = 0n] = await node(ME, 1, 0);
    const from = 4_000_000 + made;
    made += 25;
    const report = (slot: number) => ({
      attachment: attachmentOf(from + slot),
      nonce: nonceOf(from + slot),
      boot: BOOT,
      slot: { pool: owned.id, block: block.toString(16), slot },
      generation: 1,
      pod: pod(from + slot),
    });
    return { body: { items: Array.from({ length: 25 }, (_, slot) => ({ report: report(slot) })) } };
  }),
  ofApi('DEL', 'release', 'POST /v1/releases', async (deployment) => {
    const { n, slot } = await leased(deployment);
    return { body: delOf(n, { slot, acknowledged: true }) };
  }),
  ofApi('CHECK', 'release', 'POST /v1/leases/checks', async (deployment) => {
    const { n, slot } = await leased(deployment);
    return { body: { attachment: delOf(n).attachment, slots: [slot] } };
  }),
  ofApi('heartbeat', 'release', 'POST /v1/nodes/self', () => ({ body: { boot: BOOT, name: 'n-1', version: '1.0.0' } })),
  ofApi(
    'own leases, 16 blocks of 64',
    'release',
    'GET /v1/nodes/self/leases',
    async ({ node }) => {
      const id = nodeNumber(made++);
      await node(id, 16, BLOCK_SIZE);
      return {
        userArn: arnOf(id),
      };
    },
    2,
  ),
  ofApi('a block of 64 is given back', 'release', 'POST /v1/blocks/releases', async ({ node, owned }) => {
    const [block = 0n] = await node(ME, 1, 0);
    return { body: { pool: owned.id, block: block.toString(16), generation: 1, boot: BOOT, journal: JOURNAL } };
  }),
];

/** Of 256 addresses each, none over another. */
const poolOf = (n: number) => ({
  name: `made-${n}`,
  ranges: [[{ subnet: `10.${110 + (n >> 8)}.${n & 255}.0/24` }]],
});
const newPool = async ({ deps }: Deployment) => (await create(deps, poolOf(made++))).pool;
const full = { path: { pool: 'full' }, query: { vrf: VRF } };

const ofOperators: readonly UseCase[] = [
  ofApi('a pool is created', 'operate', 'POST /v1/pools', () => ({
    body: { vrf: VRF, ...poolOf(made++) },
  })),
  ofApi('a pool is changed', 'operate', 'PATCH /v1/pools/{pool}', async (deployment) => {
    const { name } = await newPool(deployment);
    return { path: { pool: name }, query: { vrf: VRF }, body: { quota: 100 } };
  }),
  ofApi('a page of the list of pools', 'operate', 'GET /v1/pools', async (deployment) => {
    while (made < 100) await newPool(deployment);
    return { query: { vrf: VRF, limit: '100' } };
  }),
  ofApi(
    'a pool of 256 addresses is deleted',
    'operate',
    'DELETE /v1/pools/{pool}',
    async (deployment) => {
      const { name } = await newPool(deployment);
      return { path: { pool: name }, query: { vrf: VRF } };
    },
    2,
  ),
  ofApi('usage, exact, of a full /16', 'operate', 'GET /v1/pools/{pool}/usage', () => full, 1),
  ofApi('usage by the counters', 'operate', 'GET /v1/pools/{pool}/usage', () => ({
    ...full,
    query: { vrf: VRF, cheap: 'true' },
  })),
  ofApi(
    'explain, in a full /16',
    'operate',
    'POST /v1/explanations',
    () => ({
      body: { vrf: VRF, pools: ['full'], namespace: 'team-1', labels: {} },
    }),
    1,
  ),
  ofApi('a page of the leases of a full /16', 'operate', 'GET /v1/pools/{pool}/leases', () => full, 2),
  ofApi(
    'a page of the leases of a namespace',
    'operate',
    'GET /v1/leases',
    () => ({
      query: { vrf: VRF, namespace: 'team-1' },
    }),
    1,
  ),
  ofApi(
    'a page of the blocks of a pool',
    'operate',
    'GET /v1/pools/{pool}/blocks',
    () => ({
      path: { pool: 'owned' },
      query: { vrf: VRF },
    }),
    2,
  ),
  ofApi('who has an address', 'operate', 'GET /v1/addresses', () => ({ query: { vrf: VRF, address: '10.100.7.9' } })),
];

interface Report {
  readonly nodes?: readonly { readonly freed: number }[];
  readonly waiting?: number;
  readonly recounted?: number;
}

const reclaimOf = (blocks: number): UseCase => ({
  name: `reclaim of a dead node with ${blocks === 1 ? 'one block' : `${blocks} blocks`} of 64 leases`,
  function: 'reclaim',
  warm: 1,
  prepare: async ({ dead }) => {
    await dead(blocks);
    return { source: 'lessor.schedule' };
  },
  wrong: (answer) => {
    const { nodes = [], waiting } = answer as Report;
    const freed = nodes.reduce((sum, one) => sum + one.freed, 0);
    return freed === blocks * BLOCK_SIZE && waiting === 0 ? undefined : `freed ${freed} leases, ${waiting} nodes wait`;
  },
});

const HOUR_MS = 60 * 60 * 1000;

const inBackground: readonly UseCase[] = [
  reclaimOf(1),
  reclaimOf(64),
  {
    name: 'recount of a full /16',
    function: 'reclaim',
    warm: 1,
    prepare: async ({ deps, full: { id }, store }) => {
      const recounts = (await store.counters.read({ pool: id }))?.recounts;
      const now = Date.now() - 2 * HOUR_MS;
      if (recounts !== undefined) await store.counters.correct({ pool: id }, { recounts, by: 0, now, forget: [] });
      const changes = [{ pool: id, after: 'team-1', sequence: String(++made) }];
      if (recounts === undefined) await countChanges({ ...deps, now: () => now }, 's', changes);
      return { source: 'lessor.schedule' };
    },
    wrong: (answer) => ((answer as Report).recounted === 1 ? undefined : 'it is not recounted'),
  },
  {
    name: `count of 500 changes of ${NAMESPACES} namespaces`,
    function: 'changes',
    warm: 3,
    prepare: async ({ plain: { id } }) => ({
      shardId: 'shardId-00000001767225600000-0a1b2c3d',
      Records: Array.from({ length: 500 }, (_, n) => ({
        dynamodb: {
          SequenceNumber: String(1_000_000 + made++),
          NewImage: {
            pk: { S: `L#${id}#${(n >> 6).toString(16)}` },
            sk: { S: (n & 63).toString(16).padStart(3, '0') },
            s: { N: '1' },
            ns: { S: `team-${n % NAMESPACES}` },
          },
        },
      })),
      state: {},
      isFinalInvokeForWindow: false,
    }),
    wrong: (answer) => ((answer as { state?: object }).state ? undefined : 'no state'),
  },
];

export const useCases: readonly UseCase[] = [...ofNodes, ...ofOperators, ...inBackground];
