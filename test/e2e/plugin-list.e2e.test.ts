/** `lessor` under a plugin that other plugins come after, called as libcni calls them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build.ts';
import type { CniRuntime } from '../../local/cni-runtime.ts';
import { writeNodeFiles } from '../../local/demo-nodes.ts';
import { NodeNetwork, prerequisites } from '../../local/node-network.ts';
import { Operator } from '../../local/operator.ts';
import { type LocalStack, startStack } from '../../local/stack.ts';
import { ListRuntime } from '../support/plugin-list.ts';
import { available } from '../support/prerequisite.ts';
import { type InterfaceResult, linksIn, podInterface } from './pod-interface.ts';

const { cniDirectory, missing } = prerequisites();

describe.runIf(available('Pods in network namespaces', missing))('a list of plugins that begins with lessor’s', () => {
  let stack: LocalStack;
  let network: NodeNetwork;
  let directory: string;
  let operator: Operator;
  let runtime: CniRuntime;

  beforeAll(async () => {
    const { path: plugin } = await buildPlugin();
    stack = await startStack();
    operator = new Operator(stack.endpoint, stack.region, stack.operator);
    directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
    network = new NodeNetwork(stack.endpoint, directory);
    const namespace = await network.addNode('node');
    const environment = { LESSOR_CONFIG: writeNodeFiles(join(directory, 'node'), stack, stack.nodes[0]) };
    runtime = { plugin, cniDirectory, namespace, environment };
  });
  afterAll(async () => {
    network?.stop();
    rmSync(directory, { recursive: true, force: true });
    await stack?.stop();
  });

  const held = async (pool: string) =>
    (await operator.ask('listLeases', { path: { pool } })).leases
      .filter(({ state }) => state === 'held')
      .map(({ addresses }) => addresses);

  it.each(['0.4.0', '1.0.0'])('adds, checks and deletes pods with cniVersion %s', async (cniVersion) => {
    const name = `listed-${cniVersion.replaceAll('.', '')}`;
    const subnet = cniVersion === '1.0.0' ? '10.95.0' : '10.94.0';
    const subnet6 = cniVersion === '1.0.0' ? 'fd00:95:' : 'fd00:94:';
    const ipam = {
      type: 'lessor',
      ranges: [[{ subnet: `${subnet}.0/24` }], [{ subnet: `${subnet6}:/120` }]],
      routes: [{ dst: '0.0.0.0/0' }],
    };
    const list = new ListRuntime(runtime, {
      cniVersion,
      name,
      plugins: [
        { type: 'bridge', bridge: `ls${cniVersion[0]}`, isGateway: true, ipMasq: true, hairpinMode: true, ipam },
        { type: 'portmap', snat: true, capabilities: { portMappings: true } },
        { type: 'firewall', backend: 'iptables' },
        { type: 'tuning', mtu: 1400, capabilities: { mac: true } },
      ],
    });
    const pod = (role: string) => {
      const { namespace, path } = network.addPod(`${name}-${role}`);
      return { namespace, call: { containerId: namespace, ifname: 'eth0', netns: path } };
    };
    const [server, client] = [pod('server'), pod('client')];
    const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }];
    const call = { ...server.call, capabilities: { portMappings, mac: '0a:58:00:00:00:07' } };
    const [added, addedClient] = [await list.add(call), await list.add(client.call)];
    for (const answer of [added, addedClient])
      expect(answer, JSON.stringify(answer)).toMatchObject({ ok: true, output: { cniVersion } });
    const [result, resultOfClient] = [added.output as InterfaceResult, addedClient.output as InterfaceResult];
    expect(result.interfaces.at(-1)).toMatchObject({ name: 'eth0', mac: '0a:58:00:00:00:07' });
    const addresses = [result, resultOfClient].map(({ ips }) => ips.map(({ address }) => address));
    expect(await held(name)).toEqual(addresses);
    expect(podInterface(server.namespace, 'eth0').addresses).toEqual(addresses[0]);

    const serving = await serve(server.namespace);
    expect(await answerFrom(client.namespace, `${subnet}.1`, 8080)).toBe('hello');
    serving.kill();

    // Of the client: Debian's portmap looks for the IPv4 address of a mapped port among its IPv6 rules.
    expect(await list.check(client.call, resultOfClient)).toMatchObject({ ok: true });
    const [, ...others] = resultOfClient.ips;
    const forged = { ...resultOfClient, ips: [result.ips[0], ...others] };
    expect(await list.check(client.call, forged)).toMatchObject(notHeld('does not hold'));

    // Repeated, out of what the runtime has kept and without it.
    for (const kept of [result, result, undefined]) expect(await list.delete(call, kept)).toMatchObject({ ok: true });
    expect(linksIn(server.namespace)).not.toContain('eth0');
    expect(await held(name)).toEqual([addresses[1]]);
    expect(await list.check(client.call, resultOfClient)).toMatchObject({ ok: true });
    expect(await list.delete(client.call, resultOfClient)).toMatchObject({ ok: true });
    expect(await held(name)).toEqual([]);
    expect(await list.check(client.call, resultOfClient)).toMatchObject(notHeld('holds no lease'));
  });

  it('has freed the address after the DEL by which a runtime answers a plugin that failed later in the list', async () => {
    const ipam = { type: 'lessor', ranges: [[{ subnet: '10.96.0.0/24' }]] };
    const list = new ListRuntime(runtime, {
      cniVersion: '1.0.0',
      name: 'failing',
      plugins: [
        { type: 'bridge', bridge: 'lsf', isGateway: true, ipam },
        { type: 'tuning', sysctl: { 'net.no.such.key': '1' } },
      ],
    });
    const { namespace, path } = network.addPod('failing');
    const call = { containerId: namespace, ifname: 'eth0', netns: path };
    expect(await list.add(call)).toMatchObject({ ok: false });
    expect(await held('failing')).toHaveLength(1);
    expect(await list.delete(call)).toMatchObject({ ok: true });
    expect(await held('failing')).toEqual([]);
  });
});

const notHeld = (why: string) => ({ ok: false, output: { code: 105, msg: expect.stringContaining(why) } });

const SERVER = `
require('node:net').createServer((client) => client.end('hello')).listen(80, () => process.stdout.write('ready'));
process.stdin.on('end', () => process.exit()).resume();
`;
const CLIENT = `
const socket = require('node:net').connect({ host: process.argv[1], port: process.argv[2], timeout: 5000 });
socket.on('timeout', () => process.exit(1)).pipe(process.stdout);
`;

const inside = (namespace: string, program: string, ...words: string[]) =>
  spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', program, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });

async function serve(namespace: string) {
  const server = inside(namespace, SERVER);
  await new Promise((ready) => server.stdout.once('data', ready));
  return server;
}

async function answerFrom(namespace: string, host: string, port: number): Promise<string> {
  let text = '';
  for await (const chunk of inside(namespace, CLIENT, host, String(port)).stdout.setEncoding('utf8')) text += chunk;
  return text;
}
