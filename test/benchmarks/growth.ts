/** An ADD and its DEL in a large deployment beside the same in a small one. */
import pMap from 'p-map';
import { BLOCKS_A_STRETCH } from '../../core/protocol/block.ts';
import { blockKeyToText, blockToText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { documentClient, patient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { startDynamodb } from '../../local/aws/dynamodb.ts';
import { createTables } from '../../local/aws/tables.ts';
import { create } from '../functions/pool-requests.ts';
import { add, addOf, del, delOf, world } from '../functions/world.ts';
import { tableOf } from '../store/local-tables.ts';
import { memoryStore } from '../store/memory-store.ts';
import { BLOCK_SIZE, leaseItem, podsHolding, writing } from './function-store.ts';
import { inTurn, timed } from './in-turn.ts';
import type { Figure, Options, Section } from './section.ts';
import { figureOf } from './spread.ts';

interface Size {
  readonly nodes: number;
  readonly leases: number;
}
/** One that a store is filled with by itself. */
interface Deployment {
  readonly title: string;
  readonly pairs: (count: number) => Promise<void>;
}

const GOAL = { atMost: 1.2 };
const SMALL: Size = { nodes: 1, leases: 1_000 };
const FULL = { rounds: 25, warmUp: 5, inMemory: [10_000, 1_000_000], inDynamodb: [1_000, 100_000] } as const;
const QUICK = { rounds: 2, warmUp: 1, inMemory: [100, 10_000], inDynamodb: [10, 2_000] } as const;
/** Of a sample. */
const PAIRS = { inMemory: 400, inDynamodb: 32 };
const AT_ONCE = 16;
/** The last slot of each block stays free. */
const HELD = BLOCK_SIZE - 1;

export const growth: Section = {
  name: 'growth',
  what: 'an ADD and its DEL where there are many nodes and leases, beside the same where there is one node and a thousand leases',
  async run({ quick, progress }) {
    const { inMemory, inDynamodb, ...rounds } = quick ? QUICK : FULL;
    const sizeOf = ([nodes, leases]: readonly [number, number]): Size => ({ nodes, leases });
    const figures = await besideSmall(sizeOf(inMemory), PAIRS.inMemory, rounds, progress, async () => {
      const store = memoryStore();
      return { where: 'the use cases, in memory', store, hold: (keys) => held(store, keys) };
    });
    const dynamodb = await startDynamodb();
    try {
      const inTables = async (prefix: string) => {
        const names = { pools: `${prefix}Pools`, leases: `${prefix}Leases`, history: `${prefix}History` };
        await createTables(dynamodb.endpoint, Object.values(names).map(tableOf));
        Object.assign(process.env, KEYS, { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint });
        const write = writing(documentClient(patient), names.leases);
        const hold = (keys: readonly SlotKey[]) => write(keys.map((key) => leaseItem(key, holdingAt(key))));
        return { where: 'DynamoDB Local', store: dynamodbStore(documentClient(), names), hold };
      };
      figures.push(...(await besideSmall(sizeOf(inDynamodb), PAIRS.inDynamodb, rounds, progress, inTables)));
    } finally {
      await dynamodb.stop();
    }
    return figures;
  },
};

const KEYS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'LOCAL', AWS_SECRET_ACCESS_KEY: 'local' };

interface Opened {
  readonly where: string;
  readonly store: Store;
  /** So many leases at once, past the use cases. */
  readonly hold: (keys: readonly SlotKey[]) => Promise<void>;
}

async function besideSmall(
  large: Size,
  pairs: number,
  rounds: { rounds: number; warmUp: number },
  progress: Options['progress'],
  open: (prefix: string) => Promise<Opened>,
): Promise<Figure[]> {
  const all = [];
  for (const size of [SMALL, { nodes: large.nodes, leases: SMALL.leases }, large])
    all.push(await deployed(await open(`T${all.length}`), size, progress));
  const contenders = all.map(({ title, pairs: play }) => ({
    name: title,
    once: async () => (await timed(() => play(pairs))) / pairs,
  }));
  const [small, ...others] = await inTurn(contenders, { ...rounds, progress });
  if (!small) throw new Error('nothing was measured');
  return others.map((one) => figureOf(one, small, 'ms', GOAL));
}

/** Nodes that have joined the blocks in which leases are, all of them known to the one environment that is measured. */
async function deployed(
  { where, store, hold }: Opened,
  size: Size,
  progress: Options['progress'],
): Promise<Deployment> {
  const title = `${where}: ${size.nodes === 1 ? 'one node' : `${size.nodes.toLocaleString('en')} nodes`}, ${size.leases.toLocaleString('en')} leases`;
  progress(`filling ${title}`);
  const deps = world(store).environment({ now: Date.now });
  const { pool } = await create(deps, { name: 'grown', ranges: [[{ subnet: '10.0.0.0/8' }]], cooldownSeconds: 0 });
  const { id } = pool;
  const blocks = Math.ceil(size.leases / HELD);
  const opened = (await store.pools.readPool(id))?.open ?? 0n;
  if (BigInt(blocks) > opened) await store.pools.openPool(id, opened, BigInt(blocks));
  const keys = Array.from({ length: size.leases }, (_, n) => ({
    pool: id,
    block: BigInt(Math.floor(n / HELD)),
    slot: n % HELD,
  }));
  const chunks = Array.from({ length: Math.ceil(keys.length / 25) }, (_, n) => keys.slice(n * 25, n * 25 + 25));
  await pMap(chunks, hold, { concurrency: 8 });
  const stretches = Math.max(1, Math.floor(blocks / Number(BLOCKS_A_STRETCH)));
  const join = async (n: number) => {
    const first = BigInt(n % stretches) * BLOCKS_A_STRETCH;
    const joined = Array.from({ length: Number(BLOCKS_A_STRETCH) }, (_, step) =>
      blockKeyToText({ pool: id, block: first + BigInt(step) }),
    );
    await store.nodes.noteListed(nodeOf(n), { incarnation: 1 }, Date.now());
    await store.nodes.join(nodeOf(n), joined, 'boot-1', Date.now());
  };
  await pMap(
    Array.from({ length: size.nodes }, (_, n) => n),
    join,
    { concurrency: AT_ONCE },
  );
  let containers = 0;
  const pair = async () => {
    const n = containers++;
    const proposal = { pool: id, block: blockToText(BigInt(n % AT_ONCE)), slot: HELD };
    const request = addOf(n, { pool: { vrf: 'default', name: 'grown' }, proposal, incarnation: 1 });
    const { slot } = await add(deps, nodeOf(0), request);
    if (slot.slot !== HELD) throw new Error('an ADD got another slot than the one that it proposed');
    const { released } = await del(deps, nodeOf(0), delOf(n, { slot, acknowledged: true }));
    if (released.length !== 1) throw new Error('a DEL released nothing');
  };
  return {
    title,
    async pairs(count) {
      for (let n = 0; n < count; n += 1) await pair();
    },
  };
}

const nodeOf = (n: number): string => `i-${n.toString(16).padStart(17, '0')}`;
const holdingAt = ({ block, slot }: SlotKey) => podsHolding(Number(block) * BLOCK_SIZE + slot);

async function held({ leases }: Store, keys: readonly SlotKey[]): Promise<void> {
  for (const key of keys) await leases.hold(key, holdingAt(key), 1);
}
