/** Lists of plugins in which `bridge` asks `lessor` for addresses and others come after it, run as libcni runs them, and by it. */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operator } from '../../local/demo/operator.ts';
import { type CniRuntime, callPlugin } from '../../local/nodes/cni-runtime.ts';
import { ip, type NodeNetwork, onPath, prerequisites } from '../../local/nodes/node-network.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';
import { addList, type Container, checkList, deleteList, type PluginList } from './conflist.ts';
import { type InterfaceResult, linksIn, podInterface } from './pod-interface.ts';

const { cniDirectory = '', missing } = prerequisites();
const run = promisify(execFile);

/** Answers one request, wherever it comes from. */
const SERVER = `
require('node:http').createServer((_, answer) => answer.end('from the pod')).listen(8080, () => console.log('ready'));
process.stdin.on('end', () => process.exit()).resume();
`;
const GET = 'fetch(process.argv[1]).then((answer) => answer.text()).then((text) => process.stdout.write(text))';

describe.runIf(available('Pods in network namespaces', missing))('a list of plugins', () => {
  let testBed: TestBed;
  let network: NodeNetwork;
  let directory: string;
  let operator: Operator;
  let node: string;
  let runtime: CniRuntime;

  beforeAll(async () => {
    testBed = await openTestBed({ inlinePoolCooldownSeconds: 0 });
    ({ operator, network, directory } = testBed);
    runtime = await testBed.addNode('chain');
    node = runtime.namespace ?? '';
  });
  afterAll(async () => {
    await testBed?.close();
  });

  const listOf = (cniVersion: string, net: number): PluginList => ({
    cniVersion,
    name: `chained-${net}`,
    plugins: [
      {
        type: 'bridge',
        bridge: `chain${net}`,
        isGateway: true,
        ipMasq: true,
        ipam: {
          type: 'lessor',
          ranges: [[{ subnet: `10.${net}.0.0/24` }], [{ subnet: `fd00:${net}::/120` }]],
          routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      { type: 'firewall', backend: 'iptables' },
      { type: 'tuning', mtu: 1400, sysctl: { 'net.ipv4.conf.eth0.arp_notify': '1' } },
    ],
  });
  const added = async (list: PluginList, name: string, hostPort: number) => {
    const { namespace, path } = network.addPod(name);
    const container: Container = {
      containerId: namespace,
      ifname: 'eth0',
      netns: path,
      runtimeConfig: { portMappings: [{ hostPort, containerPort: 8080, protocol: 'tcp' }] },
    };
    const result = (await addList(runtime, list, container)) as InterfaceResult;
    return { namespace, container, result };
  };
  const held = async (pool: string) => {
    const { leases } = await operator.ask('listLeases', { path: { pool } });
    return leases.filter(({ state }) => state === 'held').map(({ addresses }) => addresses);
  };

  it.each([
    ['0.4.0', 100],
    ['1.0.0', 101],
  ] as const)(
    'of cniVersion %s adds, checks and deletes a pod that is reached at a port of its node',
    async (cniVersion, net) => {
      const list = listOf(cniVersion, net);
      const { namespace, container, result } = await added(list, `chained-${net}`, 18_081);
      const addresses = result.ips.map(({ address }) => address);
      expect(result.cniVersion).toBe(cniVersion);
      expect(addresses).toEqual([
        expect.stringMatching(new RegExp(`^10\\.${net}\\.0\\.\\d+/24$`)),
        expect.stringMatching(new RegExp(`^fd00:${net}::[0-9a-f]+/120$`)),
      ]);
      expect(podInterface(namespace, 'eth0').addresses).toEqual(addresses);
      expect(ip('-n', namespace, 'link', 'show', 'eth0')).toContain('mtu 1400');
      expect(await held(list.name)).toEqual([addresses]);

      const server = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', SERVER]);
      try {
        await new Promise((ready) => server.stdout.once('data', ready));
        const page = `http://10.${net}.0.1:18081/`;
        const { stdout } = await run('ip', ['netns', 'exec', node, process.execPath, '-e', GET, page]);
        expect(stdout).toBe('from the pod');
      } finally {
        server.stdin.end();
      }

      // portmap looks for the rules of one family in the other's table, whoever gave the addresses.
      const checked = { ...list, plugins: list.plugins.filter(({ type }) => type !== 'portmap') };
      await checkList(runtime, checked, container, result);

      // A runtime that has lost what ADD answered may delete as well, and again.
      await deleteList(runtime, list, container, result);
      await deleteList(runtime, list, container, undefined);
      expect(await held(list.name)).toEqual([]);
      expect(linksIn(namespace)).not.toContain('eth0');
    },
  );

  it('whose runtime lost what ADD answered gives the addresses back all the same', async () => {
    const list = listOf('1.0.0', 102);
    const { container } = await added(list, 'forgetful', 18_082);
    await deleteList(runtime, list, container, undefined);
    expect(await held(list.name)).toEqual([]);
  });

  it('finds by CHECK that the lease of a pod is gone', async () => {
    const list = listOf('1.0.0', 103);
    const { container, result } = await added(list, 'bereft', 18_083);
    const [configuration] = list.plugins;
    if (configuration === undefined) throw new Error('an empty list');
    const { cniVersion, name } = list;
    const alone = { ...runtime, cniDirectory: undefined };
    const { runtimeConfig: _, ...about } = container;
    const released = await callPlugin(alone, {
      ...about,
      verb: 'DEL',
      configuration: { ...configuration, cniVersion, name },
    });
    expect(released).toMatchObject({ ok: true });
    await expect(checkList(runtime, list, container, result)).rejects.toThrow(/holds no lease/);
    await deleteList(runtime, list, container, result);
  });

  const cnitool = onPath('cnitool');
  if (!cnitool)
    process.stderr.write(
      'cnitool: skipped, since it is missing (go install github.com/containernetworking/cni/cnitool@v1.1.2)\n',
    );
  it.runIf(cnitool)('is run by libcni itself, which checks between ADD and DEL', async () => {
    const list = listOf('1.0.0', 104);
    const { namespace, path } = network.addPod('tooled');
    const lists = join(directory, 'net.d');
    mkdirSync(lists);
    writeFileSync(join(lists, 'list.conflist'), JSON.stringify(list));
    const env = {
      ...process.env,
      ...runtime.environment,
      NETCONFPATH: lists,
      CNI_PATH: `${dirname(runtime.plugin)}:${cniDirectory}`,
    };
    // It keeps results below /var/lib/cni, of which it makes this machine none.
    const script = `mount -t tmpfs none /var/lib && cnitool add $0 $1 && cnitool check $0 $1 && ip -n $2 -o address show dev eth0 >&2 && cnitool del $0 $1`;
    const words = ['netns', 'exec', node, 'unshare', '--mount', 'sh', '-c', script, list.name, path, namespace];
    const { stdout, stderr } = await run('ip', words, { env });
    const { ips } = JSON.parse(stdout) as InterfaceResult;
    expect(ips).toHaveLength(2);
    for (const { address } of ips) expect(stderr).toContain(` ${address} `);
    expect(await held(list.name)).toEqual([]);
  });
});
