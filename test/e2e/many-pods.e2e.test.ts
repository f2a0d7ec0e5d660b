/**
 * Many plugin processes at once on real parts: the compiled plugin, the API, DynamoDB Local. Requests are counted where
 * they reach DynamoDB.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operator, operatorClient } from '../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { addressOf, errorOf, eventually, leasesOf, type PluginNode, pluginNode } from '../support/plugin-node.ts';

const ADDRESSES = 241;

describe('many pods of one node', () => {
  let stack: LocalStack;
  let node: PluginNode;
  let cold: PluginNode;
  let operator: Operator;
  let address: string;

  beforeAll(async () => {
    // Two environments a function: both are warm after one burst.
    stack = await startStack({ environments: 2, settings: { inlinePoolCooldownSeconds: 3 } });
    node = await pluginNode(stack, stack.nodes[0]);
    cold = await pluginNode(stack, stack.nodes[1]);
    operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  });
  afterAll(async () => {
    for (const one of [node, cold]) one.remove();
    await stack.stop();
  });

  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  const addAll = (containers: string[], on = node) =>
    Promise.all(containers.map((container) => on.call('ADD', container)));
  const deleteAll = (containers: string[], on = node) =>
    Promise.all(containers.map((container) => on.call('DEL', container)));

  it('asks DynamoDB once for each of 64 containers at once on a warm node', async () => {
    // So few that none is asked for twice, which may take slots of which the node does not know: it would propose them below.
    const few = names('few', 8);
    for (const act of [addAll, deleteAll]) for (const answer of await act(few)) expect(answer.ok).toBe(true);
    const containers = names('warm', 64);
    stack.wire.reset();
    const addresses = (await addAll(containers)).map(addressOf);
    expect(new Set(addresses).size).toBe(64);
    const own = stack.wire.counts().filter(({ function: name }) => name !== 'changes');
    expect(own.map(({ operation, count }) => ({ operation, count }))).toEqual([{ operation: 'UpdateItem', count: 64 }]);
    stack.wire.reset();
    for (const answer of await deleteAll(containers)) expect(answer.ok).toBe(true);
    expect(stack.wire.total({ function: 'release', operation: 'UpdateItem' })).toBe(64);
  });

  it('gives 64 containers at once 64 different addresses, on a node that knew nothing', async () => {
    const containers = names('first', 64);
    const addresses = (await addAll(containers, cold)).map(addressOf);
    expect(new Set(addresses).size).toBe(64);
    for (const answer of await deleteAll(containers, cold)) expect(answer.ok).toBe(true);
    expect((await leasesOf(operator)).filter(({ state }) => state === 'held')).toEqual([]);
  });

  it('gives one container that is added 8 times at once one lease', async () => {
    const answers = await addAll(Array.from({ length: 8 }, () => 'same'));
    expect(new Set(answers.map(addressOf)).size).toBe(1);
    expect((await leasesOf(operator)).filter(({ state }) => state === 'held')).toHaveLength(1);
    expect((await node.call('DEL', 'same')).ok).toBe(true);
    expect((await leasesOf(operator)).filter(({ state }) => state === 'held')).toEqual([]);
  });

  it('fills the range to its last address, refuses one more, and gives a released address after its cooldown', async () => {
    await eventually(async () => ((await leasesOf(operator)).length === 0 ? true : undefined));
    const containers = names('full', ADDRESSES + 1);
    const answers = [];
    while (containers.length > 0) answers.push(...(await addAll(containers.splice(0, 22))));
    const addresses = answers.filter(({ ok }) => ok).map(addressOf);
    expect(new Set(addresses).size).toBe(ADDRESSES);
    const [refused, ...others] = answers.filter(({ ok }) => !ok);
    expect(others).toEqual([]);
    if (!refused) throw new Error('nobody was refused');
    expect(errorOf(refused)).toMatchObject({ code: 101, msg: expect.stringContaining('my-bridge-network') });

    address = addressOf(answers[7] ?? refused);
    expect((await node.call('DEL', 'full-7')).ok).toBe(true);
    expect(errorOf(await node.call('ADD', 'patient'))).toMatchObject({
      code: 11,
      msg: expect.stringMatching(/cooling/),
    });
    const answer = await eventually(async () => {
      const again = await node.call('ADD', 'patient');
      return again.ok ? again : undefined;
    });
    expect(addressOf(answer)).toBe(address);
  });
});
