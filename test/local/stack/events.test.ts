/** What the deployment tells on its bus, from the template: table, stream, function, bus, and a rule that somebody adds. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  blockClaimed,
  blockReturned,
  leaseLost,
  leasesReclaimed,
  nodeDead,
  poolExhausted,
} from '../../../core/contract/events.ts';
import { routes } from '../../../core/contract/routes.ts';
import type { BusEvent } from '../../../local/aws/put-events.ts';
import { type Operator, operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { askAt } from '../../support/asking.ts';
import { leasing } from './leasing.ts';

const BOUNDED = { timeout: 30_000, interval: 50 };
let stack: LocalStack;
let operator: Operator;
let bus: string;

beforeAll(async () => {
  stack = await startStack();
  operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  const range = { subnet: '10.9.0.0/24', rangeStart: '10.9.0.10', rangeEnd: '10.9.0.99' };
  await operator.ask('createPool', { body: { name: 'blue', ranges: [[range]] } });
  bus = stack.events.definition.buses.find((name) => name.endsWith('-events')) ?? '';
}, 120_000);
afterAll(() => stack?.stop());

const lease = leasing(() => stack);

/** What a rule of somebody's gets from now on, each once: what is put twice has one id. */
function subscribed(pattern: object): () => BusEvent[] {
  const got = new Map<unknown, BusEvent>();
  stack.events.bus.addRule({ bus, pattern }, (event) => got.set(event.detail.id, event));
  return () => [...got.values()];
}

it('a dead node is told to a rule that somebody adds to the bus', async () => {
  const got = subscribed({ source: ['lessor'], 'detail-type': ['Lessor Node Dead'] });
  const node = stack.addNode();
  await lease(node);
  await operator.ask('declareDeath', {
    body: { node: node.nodeId ?? '', reason: 'the rack burnt', alsoIfAlive: true },
  });
  await vi.waitFor(() => expect(got()).toHaveLength(1), BOUNDED);
  expect(nodeDead.parse(got()[0]?.detail)).toMatchObject({
    node: node.nodeId,
    incarnation: 1,
    reason: 'the rack burnt',
    deployment: bus.replace(/-events$/, ''),
  });
});

it('of a dead node’s own block, and of its pool, are told what becomes of them: each once, as EventBridge takes it', async () => {
  const range = { subnet: '10.8.0.0/24', rangeStart: '10.8.0.16', rangeEnd: '10.8.0.19' };
  await operator.ask('createPool', { body: { name: 'owned', ranges: [[range]], affinity: 'node', blockSize: 4 } });
  const got = subscribed({ source: ['lessor'] });
  const node = stack.addNode();
  stack.events.bus.fault(true);
  await lease(node, 'owned');
  await vi.waitFor(() => expect(stack.functionLogs('changes').join()).toContain('Events could not be put'), BOUNDED);
  stack.events.bus.fault(false);
  // The schedule reclaims what other nodes had, too.
  const isOurs = ({ detail: { node: id, pool } }: BusEvent) => id === node.nodeId || (!id && pool === 'owned');
  const of = (detailType: string) =>
    got()
      .filter((one) => one['detail-type'] === detailType && isOurs(one))
      .map(({ detail }) => detail);
  await vi.waitFor(() => expect(of('Lessor Block Claimed')).toHaveLength(1), BOUNDED);
  expect(blockClaimed.parse(of('Lessor Block Claimed')[0])).toMatchObject({
    ...{ node: node.nodeId, pool: 'owned', vrf: 'default', prefixes: ['10.8.0.16-10.8.0.19'], generation: 1 },
  });
  await vi.waitFor(() => expect(of('Lessor Pool Exhausted')).toHaveLength(1), BOUNDED);
  expect(poolExhausted.parse(of('Lessor Pool Exhausted')[0])).toMatchObject({ pool: 'owned', usePercent: 100 });
  await operator.ask('declareDeath', { body: { node: node.nodeId ?? '', reason: 'it burnt', alsoIfAlive: true } });
  await stack.runSchedule();
  await vi.waitFor(() => {
    expect(of('Lessor Leases Reclaimed')).toHaveLength(1);
    expect(of('Lessor Block Returned')).toHaveLength(1);
  }, BOUNDED);
  const dead = { node: node.nodeId, incarnation: 1 };
  expect(leasesReclaimed.parse(of('Lessor Leases Reclaimed')[0])).toMatchObject({ ...dead, freed: 1, complete: true });
  expect(blockReturned.parse(of('Lessor Block Returned')[0])).toMatchObject({ ...dead, because: 'reclaimed' });
});

it('of a lease that is lost is told at once; of single leases nothing, where nobody asked for it', async () => {
  const got = subscribed({ source: ['lessor'] });
  const node = stack.addNode();
  await lease(node);
  const slot = { pool: 'f'.repeat(16), block: '0', slot: 1 };
  const report = { attachment: { network: 'n', containerId: 'x', ifname: 'eth0' }, nonce: 'f'.repeat(32) };
  const answer = await askAt(stack, node, 'POST', routes.report.path, {
    ...report,
    boot: 'boot-1',
    slot,
    generation: 1,
  });
  expect(answer.body.code).toBe('lease.lost');
  await vi.waitFor(() => expect(got().map(({ detail }) => detail.node)).toContain(node.nodeId), BOUNDED);
  const own = got().filter(({ detail }) => detail.node === node.nodeId);
  expect(own.map((event) => event['detail-type'])).toEqual(['Lessor Lease Lost']);
  expect(leaseLost.parse(own[0]?.detail)).toMatchObject({ poolId: slot.pool, why: expect.any(String) });
});
