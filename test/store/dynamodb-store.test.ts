import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { most } from '../../core/contract/limits.ts';
import type { Store } from '../../core/store.ts';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import {
  blockExpressions,
  counterExpressions,
  fillExpressions,
  nodeExpressions,
  poolExpressions,
  slotExpressions,
} from '../../functions/store/expressions.ts';
import { openedForAttribute, tokenAttribute } from '../../functions/store/items.ts';
import { PARTS } from '../../functions/use-cases/pools/open-apart.ts';
import { counterRefusals } from './counters.suite.ts';
import { fillRefusals } from './fills.suite.ts';
import { type LocalTables, localTables, tables } from './local-tables.ts';
import { listRefusals } from './node-list.suite.ts';
import { definition, mine, newId, newSlot, recordRefusals, registered, stateOf, titled } from './refusals.ts';
import { expectRefused, slotRefusals } from './slot-refusals.ts';
import { storeSuite } from './store.suite.ts';

let local: LocalTables;
let store: Store;
beforeAll(async () => {
  local = await localTables();
  store = dynamodbStore(documentClient(), tables);
});
afterAll(() => local?.stop());

describe('the store in DynamoDB', () => {
  storeSuite(() => store);

  it('reads a block of several pages', async () => {
    const client: DynamoDBDocumentClient = documentClient();
    let pages = 0;
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName !== 'QueryCommand') return next(args);
          pages += 1;
          return next({ ...args, input: { ...args.input, Limit: 2 } });
        },
      { step: 'initialize' },
    );
    const key = newSlot();
    for (const slot of [0, 1, 2, 3, 4]) await store.leases.hold({ ...key, slot }, mine, 1);
    const { leases } = dynamodbStore(client, tables);
    expect([...(await leases.readBlock(key)).keys()]).toEqual([0, 1, 2, 3, 4]);
    expect(pages).toBe(3);
  });
});

describe('a write whose answer is lost', () => {
  /** A client that loses the answer to its first write, and whose SDK sends it again. */
  function losing(): { client: DynamoDBDocumentClient; sent: () => number } {
    const client = documentClient();
    let sent = 0;
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          const answer = await next(args);
          if (!/^(Put|Update)/.test(commandName)) return answer;
          sent += 1;
          if (sent === 1) throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
          return answer;
        },
      { step: 'deserialize', priority: 'low' },
    );
    return { client, sent: () => sent };
  }

  it.each<[string, (pools: Store['pools'], id: string) => Promise<boolean>]>([
    ['a pool', (pools, id) => pools.createPool(stateOf(definition(id)), newId())],
    [
      'a change of one',
      async (pools, id) => {
        await store.pools.createPool(stateOf(definition(id)), newId());
        return pools.changePool({ ...stateOf(definition(id)), state: 'draining', version: 2 }, newId());
      },
    ],
    ['a registry', (pools, id) => pools.writeRegistry({ vrf: id, version: 1, pools: [] }, newId())],
    [
      'a change of one that is there',
      async (pools, id) => {
        await store.pools.writeRegistry({ vrf: id, version: 1, pools: [] }, newId());
        return pools.writeRegistry({ vrf: id, version: 2, pools: [registered(definition(id))] }, newId());
      },
    ],
    [
      'more of a pool that is opened',
      async (pools, id) => {
        await store.pools.createPool(stateOf(definition(id)), newId());
        return pools.openPool(id, 4n, 8n);
      },
    ],
    [
      'a block that is opened apart for somebody',
      async (pools, id) => {
        await store.pools.createPool(stateOf(definition(id)), newId());
        return pools.openApart(id, 9n, 1, { part: 'a', most: 1 });
      },
    ],
  ])('is known when the SDK sends it again: %s', async (_, write) => {
    const { client, sent } = losing();
    expect(await write(dynamodbStore(client, tables).pools, newId())).toBe(true);
    expect(sent()).toBe(2);
  });
});

it('A pool whose definition is as long as it may be has room for all blocks that are opened apart, and for whom', async () => {
  const id = newId();
  const fields = { ...definition(id), exclude: [] as string[] };
  // Few and long texts: JSON needs hardly more than they have.
  const rest = most.poolBytes - Buffer.byteLength(JSON.stringify(fields)) - '"",'.length * 30;
  const def = { ...fields, exclude: Array.from({ length: 30 }, () => 'x'.repeat(Math.floor(rest / 30))) };
  expect(Buffer.byteLength(JSON.stringify(def))).toBeGreaterThan(most.poolBytes - 100);
  const blocks = Array.from({ length: most.blocksApart }, (_, n) => ((1n << 127n) + BigInt(n)).toString(16));
  const parts = Array.from({ length: PARTS }, (_, n) => [openedForAttribute(n.toString(36)), 512] as const);
  const tokens = Array.from({ length: 16 }, (_, n) => [tokenAttribute(n), 'f'.repeat(36)] as const);
  const item = { pk: `C#${id}`, sk: 'CFG', def, st: 'active', opened: (1n << 127n).toString(16), jn: true, v: 99_999 };
  const passed = { passed: 16_777_216, passedAt: 99_998, fst: (1n << 126n).toString(16) };
  const Item = { ...item, ...passed, ...Object.fromEntries([...parts, ...tokens]), apart: new Set(blocks) };
  await documentClient().send(new PutCommand({ TableName: tables.pools, Item }));
  const more = { ...Item, ...Object.fromEntries(blocks.map((block) => [`more ${block}`, 1])) };
  await expect(documentClient().send(new PutCommand({ TableName: tables.pools, Item: more }))).rejects.toThrow('size');
});

it('A list of pools that an earlier version wrote is read, and written anew by the next change', async () => {
  const vrf = newId();
  const pool = registered(definition(newId()));
  const item = { pk: `V#${vrf}`, sk: 'REG', v: 7, pools: [pool] };
  await documentClient().send(new PutCommand({ TableName: tables.pools, Item: item }));
  expect(await store.pools.readRegistry(vrf)).toEqual({ vrf, version: 7, pools: [pool] });
  expect(await store.pools.writeRegistry({ vrf, version: 8, pools: [pool] })).toBe(true);
  expect(await store.pools.readRegistry(vrf)).toEqual({ vrf, version: 8, pools: [pool] });
});

it('Shards that an earlier version noted in a counter are forgotten in their time, and its sums stay', async () => {
  const pool = newId();
  const shard = 'shardId-00000001700000000000-abcdef12';
  const former = `q#${shard}`;
  const sums = { held: 3, v: 5, rcAt: 1_000 };
  const noted = `${'7'.padStart(40, '0')}@5000`;
  const Item = { pk: 'U', sk: pool, ...sums, [former]: noted };
  await documentClient().send(new PutCommand({ TableName: tables.pools, Item }));
  const { counters } = store;
  await counters.add({ pool }, { shard, first: '8', last: '9', held: 1, changes: 1, now: 6_000 });
  const counter = await counters.read({ pool });
  expect(counter).toMatchObject({ held: 4, changes: 6, recounts: 0 });
  expect([...(counter?.counted ?? [])].map(([, { at }]) => at).sort()).toEqual([5_000, 6_000]);
  const old = [...(counter?.counted ?? [])].flatMap(([name, { at }]) => (at === 5_000 ? [name] : []));
  await counters.correct({ pool }, { recounts: 0, by: 0, now: 9_000, forget: old });
  expect([...((await counters.read({ pool }))?.counted.values() ?? [])]).toEqual([{ sequence: '9', at: 6_000 }]);
});

describe('deaths that an earlier version recorded', () => {
  it('are taken over once, with what is known of them', async () => {
    const client = documentClient();
    const at = 2_000_000_000_000;
    for (let n = 0; n < 130; n += 1) {
      const former = { pk: 'D', sk: `i-${n}`, e: 3, why: 'it burned', by: 'user/ann', at: at + n, freed: 2 };
      const Item = n % 2 === 0 ? former : { ...former, swept: at + 5000 };
      await client.send(new PutCommand({ TableName: tables.pools, Item }));
    }
    const { nodes } = store;
    expect([await nodes.adoptDeaths(), await nodes.adoptDeaths()]).toEqual([false, true]);
    const { deaths } = await nodes.listDeaths({ limit: 200, since: at });
    expect(deaths).toHaveLength(130);
    const record = { incarnation: 3, reason: 'it burned', declaredBy: 'user/ann', freed: 2 };
    expect(deaths.slice(0, 2)).toEqual([
      { ...record, node: 'i-129', declaredAt: at + 129, sweptAt: at + 5000 },
      { ...record, node: 'i-128', declaredAt: at + 128 },
    ]);
    await nodes.recordSweep({ node: 'i-128', declaredAt: at + 128 }, { freed: 1, sweptAt: at + 9000 });
    expect(await nodes.adoptDeaths()).toBe(true);
    expect(await nodes.readDeath({ node: 'i-128', declaredAt: at + 128 })).toMatchObject({ freed: 3 });
  });
});

const everyExpression = [
  slotExpressions,
  nodeExpressions,
  poolExpressions,
  blockExpressions,
  counterExpressions,
  fillExpressions,
];
const records = [...recordRefusals, ...listRefusals, ...counterRefusals, ...fillRefusals];

/** Whatever the condition says, it holds: with the values that DynamoDB would otherwise miss. */
async function withoutCondition(name: string, run: () => Promise<void>): Promise<void> {
  const table = everyExpression.find((expressions) => name in expressions);
  const expressions = table as Record<string, string>;
  const original = expressions[name] ?? '';
  expressions[name] = `(${original} OR attribute_exists(pk) OR attribute_not_exists(pk))`;
  try {
    await run();
  } finally {
    expressions[name] = original;
  }
}

describe('the suite finds out an expression without', () => {
  it.each(titled(slotRefusals))('%s', (_, refusal) =>
    withoutCondition(refusal.condition, () => expect(expectRefused(store, refusal)).rejects.toThrow()),
  );

  it.each(titled(records))('%s', (_, refusal) =>
    withoutCondition(refusal.condition, () => expect(refusal.expectRefused(store)).rejects.toThrow()),
  );

  it('any of its conditions', () => {
    const shown = [...slotRefusals, ...records].map(({ condition }) => condition);
    const all = everyExpression.flatMap((expressions) => Object.keys(expressions));
    expect(new Set(shown)).toEqual(new Set(all));
  });
});
