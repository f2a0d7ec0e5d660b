/** `lessor leave` by the compiled executable, on a node with blocks of its own. */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { demoNetwork } from '../../local/demo/demo-network.ts';
import { type Operator, operatorClient } from '../../local/demo/operator.ts';
import { callPlugin } from '../../local/nodes/cni-runtime.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { addressOf, errorOf, type PluginNode, pluginNode } from '../support/plugin-node.ts';

/** Two nodes fill the pool, each with two blocks of four addresses. */
const ranges = [[{ subnet: '10.79.0.0/16', rangeStart: '10.79.1.0', rangeEnd: '10.79.1.15', gateway: '10.79.0.1' }]];
const path = { pool: demoNetwork.name };
const configuration = { ...demoNetwork, ipam: { ...demoNetwork.ipam, ranges } };

let stack: LocalStack;
let operator: Operator;
let first: PluginNode;
let second: PluginNode;
let executable: string;

beforeAll(async () => {
  executable = (await buildPlugin()).path;
  stack = await startStack();
  operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  await operator.ask('createPool', {
    body: { name: demoNetwork.name, affinity: 'node', blockSize: 4, cooldownSeconds: 0, ranges },
  });
  [first, second] = (await Promise.all(stack.nodes.map((identity) => pluginNode(stack, identity)))) as [
    PluginNode,
    PluginNode,
  ];
});
afterAll(async () => {
  first?.remove();
  second?.remove();
  await stack?.stop();
});

const call = ({ environment }: PluginNode, verb: 'ADD' | 'DEL', containerId: string) =>
  callPlugin(
    { plugin: executable, cniDirectory: undefined, namespace: undefined, environment },
    { verb, containerId, ifname: 'eth0', netns: `/var/run/netns/${containerId}`, configuration },
  );
/** The stack answers in this very process: nothing here may wait for the command alone. */
const lessor = ({ environment }: PluginNode, ...argv: string[]) =>
  new Promise<{ exitCode: number; out: string; err: string }>((ended) => {
    const { PATH = '' } = process.env;
    execFile(executable, argv, { env: { PATH, ...environment } }, (error, out, err) =>
      ended({ exitCode: Number(error?.code ?? 0), out, err }),
    );
  });
const owners = async () => {
  const { blocks } = await operator.ask('listBlocks', { path });
  return blocks.flatMap(({ state, node }) => (state === 'claimed' && node !== undefined ? [node] : [])).sort();
};
const added = async (node: PluginNode, containers: readonly string[]) => {
  for (const container of containers) addressOf(await call(node, 'ADD', container));
};

it('a drained node gives its blocks to whoever needs them, and may begin another life', async () => {
  const pods = [1, 2, 3, 4, 5].map((n) => `pod-${n}`);
  await added(first, pods);
  await added(second, pods);
  expect(await owners()).toEqual([first.id, first.id, second.id, second.id].sort());
  const early = await lessor(first, 'leave');
  expect([early.exitCode, early.out]).toEqual([37, '']);
  expect(early.err).toContain('5 attachments have an address on this node');

  for (const pod of pods) expect(await call(first, 'DEL', pod)).toMatchObject({ ok: true });
  expect(await owners()).toContain(first.id);
  const would = await lessor(first, 'leave', '--dry-run', '--json');
  expect(JSON.parse(would.out)).toMatchObject({ dryRun: true, life: { incarnation: 1 } });
  expect(await owners()).toContain(first.id);

  const left = await lessor(first, 'leave');
  expect(left).toMatchObject({ exitCode: 0, err: '' });
  expect(left.out).toContain('The node has left.');
  expect(await operator.ask('readNode', { query: { node: first.id } })).toMatchObject({ alive: false });
  await stack.runSchedule();
  expect(await owners()).toEqual([second.id, second.id]);

  // 15 pods need all four blocks.
  await added(
    second,
    [6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((n) => `pod-${n}`),
  );
  expect(await owners()).toEqual([second.id, second.id, second.id, second.id]);
  expect(errorOf(await call(first, 'ADD', 'pod-1')).code).toBe(101);
  for (const pod of [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) await call(second, 'DEL', `pod-${pod}`);
  await call(first, 'DEL', 'pod-1');
  await added(first, ['pod-2']);
  expect(await operator.ask('readNode', { query: { node: first.id } })).toMatchObject({ alive: true, incarnation: 2 });
  expect(await owners()).toContain(first.id);
  expect((await lessor(first, 'leave', '--stay')).out).toBe('The node was not leaving.\n');
});
