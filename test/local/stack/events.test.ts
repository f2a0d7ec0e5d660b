/** What the deployment tells on its bus, from the template: table, stream, function, bus, and a rule that somebody adds. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { nodeDead } from '../../../core/contract/events.ts';
import { routes } from '../../../core/contract/routes.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import type { BusEvent } from '../../../local/aws/put-events.ts';
import { type Operator, operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { askAt } from '../../support/asking.ts';

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

let containers = 0;
async function lease(node: Identity, pool = 'blue'): Promise<void> {
  containers += 1;
  const answer = await askAt(stack, node, 'POST', routes.allocate.path, {
    attachment: { network: 'n', containerId: `c${containers}`, ifname: 'eth0' },
    nonce: containers.toString(16).padStart(32, '0'),
    attempt: 1,
    boot: 'boot-1',
    pool: { name: pool },
  });
  expect(answer.status).toBe(200);
}

/** What a rule of somebody's gets from now on. */
function subscribed(pattern: object): BusEvent[] {
  const got: BusEvent[] = [];
  stack.events.bus.addRule({ bus, pattern }, (event) => got.push(event));
  return got;
}

it('a dead node is told to a rule that somebody adds to the bus', async () => {
  const got = subscribed({ source: ['lessor'], 'detail-type': ['Lessor Node Dead'] });
  const node = stack.addNode();
  await lease(node);
  await operator.ask('declareDeath', { body: { node: node.nodeId, reason: 'the rack burnt', alsoIfAlive: true } });
  await vi.waitFor(() => expect(got).toHaveLength(1), BOUNDED);
  expect(nodeDead.parse(got[0]?.detail)).toMatchObject({
    node: node.nodeId,
    incarnation: 1,
    reason: 'the rack burnt',
    deployment: bus.replace(/-events$/, ''),
  });
});
