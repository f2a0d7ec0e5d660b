/** From EC2's event to free addresses, as the template has it: rule, queue, function, EC2, declaration, fence. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ec2Error, stateChange } from '../../../local/aws/ec2.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import { type Operator, operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { leasing } from './leasing.ts';

/** So much faster than on AWS. */
const PACE = 60;
const OTHER = '210987654321';
const WITHIN_MS = 120_000;
const BOUNDED = { timeout: 30_000, interval: 50 };
let stack: LocalStack;
let operator: Operator;

beforeAll(async () => {
  stack = await startStack({ pace: PACE, settings: { evidence: { accounts: [OTHER] } } });
  operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  const range = { subnet: '10.9.0.0/24', rangeStart: '10.9.0.10', rangeEnd: '10.9.0.99' };
  await operator.ask('createPool', { body: { name: 'blue', ranges: [[range]], cooldownSeconds: 0 } });
}, 120_000);
afterAll(() => stack?.stop());

const lease = leasing(() => stack);
async function nodeWithLease(): Promise<Identity & { readonly nodeId: string }> {
  const node = stack.addNode();
  await lease(node);
  return { ...node, nodeId: node.nodeId ?? '' };
}
const heldBy = async (node: string) =>
  (await operator.ask('listLeases', { path: { pool: 'blue' } })).leases.filter(
    (one) => one.node === node && one.state === 'held',
  );
const deathOf = async (node: string) => (await operator.ask('listDeaths', { query: { node } })).deaths.at(0);
const swept = (node: string) =>
  vi.waitFor(async () => {
    const death = await deathOf(node);
    expect(death?.sweptAt).toBeDefined();
    return death;
  }, BOUNDED);
const queue = () => stack.events.definition.queues.find(({ redrive }) => redrive !== undefined);
const bodies = (arn = queue()?.arn ?? '') => stack.events.queues(arn).bodies();
const drained = () => vi.waitFor(() => expect(bodies()).toEqual([]), BOUNDED);

describe('a node whose instance EC2 says is terminated', () => {
  it('has its addresses freed within two minutes of the event, by nobody', async () => {
    const node = await nodeWithLease();
    const [source] = stack.events.definition.queueSources;
    const waits = (queue()?.delayMs ?? Number.NaN) + (source?.windowMs ?? Number.NaN);
    const since = Date.now();
    stack.ec2.change(node.nodeId, 'terminated');
    const death = await swept(node.nodeId);
    expect(death).toMatchObject({ declaredBy: 'ec2/event+DescribeInstances', freed: 1, incarnation: 1 });
    expect(death?.reason).toContain('terminated');
    expect(await heldBy(node.nodeId)).toEqual([]);
    // What the queue waits on AWS, and all that the function did here, its first start included.
    expect(waits + (Date.now() - since)).toBeLessThan(WITHIN_MS);
    await drained();
  });

  it('is freed by the hourly look where the event was lost, and others keep what they have', async () => {
    const [gone, stays, stopped] = [await nodeWithLease(), await nodeWithLease(), await nodeWithLease()];
    stack.ec2.change(gone.nodeId, 'terminated', { eventIsLost: true });
    stack.ec2.change(stopped.nodeId, 'stopped', { eventIsLost: true });
    const report = await stack.runSchedule('evidence');
    expect(report).toMatchObject({ ended: [{ node: gone.nodeId, freed: 1 }], failures: [], complete: true });
    for (const { nodeId } of [stays, stopped]) expect(await heldBy(nodeId)).toHaveLength(1);
    expect(await heldBy(gone.nodeId)).toEqual([]);
  });

  it('is not freed by the hourly look while it was heard of lately, though EC2 has forgotten it; nor by a look that fails', async () => {
    const [seen, never] = [await nodeWithLease(), await nodeWithLease()];
    stack.ec2.forget(never.nodeId);
    await stack.runSchedule('evidence');
    stack.ec2.forget(seen.nodeId);
    stack.ec2.fault(() => ec2Error(403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'));
    expect(await stack.runSchedule('evidence')).toMatchObject({
      ended: [],
      failures: [expect.stringContaining('UnauthorizedOperation')],
    });
    stack.ec2.fault(undefined);
    expect(await heldBy(seen.nodeId)).toHaveLength(1);
    expect(await stack.runSchedule('evidence')).toMatchObject({
      ended: [],
      unclear: [seen.nodeId],
      neverSeen: [never.nodeId],
    });
    for (const { nodeId } of [seen, never]) expect(await heldBy(nodeId)).toHaveLength(1);
  });

  it('keeps its addresses while EC2 says something else than its event, and the event is put away', async () => {
    const node = await nodeWithLease();
    stack.events.bus.put(stateChange({ region: stack.region, account: '000000000000' }, node.nodeId, 'terminated'));
    const dead = queue()?.redrive?.arn;
    await vi.waitFor(() => expect(bodies(dead).join()).toContain(node.nodeId), BOUNDED);
    expect(await heldBy(node.nodeId)).toHaveLength(1);
    expect(await deathOf(node.nodeId)).toBeUndefined();
  });

  it('of an account that the deployment does not name reaches no function', async () => {
    const asked = stack.functionLogs('evidence').length;
    const [bus = ''] = stack.events.definition.buses;
    for (const account of ['333333333333', OTHER])
      stack.events.bus.put(stateChange({ region: stack.region, account }, 'i-0123456789abcdef9', 'terminated'));
    stack.events.bus.put(
      stateChange({ region: stack.region, account: '333333333333' }, 'i-0123456789abcdef9', 'terminated'),
      bus,
    );
    expect(bodies()).toEqual([]);
    // Over its own bus it does, and no such node is no error.
    stack.events.bus.put(
      stateChange({ region: 'eu-west-1', account: OTHER }, 'i-0123456789abcdef9', 'terminated'),
      bus,
    );
    expect(bodies()).toHaveLength(1);
    await drained();
    expect(stack.functionLogs('evidence').length).toBe(asked);
  });
});
