/** What a lost answer, a killed plugin, and a database that is away for a while leave behind: nothing held twice, nothing lost. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import type { WireRequest } from '../../local/aws/dynamodb-wire.ts';
import { demoNetwork } from '../../local/demo/demo-network.ts';
import { type Operator, operatorClient } from '../../local/demo/operator.ts';
import { callPlugin } from '../../local/nodes/cni-runtime.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { addressOf, errorOf, leasesOf, type PluginNode, pluginNode } from '../support/plugin-node.ts';

/** What makes a lease. */
const isHold = ({ function: name, operation, table }: WireRequest) =>
  name === 'allocate' && operation === 'UpdateItem' && table.includes('Leases');

describe('faults on the way of an address', () => {
  let stack: LocalStack;
  let node: PluginNode;
  let operator: Operator;

  beforeAll(async () => {
    stack = await startStack({ durable: true, settings: { inlinePoolCooldownSeconds: 0 } });
    node = await pluginNode(stack, stack.nodes[0]);
    operator = operatorClient(stack.endpoint, stack.region, stack.operator);
    expect((await node.call('ADD', 'warm')).ok).toBe(true);
  });
  afterAll(async () => {
    node.remove();
    await stack.stop();
  });
  beforeEach(() => stack.wire.fault(undefined));

  const heldBy = async (container: string) =>
    (await leasesOf(operator)).filter(
      ({ state, attachment }) => state === 'held' && attachment.containerId === container,
    );

  it('finds the lease again when the database made it and every answer of the first attempt was lost', async () => {
    let lost = 0;
    // Both tries of the function's SDK: the plugin's own second attempt has to find the lease.
    stack.wire.fault(async (request, forward) => {
      const answer = await forward();
      if (!isHold(request) || lost === 2) return answer;
      lost += 1;
      return undefined;
    });
    const address = addressOf(await node.call('ADD', 'lost-answer'));
    expect(lost).toBe(2);
    expect((await heldBy('lost-answer')).map(({ addresses }) => addresses)).toEqual([[address]]);
    expect((await node.call('DEL', 'lost-answer')).ok).toBe(true);
    expect(await heldBy('lost-answer')).toEqual([]);
  });

  it('releases by DEL what a plugin that was killed between request and answer had leased', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    const written = new Promise<void>((seen) => {
      stack.wire.fault(async (request, forward) => {
        const answer = await forward();
        if (!isHold(request)) return answer;
        seen();
        await held;
        return answer;
      });
    });
    const plugin = node.start('killed');
    await written;
    plugin.kill();
    await plugin.ended;
    release();
    stack.wire.fault(undefined);
    expect(await heldBy('killed')).toHaveLength(1);
    expect((await node.call('DEL', 'killed')).ok).toBe(true);
    expect(await heldBy('killed')).toEqual([]);
    expect((await node.call('DEL', 'killed')).ok).toBe(true);
  });

  it('says what to do while the database is away, and afterwards no address is held twice', async () => {
    await stack.dynamodb.stop();
    const [added, deleted] = await Promise.all([node.call('ADD', 'during'), node.call('DEL', 'warm')]);
    await stack.dynamodb.start();
    expect(errorOf(added)).toMatchObject({ code: 11, details: expect.stringMatching(/try again/) });
    // No pod waits for the service to end: its address stays held until the service is told.
    expect(deleted.ok).toBe(true);

    const containers = ['during', 'after-1', 'after-2', 'after-3'];
    const addresses = [];
    for (const container of containers) addresses.push(addressOf(await node.call('ADD', container)));
    expect(new Set(addresses).size).toBe(containers.length);
    expect(await heldBy('warm')).toHaveLength(1);
    for (const container of [...containers, 'warm']) expect((await node.call('DEL', container)).ok).toBe(true);
    expect((await leasesOf(operator)).filter(({ state }) => state === 'held')).toEqual([]);
  });

  it('frees nothing of a living node when another one is declared dead, and lets the dead one come back', async () => {
    const other = await pluginNode(stack, stack.nodes[1]);
    try {
      addressOf(await node.call('ADD', 'living'));
      addressOf(await other.call('ADD', 'dying'));
      await operator.ask('declareDeath', { body: { node: other.id, reason: 'test', alsoIfAlive: true } });
      expect(await stack.runSchedule()).toMatchObject({ nodes: [{ node: other.id, incarnation: 1, freed: 1 }] });
      expect(await heldBy('living')).toHaveLength(1);
      expect(await heldBy('dying')).toEqual([]);

      // Another boot: the old one's state says nothing any more.
      other.remove();
      const returned = await pluginNode(stack, stack.nodes[1]);
      addressOf(await returned.call('ADD', 'reborn'));
      // It was looked at a moment ago, and is not due again for 5 minutes.
      expect(await stack.runSchedule()).toMatchObject({ nodes: [], waiting: 0 });
      expect(await heldBy('reborn')).toMatchObject([{ node: other.id, incarnation: 2 }]);
      expect((await returned.call('DEL', 'reborn')).ok).toBe(true);
      returned.remove();
    } finally {
      other.remove();
    }
  });

  it('runs nothing and reads nothing that lies in its working directory, and prints no credential', async () => {
    const hostile = join(node.directory, 'hostile');
    mkdirSync(hostile);
    writeFileSync(join(hostile, 'bunfig.toml'), 'preload = ["./preload.ts"]\n');
    writeFileSync(
      join(hostile, 'preload.ts'),
      `require('node:fs').writeFileSync(${JSON.stringify(join(hostile, 'ran'))}, '');`,
    );
    writeFileSync(join(hostile, '.env'), 'LESSOR_CONFIG=/nowhere.json\nAWS_ACCESS_KEY_ID=stolen\n');
    const { path } = await buildPlugin();
    const runtime = { plugin: path, cniDirectory: undefined, namespace: undefined, environment: node.environment };
    const call = {
      containerId: 'hostile',
      ifname: 'eth0',
      netns: '/var/run/netns/h',
      configuration: demoNetwork,
      cwd: hostile,
    };
    const added = await callPlugin(runtime, { ...call, verb: 'ADD' });
    addressOf(added);
    expect((await callPlugin(runtime, { ...call, verb: 'DEL' })).ok).toBe(true);
    expect(readdirSync(hostile).sort()).toEqual(['.env', 'bunfig.toml', 'preload.ts']);

    const [{ secretAccessKey, sessionToken }] = stack.nodes;
    const logs = ['allocate', 'release', 'operate', 'reclaim'].flatMap((name) => stack.functionLogs(name));
    const state = readdirSync(join(node.directory, 'node/state'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    for (const text of [JSON.stringify(added), ...logs, ...state]) {
      expect(text).not.toContain(secretAccessKey);
      expect(text).not.toContain(sessionToken);
    }
  });
});
