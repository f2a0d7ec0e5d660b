/**
 * What people have keeps working: the configurations of docs/kubernetes.md with the compiled plugin, the reference plugins and
 * the whole service. flannel's plugin, Multus, Cilium's and nerdctl call as their sources do.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CniAnswer, callPlugin } from '../../local/nodes/cni-runtime.ts';
import { ip, prerequisites } from '../../local/nodes/node-network.ts';
import { addList, deleteList, type PluginList } from '../e2e/conflist.ts';
import type { InterfaceResult } from '../e2e/pod-interface.ts';
import { errorOf } from '../support/plugin-node.ts';
import { available } from '../support/prerequisite.ts';
import { documentedNetwork } from './documented-networks.ts';
import { bare, type LayoutBed, type Node, openLayoutBed } from './layout-bed.ts';

const { missing } = prerequisites();

/** With the one section of the list's first plugin changed. */
const withIpam = (list: PluginList, change: (ipam: Record<string, unknown>) => Record<string, unknown>): PluginList => {
  const [first, ...others] = list.plugins;
  if (first === undefined) throw new Error('the list has no plugin');
  return { ...list, plugins: [{ ...first, ipam: change(first.ipam as Record<string, unknown>) }, ...others] };
};
const withSubnet = (list: PluginList, subnet: string) =>
  withIpam(list, (ipam) => ({ ...ipam, ranges: [[{ subnet }]] }));

/** flannel-io/cni-plugin, flannel_linux.go: what the bridge is called with, on a node with this /run/flannel/subnet.env. */
function flannel(list: PluginList, subnet: string): PluginList {
  const plugins = list.plugins.map((plugin) => {
    if (plugin.type !== 'flannel') return plugin;
    const { ipam, delegate } = plugin as { ipam?: { routes?: unknown[] }; delegate?: object };
    const routes = [...(ipam?.routes ?? []), { dst: '10.42.0.0/16' }];
    const filled = { type: 'host-local', ...ipam, ranges: [[{ subnet }]], routes };
    return { type: 'bridge', ipMasq: true, mtu: 1450, isGateway: true, ...delegate, ipam: filled };
  });
  return { ...list, plugins };
}

describe.runIf(available('Layouts that people have', missing))('A network that people have', () => {
  let bed: LayoutBed;
  beforeAll(async () => {
    bed = await openLayoutBed();
  });
  afterAll(async () => {
    await bed?.close();
  });

  const layouts: [
    name: string,
    list: PluginList,
    prefix: string,
    on: (list: PluginList, subnet: string) => PluginList,
  ][] = [
    ['flannel', documentedNetwork('cbr0'), '10.42', flannel],
    ['kubenet', documentedNetwork('kubenet'), '10.244', withSubnet],
    ['kindnet', documentedNetwork('kindnet'), '10.245', withSubnet],
  ];
  it.for(layouts)('of %s has another subnet on each node, and a pool for each', async ([, list, prefix, on]) => {
    const [first, second] = [on(list, `${prefix}.3.0/24`), on(list, `${prefix}.4.0/24`)];
    expect((await bed.live(first)).ips[0]?.address).toMatch(new RegExp(`^${prefix}\\.3\\.\\d+/24$`));
    const { namespace, path } = bed.network.addPod(`${list.name}-b`);
    const container = { containerId: namespace, ifname: 'eth0', netns: path };
    const { ips } = (await addList(bed.nodes[1], second, container)) as InterfaceResult;
    expect(ips[0]?.address).toMatch(new RegExp(`^${prefix}\\.4\\.\\d+/24$`));
    const { pools } = await bed.operator.ask('listPools', { query: {} });
    const own = pools.filter(({ name }) => name.split('.')[0] === list.name);
    expect(own.map(({ name, ranges }) => [ranges[0]?.[0]?.subnet, name.length]).sort()).toEqual([
      [`${prefix}.3.0/24`, list.name.length],
      [`${prefix}.4.0/24`, list.name.length + 9],
    ]);
    const more = { ...container, ifname: 'net1' };
    await expect(addList(bed.nodes[1], on(list, `${prefix}.4.0/23`), more)).rejects.toThrow(/"code":7.*overlap/);
    await deleteList(bed.nodes[1], second, container, undefined);
    for (const { name } of own) expect(await bed.held(name)).toEqual([]);
  });

  it('of whereabouts is refused by the names of its keys, and as it is translated its addresses are given', async () => {
    const keys = ['range', 'range_start', 'range_end', 'sleep_for_race', 'log_file', 'log_level'];
    const before = withIpam(documentedNetwork('storage', 'whereabouts'), (ipam) => ({ ...ipam, type: 'lessor' }));
    await expect(bed.live(before)).rejects.toThrow(
      `"lessor: ${keys.map((key) => `ipam.${key}`).join(', ')} are not known"`,
    );
    const after = documentedNetwork('storage');
    const { ips } = await bed.live(after, { ifname: 'net1', args: multusArgs });
    expect(ips).toEqual([
      { address: expect.stringMatching(/^10\.60\.[0-3]\.\d+\/22$/), gateway: '10.60.0.1', interface: 0 },
    ]);
    const asks = (address: string) => bed.live(after, { runtimeConfig: { ips: [address] } });
    expect((await asks('10.60.1.77')).ips[0]?.address).toBe('10.60.1.77/22');
    for (const address of ['10.60.0.63', '10.60.1.7', '10.60.2.77'])
      await expect(asks(address)).rejects.toThrow('"code":7');
    expect(await bed.held('storage')).toEqual([]);
  });

  /** Multus, pkg/types/conf.go and pkg/multus/multus.go. */
  const multusArgs = {
    ...{ IgnoreUnknown: 'true', K8S_POD_NAMESPACE: 'data', K8S_POD_NAME: 'db-0', K8S_POD_INFRA_CONTAINER_ID: 'c' },
    K8S_POD_UID: '6ad5f4a4-0d26-4b0e-8d0f-1a1f0c6a3b11',
  };

  it('of Multus gives the addresses that an annotation asks for, one of each family, to each interface its own', async () => {
    const list = documentedNetwork('vlan7');
    const asked = ['10.62.0.40/24', 'fd00:62::28/112'];
    const args = { ...multusArgs, IP: asked.join(',') };
    const result = await bed.live(list, { ifname: 'net1', args, runtimeConfig: { ips: asked } });
    expect(result.ips.map(({ address }) => address)).toEqual(asked);
    const { namespace, path } = bed.network.addPod('two-interfaces');
    const added = [];
    for (const ifname of ['net1', 'net2']) {
      const container = { containerId: namespace, ifname, netns: path, args: multusArgs };
      added.push({ container, result: (await addList(bed.nodes[0], list, container)) as InterfaceResult });
    }
    const four = added.flatMap(({ result: { ips } }) => ips.map(({ address }) => bare(address)));
    expect((await bed.held('vlan7')).sort()).toEqual([...new Set(four)].sort());
    expect(four).toHaveLength(4);
    for (const { container, result } of added) await deleteList(bed.nodes[0], list, container, result);
    expect(await bed.held('vlan7')).toEqual([]);
  });

  it('of nerdctl gives what --ip and --ip6 ask for, again after a restart and before it has cooled', async () => {
    const list = documentedNetwork('shop');
    const args = { IP: '10.92.0.200', NERDCTL_CNI_DHCP_HOSTNAME: 'web' };
    const container = { containerId: `default-${'5'.repeat(64)}`, ifname: 'eth0', args };
    for (const start of ['first', 'again']) {
      const { namespace, path } = bed.network.addPod(`nerdctl-${start}`);
      const asking = { ...container, netns: path, runtimeConfig: { ips: ['fd00:92::1:5'] } };
      // pkg/ocihook/ocihook.go: a DEL without a namespace comes before each ADD, and after the end.
      await deleteList(bed.nodes[0], list, { ...asking, netns: '' }, undefined);
      const { ips } = (await addList(bed.nodes[0], list, asking)) as InterfaceResult;
      expect(ips.map(({ address }) => address)).toEqual(['10.92.0.200/24', 'fd00:92::1:5/64']);
      expect(bed.network.reaches(namespace, '10.92.0.1')).toBe(true);
      await deleteList(bed.nodes[0], list, { ...asking, netns: '' }, undefined);
      expect(await bed.held('shop')).toEqual([]);
    }
    expect((await bed.live(list)).ips[0]?.address).toMatch(/^10\.92\.0\.(1[3-9]\d|2\d\d|129)\/24$/);
    expect(await bed.held('shop')).toEqual([]);
  });

  /** plugins/cilium-cni/cmd/cmd.go: the plugin gets Cilium's environment and its whole configuration, as libcni wrote it. */
  const cilium = async (node: Node, list: PluginList, verb: 'ADD' | 'DEL', containerId: string, netns: string) => {
    const [plugin] = list.plugins;
    const { name, cniVersion } = list;
    const configuration = {
      ...plugin,
      name,
      cniVersion,
      type: 'cilium-cni',
      ...(verb === 'DEL' ? { prevResult: {} } : {}),
    };
    const args = {
      K8S_POD_NAMESPACE: 'shop',
      K8S_POD_NAME: 'web-0',
      K8S_POD_UID: 'u',
      K8S_POD_INFRA_CONTAINER_ID: 'c',
    };
    const call = { verb, containerId, ifname: 'eth0', netns, configuration, args };
    return callPlugin({ ...node, cniDirectory: undefined }, call);
  };
  const ipsOf = ({ ok, output }: CniAnswer) => {
    expect(ok, JSON.stringify(output)).toBe(true);
    return (output as InterfaceResult).ips;
  };

  it('of Cilium gets an address of each family from the pool that its own keys do not name, and gives it back', async () => {
    const ranges = [[{ subnet: '10.63.0.0/24' }], [{ subnet: 'fd00:63::/120' }]];
    await bed.operator.ask('createPool', { body: { name: 'pods', ranges, cooldownSeconds: 1 } });
    const list = documentedNetwork('cilium');
    const { namespace, path } = bed.network.addPod('cilium');
    const ips = ipsOf(await cilium(bed.nodes[0], list, 'ADD', namespace, path));
    expect(ips).toMatchObject([
      { address: expect.stringMatching(/^10\.63\.0\./) },
      { address: expect.stringMatching(/^fd00:63::/) },
    ]);
    expect((await bed.held('pods')).sort()).toEqual(ips.map(({ address }) => bare(address)).sort());
    // The namespace may be gone, and the DEL is repeated.
    for (const netns of ['/var/run/netns/gone', ''])
      expect(await cilium(bed.nodes[0], list, 'DEL', namespace, netns)).toMatchObject({ ok: true, output: undefined });
    expect(await bed.held('pods')).toEqual([]);
    const asOwn = withIpam(list, ({ lessor: _, ...ipam }) => ({ ...ipam, lessor: { pool: 'nowhere' } }));
    expect(errorOf(await cilium(bed.nodes[0], asOwn, 'ADD', namespace, path)).code).toBe(7);
    expect(await cilium(bed.nodes[0], asOwn, 'DEL', namespace, path)).toMatchObject({ ok: true });
  });

  it('of Cilium keeps the ingress address whose namespace was there for the ADD alone, until its DEL', async () => {
    const [node] = bed.nodes;
    const list = documentedNetwork('cilium-with-ingress');
    let moments = 0;
    const addFor = async (containerId: string, used = list) => {
      const { namespace, path } = bed.network.addPod(`moment-${++moments}`);
      const ips = ipsOf(await cilium(node, used, 'ADD', containerId, path));
      ip('netns', 'delete', namespace);
      return ips.map(({ address }) => bare(address));
    };
    const ingress = await addFor('cilium-ingress-a');
    const pod = await addFor(
      'pod-without-a-del',
      withIpam(list, ({ release: _, ...ipam }) => ipam),
    );
    expect((await bed.held('pods')).sort()).toEqual([...ingress, ...pod].sort());
    const { LESSOR_CONFIG: config = '' } = node.environment;
    const words = [
      'netns',
      'exec',
      node.namespace,
      node.plugin,
      'reconcile',
      '--config',
      config,
      '--grace',
      '0',
      '--json',
    ];
    // Not in this process's way: through it the node reaches the API.
    const ran = await promisify(execFile)('ip', words, { env: { PATH: process.env.PATH } });
    expect(JSON.parse(ran.stdout), ran.stderr).toMatchObject({ failures: [] });
    expect((await bed.held('pods')).sort()).toEqual([...ingress].sort());
    // Cilium's agent asks each time that it starts.
    expect(await addFor('cilium-ingress-a')).toEqual(ingress);
    expect(await cilium(node, list, 'DEL', 'cilium-ingress-a', '/var/run/netns/gone')).toMatchObject({ ok: true });
    expect(await bed.held('pods')).toEqual([]);
  });
});
