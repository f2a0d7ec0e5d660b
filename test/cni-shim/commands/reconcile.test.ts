/** `lessor reconcile` with a sleep that a test fills. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../../../cni-shim/commands/command-line.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import { FakeApi } from '../fake-api.ts';
import { NETWORK, Node } from '../in-process.ts';

let api: FakeApi;
let node: Node;
const namespace = () => join(node.directory, 'netns', 'c1');

beforeEach(async () => {
  api = await FakeApi.start();
  node = new Node(api);
  node.bootId = machineUnderNode().bootId();
  mkdirSync(join(node.directory, 'netns'));
  writeFileSync(namespace(), '');
  expect(await node.add('c1', { env: { CNI_NETNS: namespace() } })).toMatchObject({ exitCode: 0 });
});
afterEach(async () => {
  node.remove();
  await api.stop();
});

/** `meanwhile` happens while it waits. */
async function reconcile(grace: string, meanwhile: () => void) {
  const slept: number[] = [];
  const around = machineUnderNode(node.env);
  let ahead = 0;
  const surroundings = {
    ...around,
    now: () => around.now() + ahead,
    sleep: async (milliseconds: number) => {
      slept.push(milliseconds);
      ahead += milliseconds;
      meanwhile();
    },
  };
  let out = '';
  const terminal = {
    print: (text: string) => {
      out += text;
    },
    complain: () => {},
  };
  const exitCode = await runCommand(['reconcile', '--json', '--grace', grace], { surroundings, terminal });
  return { exitCode, slept, printed: JSON.parse(out) };
}

test('a container that is gone is released after the grace', async () => {
  rmSync(namespace());
  const { slept, printed } = await reconcile('20', () => {});
  expect(slept).toEqual([20_000]);
  expect(printed.ended).toMatchObject([{ why: 'namespace' }]);
  expect(api.leases(NETWORK).size).toBe(0);
});

test('one whose namespace is back after the grace stays', async () => {
  rmSync(namespace());
  const { printed } = await reconcile('20', () => writeFileSync(namespace(), ''));
  expect(printed.ended).toEqual([]);
  expect(api.leases(NETWORK).size).toBe(1);
});

test('nothing is waited for where no container seems gone', async () => {
  expect((await reconcile('20', () => {})).slept).toEqual([]);
  expect(api.leases(NETWORK).size).toBe(1);
});
