/**
 * Fourteen workers of one node that add and delete containers all the time in its one block, and many ADDs at once.
 * `npm run test:long` makes more of it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blockKeyToText } from '../../core/protocol/slot-ref.ts';
import { keys } from '../../functions/store/items.ts';
import { request } from '../../local/aws/dynamodb-request.ts';
import { operatorClient } from '../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { inLong } from '../support/long.ts';
import { addressOf } from '../support/plugin-node.ts';
import { type CallRecord, type Configuration, LoneNode } from './lone-node.ts';
import { type OutageReport, outage } from './outage.ts';

const SECONDS = inLong(100, 8);
const STORMS = inLong(10, 1);
/** Longer than a call that can do without an answer waits for one. */
const CUT_MS = Math.max(SECONDS * 300, 6_000);
const WORKERS = 14;
const AT_ONCE = inLong(256, 64);
/** Fourteen workers must not use a block up faster than it cools. */
const COOLDOWN_SECONDS = 3;

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack({ environments: 2 });
});
afterAll(() => stack.stop());

const createPool = (body: {
  name: string;
  affinity: 'node' | 'shared';
  blockSize: number;
  subnet: string;
  cooldown: number;
  leasing?: 'online' | 'delegated';
}) => {
  const { name, affinity, blockSize, subnet, cooldown, leasing = 'online' } = body;
  const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  return operator.ask('createPool', {
    body: { name, affinity, blockSize, leasing, cooldownSeconds: cooldown, ranges: [[{ subnet }]] },
  });
};

/** Addresses that an ADD had before they can have cooled: it ended earlier than the cooldown after a DEL had begun. */
function reusedTooSoon(calls: readonly CallRecord[]): string[] {
  const began = new Map<string, number>();
  return calls.flatMap(({ verb, addresses = [], time, ms, code }) => {
    if (code !== undefined) return [];
    const ended = Date.parse(time) + ms;
    return addresses.flatMap((address) => {
      if (verb === 'DEL') began.set(address, Date.parse(time));
      const since = verb === 'ADD' ? began.get(address) : undefined;
      const isSoon = since !== undefined && ended - since < COOLDOWN_SECONDS * 1000;
      return isSoon ? [`${address} ${ended - since} ms after its DEL began`] : [];
    });
  });
}

async function churn(
  name: string,
  subnet: string,
  cutMs: number,
  leasing: 'online' | 'delegated' = 'online',
): Promise<OutageReport> {
  await createPool({ name, leasing, affinity: 'node', blockSize: 256, subnet, cooldown: COOLDOWN_SECONDS });
  const configuration = { cniVersion: '1.0.0', name, type: 'lessor', ipam: { type: 'lessor', pool: name } };
  const clearMs = Math.max(SECONDS * 1000 - cutMs, SECONDS * 500) / 2;
  const weather = cutMs === 0 ? [] : [{ is: 'refused', ms: cutMs } as const];
  const options = { stack, configuration, nodes: 1, weather, clearMs: [clearMs, clearMs] as const };
  const report = await outage({ ...options, streams: WORKERS, pauseMs: 0, agents: leasing === 'delegated' });
  const count = (verb: string) => report.calls.filter((call) => call.verb === verb).length;
  const local = report.logged.filter((call) => call.local).length;
  process.stderr.write(
    `${WORKERS} workers, ${(2 * clearMs + cutMs) / 1000} s, the API cut for ${cutMs / 1000} s: ${count('ADD')} ADDs, ${count('DEL')} DELs, ${local} local, ` +
      `${report.calls.filter(({ code }) => code !== undefined).length} failed\n`,
  );
  return report;
}

describe('fourteen workers of a node with one block', () => {
  it('lease nothing by themselves while the API is there, and use no address again before it has cooled', async () => {
    const { calls, conflicts, logged, living, journals, table, end } = await churn('churn', '10.81.0.0/24', 0);
    expect(logged.filter(({ local }) => local)).toEqual([]);
    expect(reusedTooSoon(logged)).toEqual([]);
    expect(conflicts).toEqual([]);
    expect([journals, table]).toEqual([living, living]);
    expect(await end()).toEqual([]);
    expect(calls.filter(({ code }) => code !== undefined)).toEqual([]);
  }, 600_000);

  it('fail nowhere while the API is cut, and afterwards table and journal agree', async () => {
    const report = await churn('churn-cut', '10.82.0.0/24', CUT_MS);
    const { calls, conflicts, flushed, logged, living, journals, table, end } = report;
    expect(calls.filter(({ code }) => code !== undefined)).toEqual([]);
    expect(flushed.failures).toEqual([]);
    expect(logged.some(({ verb, local }) => verb === 'ADD' && local)).toBe(true);
    expect(conflicts).toEqual([]);
    expect([journals, table]).toEqual([living, living]);
    expect(await end()).toEqual([]);
  }, 600_000);

  it('lease by themselves where leasing is delegated, with the API cut and then the agent killed', async () => {
    // All that began and ended in the cut cools from when it is told: at 100 s that is thousands of addresses at once.
    const report = await churn('churn-delegated', '10.96.0.0/18', CUT_MS, 'delegated');
    const { calls, conflicts, flushed, logged, living, journals, table, end } = report;
    expect(calls.filter(({ code }) => code !== undefined)).toEqual([]);
    expect(flushed.failures).toEqual([]);
    const added = logged.filter(({ verb }) => verb === 'ADD');
    // Those of the first moment ask; and who finds the block full, since all that ended in the cut cools from when it was told.
    expect(added.filter(({ local }) => local !== true).length).toBeLessThan(added.length / 2);
    expect(reusedTooSoon(logged)).toEqual([]);
    expect(conflicts).toEqual([]);
    expect([journals, table]).toEqual([living, living]);
    expect(await end()).toEqual([]);
  }, 600_000);

  it('are caught where they use an address too soon', () => {
    const time = (second: number) => new Date(second * 1000).toISOString();
    const used = { addresses: ['10.81.0.5/24'], ms: 100 };
    const del = { ...used, verb: 'DEL', time: time(1) };
    expect(reusedTooSoon([del, { ...used, verb: 'ADD', time: time(3.8) }])).toHaveLength(1);
    expect(reusedTooSoon([del, { ...used, verb: 'ADD', time: time(6) }])).toEqual([]);
  });
});

/** As a node that was in so many blocks in its time. */
async function joinMany(node: string, pool: string): Promise<void> {
  const { endpoint } = stack.dynamodb;
  const { TableNames } = (await request(endpoint, 'DynamoDB_20120810.ListTables', {})) as { TableNames: string[] };
  const { id } = await operatorClient(stack.endpoint, stack.region, stack.operator).ask('readPool', {
    path: { pool },
  });
  const blocks = Array.from({ length: 1024 }, (_, block) => blockKeyToText({ pool: id, block: BigInt(block) }));
  await request(endpoint, 'DynamoDB_20120810.UpdateItem', {
    TableName: TableNames.find((name) => name.includes('Pools')),
    Key: Object.fromEntries(Object.entries(keys.node(node)).map(([name, value]) => [name, { S: value }])),
    UpdateExpression: 'ADD bl :blocks',
    ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeValues: { ':blocks': { SS: blocks } },
  });
}

const containerOf = (storm: number, index: number): string => `s${storm}-${index}`;

describe.each([
  ['a shared pool', 'shared', 'online', '10.83.0.0/20'],
  ['blocks of its own', 'node', 'online', '10.83.16.0/20'],
  ['blocks in which it leases by itself', 'node', 'delegated', '10.83.32.0/20'],
] as const)(`${AT_ONCE} ADDs at once on one node, in %s`, (_, affinity, leasing, subnet) => {
  const name = `storm-${affinity}-${leasing}`;
  let node: LoneNode;
  beforeAll(async () => {
    node = await LoneNode.start(stack, stack.addNode());
    await createPool({ name, affinity, leasing, blockSize: 64, subnet, cooldown: 10 });
  });
  afterAll(() => node.remove());

  it(`fail nowhere and get ${AT_ONCE} addresses, ${STORMS} times`, async () => {
    const configuration: Configuration = {
      cniVersion: '1.0.0',
      name,
      type: 'lessor',
      ipam: { type: 'lessor', pool: name },
    };
    const all = (verb: 'ADD' | 'DEL', containers: readonly string[]) =>
      Promise.all(containers.map((container) => node.call(verb, container, configuration).ended));
    for (let storm = 0; storm < STORMS; storm++) {
      const containers = Array.from({ length: AT_ONCE }, (_, index) => containerOf(storm, index));
      const answers = await all('ADD', containers);
      expect(answers.filter(({ ok }) => !ok)).toEqual([]);
      expect(new Set(answers.map(addressOf)).size).toBe(AT_ONCE);
      const ended = await all('DEL', containers);
      expect(ended.filter(({ ok }) => !ok)).toEqual([]);
    }
    if (leasing === 'delegated') await node.flush();
    await joinMany(node.id, name);
    stack.wire.reset();
    expect(await all('DEL', ['nobody', containerOf(0, 0)])).toMatchObject([{ ok: true }, { ok: true }]);
    expect(stack.wire.total({ function: 'release' })).toBe(0);
  }, 600_000);
});
