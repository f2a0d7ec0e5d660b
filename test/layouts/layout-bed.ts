/** Two nodes on which the layouts of docs/kubernetes.md live, and a third one on which host-local gives the same. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CniRuntime } from '../../local/nodes/cni-runtime.ts';
import { ip } from '../../local/nodes/node-network.ts';
import { addList, type Container, checkList, deleteList, type PluginList } from '../e2e/conflist.ts';
import { type InterfaceResult, podInterface, withoutChance } from '../e2e/pod-interface.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';

export type Node = CniRuntime & { readonly namespace: string };

export interface LayoutBed extends TestBed {
  readonly nodes: readonly [Node, Node];
  /** Addresses that are held in a pool, without prefix lengths. */
  held(pool: string): Promise<string[]>;
  /** A container runs through its life; it has to get what host-local gives it. */
  live(list: PluginList, container?: Omit<Partial<Container>, 'netns'>): Promise<InterfaceResult>;
}

/** A link to nowhere that is up, as a node's second network is. */
const cable = (node: string, name: string) => {
  ip('-n', node, 'link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-far`);
  for (const end of [name, `${name}-far`]) ip('-n', node, 'link', 'set', end, 'up');
};

export const bare = (address: string): string => address.split('/')[0] ?? '';

export async function openLayoutBed(): Promise<LayoutBed> {
  const bed = await openTestBed({ inlinePoolCooldownSeconds: 1 });
  const { network, directory, operator, stack } = bed;
  const [a, b] = [await bed.addNode('a', stack.nodes[0]), await bed.addNode('b', stack.nodes[1])];
  const { namespace: twin } = network.addPod('twin');
  const hostLocal: CniRuntime = { ...a, namespace: twin, environment: {} };
  for (const node of [a.namespace, b.namespace, twin]) cable(node, 'eth1');
  let pods = 0;

  const held = async (pool: string) => {
    const { leases } = await operator.ask('listLeases', { path: { pool } });
    return leases.filter(({ state }) => state === 'held').flatMap(({ addresses }) => addresses.map(bare));
  };
  const live: LayoutBed['live'] = async (list, more = {}) => {
    const pod = network.addPod(`pod-${++pods}`);
    const container = { containerId: pod.namespace, ifname: 'eth0', ...more, netns: pod.path };
    const result = (await addList(a, list, container)) as InterfaceResult;
    const addresses = result.ips.map(({ address }) => address);
    const seen = podInterface(pod.namespace, container.ifname);
    expect([...seen.addresses].sort()).toEqual([...addresses].sort());
    const checked = await saidBy(checkList(a, list, container, result));

    const other = network.addPod(`twin-${pods}`);
    const same = { ...container, containerId: other.namespace, netns: other.path, args: {}, runtimeConfig: {} };
    const asked = asHostLocal(list, addresses.map(bare), join(directory, 'host-local'));
    const expected = await addList(hostLocal, asked, same);
    expect(withoutChance(result)).toEqual(withoutChance(expected));
    // Network plugins of 1.1.1 do not find a route without `gw`, whoever gave the address, unless it is the default route.
    expect(checked).toBe(await saidBy(checkList(hostLocal, asked, same, expected)));
    expect(checked ?? 'Expected Route').toMatch(
      list.cniVersion === '0.3.1' ? 'does not allow CHECK' : 'Expected Route',
    );
    expect(seen.details).toEqual(podInterface(other.namespace, container.ifname).details);

    await deleteList(a, list, container, result);
    await deleteList(a, list, container, undefined);
    return result;
  };
  return { ...bed, nodes: [a, b], held, live };
}

/** Why it failed; undefined where it succeeded. */
const saidBy = (done: Promise<void>): Promise<string | undefined> =>
  done.then(
    () => undefined,
    (error: Error) => error.message,
  );

/** The same network with host-local, which is asked for the same addresses. */
function asHostLocal(list: PluginList, ips: readonly string[], dataDir: string): PluginList {
  const plugins = list.plugins.map((plugin) => {
    const { ipam, ...rest } = plugin;
    return ipam === undefined
      ? plugin
      : { ...rest, args: { cni: { ips } }, ipam: { ...(ipam as object), type: 'host-local', dataDir } };
  });
  return { ...list, plugins };
}
