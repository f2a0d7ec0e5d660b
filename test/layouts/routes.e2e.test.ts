/**
 * Pools whose blocks belong to nodes, with routes to the blocks: the commands of docs/kubernetes.md as they stand there, real
 * routes between nodes that are neighbours, and what the AWS CLI is told.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleControl } from '../../lessorctl/build/build.ts';
import { ip, prerequisites } from '../../local/nodes/node-network.ts';
import { addList, deleteList, type PluginList } from '../e2e/conflist.ts';
import { type InterfaceResult, podInterface } from '../e2e/pod-interface.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';
import { commandsIn, documentedNetwork, PAGE } from './documented-networks.ts';
import { bare, type Node } from './layout-bed.ts';

const { missing } = prerequisites();
const [ofLinux = '', ofAws = ''] = commandsIn(PAGE);
const IDS = ['i-0123456789abcdef0', 'i-0123456789abcdef1'] as const;
const ADDRESSES = ['192.0.2.10', '192.0.2.11'] as const;

describe.runIf(available('Routes to blocks', missing))('Nodes of their own', () => {
  let bed: TestBed;
  let nodes: readonly [Node, Node];
  let commands: string;

  /** An executable that the page's commands find. */
  const put = (name: string, script: string) => {
    writeFileSync(join(commands, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(commands, name), 0o755);
  };
  beforeAll(async () => {
    bed = await openTestBed();
    const [first, second] = bed.stack.nodes;
    nodes = [await bed.addNode('a', first), await bed.addNode('b', second)];
    const [a, b] = nodes.map(({ namespace }) => namespace) as [string, string];
    ip('-n', a, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b);
    for (const [index, node] of [a, b].entries()) {
      ip('-n', node, 'link', 'set', 'eth0', 'up');
      ip('-n', node, 'address', 'add', `${ADDRESSES[index]}/24`, 'dev', 'eth0');
    }
    commands = join(bed.directory, 'commands');
    mkdirSync(commands);
    const items = IDS.map((id, index) => ({
      metadata: { name: `ip-192-0-2-1${index}` },
      spec: { providerID: `aws:///eu-central-1a/${id}` },
      status: { addresses: [{ type: 'InternalIP', address: ADDRESSES[index] }] },
    }));
    put('kubectl', `echo '${JSON.stringify({ items })}'`);
    await bundleControl(commands);
    put('lessorctl', `exec '${process.execPath}' '${commands}/lessorctl.mjs' "$@"`);
    put('aws', `echo "$@" >> calls; [ "$2" = describe-route-tables ] && cat present || exit 0`);
  });
  afterAll(async () => {
    await bed?.close();
  });

  /** A command of the page on a node. @returns what it printed */
  async function run(node: Node, command: string): Promise<string> {
    const { endpoint, region, operator } = bed.stack;
    const env = {
      ...{ PATH: `${commands}:${process.env.PATH}`, HOME: bed.directory, NO_COLOR: '1' },
      ...{ LESSOR_ENDPOINT: endpoint, AWS_REGION: region, AWS_ACCESS_KEY_ID: operator.accessKeyId },
      ...{ AWS_SECRET_ACCESS_KEY: operator.secretAccessKey, AWS_SESSION_TOKEN: operator.sessionToken ?? '' },
    };
    const words = ['netns', 'exec', node.namespace, 'sh', '-ec', command];
    const { stdout } = await promisify(execFile)('ip', words, { env, cwd: bed.directory });
    return stdout;
  }
  const lessorctl = (node: Node, line: string) => run(node, `lessorctl ${line}`);

  const dies = async (node: string) => {
    await bed.operator.ask('declareDeath', { body: { node, reason: 'its power supply burned', alsoIfAlive: true } });
    await bed.stack.runSchedule();
  };

  let pods = 0;
  async function pod(node: Node, list: PluginList, ifname = 'eth0') {
    const { namespace, path } = bed.network.addPod(`routed-${++pods}`);
    const container = { containerId: namespace, ifname, netns: path };
    const result = (await addList(node, list, container)) as InterfaceResult;
    const [{ address = '' } = {}] = result.ips;
    return { namespace, container, result, address: bare(address), whole: address };
  }

  it('have pods that reach each other by the routes of blocks, which come and go with the blocks', async () => {
    const [a, b] = nodes;
    await lessorctl(a, 'pool create routed 10.9.0.0/18 --affinity node --gateway block');
    const list = documentedNetwork('pods');
    const [onA, onB] = [await pod(a, list), await pod(b, list)];
    const neighbour = await pod(a, list);
    expect(onA.whole).toMatch(/^10\.9\.\d+\.\d+\/26$/);
    expect(bed.network.reaches(onA.namespace, neighbour.address)).toBe(true);
    expect(bed.network.reaches(onA.namespace, onB.address)).toBe(false);

    const onNode = (id: string) => ofLinux.replace(IDS[0], id);
    for (const [index, node] of nodes.entries()) await run(node, onNode(IDS[index] ?? ''));
    for (const [from, to] of [
      [onA, onB],
      [onB, onA],
      [neighbour, onB],
    ] as const)
      expect(bed.network.reaches(from.namespace, to.address), `${from.address} reaches ${to.address}`).toBe(true);
    const shown = () => ip('-n', a.namespace, 'route', 'show', 'proto', '76');
    const before = shown();
    expect(before).toMatch(/^blackhole 10\.9\.\S+\/26 metric 9999 *$/m);
    expect(before).toMatch(/^10\.9\.\S+\/26 via 192\.0\.2\.11 dev eth0 *$/m);
    // Once more, there is nothing to do.
    expect((await run(a, onNode(IDS[0]).replace('ip -batch -', 'cat'))).trim()).toBe('');
    await run(a, onNode(IDS[0]));
    expect(shown()).toBe(before);

    await dies(IDS[1]);
    await run(a, onNode(IDS[0]));
    expect(shown()).not.toContain('via');
    for (const { container, result } of [onA, neighbour]) await deleteList(a, list, container, result);
  });

  it('or of EKS have a second interface with an address of the pool, and keep the route that they had', async () => {
    const [a] = nodes;
    await lessorctl(a, 'pool create media 10.8.0.0/18 --affinity node --gateway block');
    const ipam = {
      type: 'host-local',
      subnet: '10.0.1.0/24',
      dataDir: join(bed.directory, 'vpc'),
      routes: [{ dst: '0.0.0.0/0' }],
    };
    const vpc = { cniVersion: '1.0.0', name: 'aws-cni', plugins: [{ type: 'ptp', ipam }] };
    const list = documentedNetwork('media');
    const { container, namespace, result } = await pod(a, vpc);
    const more = { ...container, ifname: 'net1' };
    const second = (await addList(a, list, more)) as InterfaceResult;
    const address = second.ips[0]?.address ?? '';
    expect(address).toMatch(/^10\.8\.\d+\.\d+\/26$/);
    const { addresses, routes } = podInterface(namespace, 'net1');
    expect(addresses).toEqual([address]);
    const gateway = second.ips[0]?.gateway;
    expect(routes).toContainEqual(expect.objectContaining({ dst: '10.8.0.0/18', gateway, dev: 'net1' }));
    expect(routes.filter(({ dst }) => dst === 'default')).toMatchObject([{ gateway: '10.0.1.1', dev: 'eth0' }]);
    const other = await pod(a, list, 'net1');
    expect(bed.network.reaches(namespace, other.address)).toBe(true);
    await deleteList(a, list, more, second);
    await deleteList(a, vpc, container, result);
    await deleteList(a, list, other.container, other.result);
  });

  it('of a VPC have the routes of their blocks in its table, by what the AWS CLI is told', async () => {
    const [a] = nodes;
    const routes = async () => (await lessorctl(a, 'routes media -o name')).trim();
    const of = (command: string) => command.replaceAll('routes routed', 'routes media');
    const present = (all: object[]) =>
      writeFileSync(
        join(bed.directory, 'present'),
        JSON.stringify({ RouteTables: [{ RouteTableId: 'rtb-0123456789abcdef0', Routes: all }] }),
      );
    const told = async () => {
      writeFileSync(join(bed.directory, 'calls'), '');
      await run(a, of(ofAws));
      return readFileSync(join(bed.directory, 'calls'), 'utf8').trim().split('\n').slice(1);
    };
    const prefix = await routes();
    const table = '--route-table-id rtb-0123456789abcdef0 --destination-cidr-block';
    const local = { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' };
    present([local]);
    expect(await told()).toEqual([`ec2 create-route ${table} ${prefix} --instance-id ${IDS[0]}`]);
    present([
      local,
      { DestinationCidrBlock: prefix, InstanceId: 'i-0fffffffffffffff0', NetworkInterfaceId: 'eni-0fffffffffffffff0' },
    ]);
    expect(await told()).toEqual([`ec2 replace-route ${table} ${prefix} --instance-id ${IDS[0]}`]);
    present([local, { DestinationCidrBlock: prefix, InstanceId: IDS[0], NetworkInterfaceId: 'eni-0123456789abcdef0' }]);
    expect(await told()).toEqual([]);
    await dies(IDS[0]);
    expect(await told()).toEqual([`ec2 delete-route ${table} ${prefix}`]);
  });
});
