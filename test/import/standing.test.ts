/** Whose an allocation is, and whether its container lives: only proof has it left out. */
import { execFileSync, spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { livingAddresses } from '../../cni-shim/import/namespaces.ts';
import { prerequisites } from '../../local/nodes/node-network.ts';
import type { World } from '../functions/world.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';
import { available } from '../support/prerequisite.ts';
import { type Allocated, containerOf, crictlPods, ipamBlocks, ippool, listOf, podObject } from './exports.ts';
import { heldIn, type ImportingNode, importingNode, type Living, newWorld, POOL, poolFor } from './scene.ts';

let here: World;
let node: ImportingNode;
/** By address the file of the namespace in which it lives. */
let living: Record<string, Living>;

beforeEach(async () => {
  here = newWorld();
  living = {};
  node = importingNode(here, 'n-1', () => living);
  await poolFor(here, {});
});
afterEach(() => node.remove());

const web: Allocated = {
  ...{ address: '10.44.0.9', containerId: containerOf(1), node: 'n-1', ifname: 'net1' },
  pod: { namespace: 'shop', name: 'web-1' },
};
const HOUR_MS = 3_600_000;

describe('of whereabouts, which does not say on which node it is', () => {
  const imported = async (pods: readonly Allocated[], allocated = [web]) => {
    const text = listOf(ippool('10.44.0.0/16', allocated), ...pods.map(podObject));
    return (await node.imports('whereabouts', node.written('export.json', text), '--yes')).rows;
  };

  test('it is where its pod has the address', async () => {
    expect(await imported([web])).toMatchObject([
      {
        outcome: 'imported',
        standing: 'living',
        ifname: 'net1',
        pod: { namespace: 'shop', name: 'web-1', uid: 'uid-web-1' },
      },
    ]);
  });

  test('it is another node’s where that node’s pod has the address, even if the same address lives here', async () => {
    living = { '10.44.0.9': { netns: 'cni-1', group: containerOf(1) } };
    expect(await imported([{ ...web, node: 'n-2' }])).toMatchObject([
      { outcome: 'elsewhere', why: 'pod shop/web-1 of node n-2 has it' },
    ]);
  });

  test('it is here where the address lives in a network namespace', async () => {
    living = { '10.44.0.9': { netns: 'cni-1', group: containerOf(1) } };
    expect(await imported([])).toMatchObject([{ outcome: 'imported', standing: 'living' }]);
    expect(node.node.entries()).toMatchObject([{ netns: '/var/run/netns/cni-1', sandbox: { namespace: '4:cni-1' } }]);
  });

  test('the namespace is its own only where a process of the container or its pod is in there: by its end the lease is freed', async () => {
    living = { '10.44.0.9': { netns: 'cni-2', group: containerOf(99) } };
    expect(await imported([])).toMatchObject([{ outcome: 'imported', standing: 'living' }]);
    expect(node.node.entries()[0]).not.toHaveProperty('netns');
    const other = {
      ...web,
      address: '10.44.0.10',
      containerId: containerOf(2),
      pod: { namespace: 'shop', name: 'web-2' },
    };
    living = { '10.44.0.10': { netns: 'cni-3', group: 'crio-pod_uid_web_2' } };
    const uid = { ...podObject(other), metadata: { ...podObject(other).metadata, uid: 'uid-web-2' } };
    await node.imports(
      'whereabouts',
      node.written('export.json', listOf(ippool('10.44.0.0/16', [other]), uid)),
      '--yes',
    );
    expect(node.node.entry(containerOf(2)) ?? node.node.entries()[1]).toMatchObject({ netns: '/var/run/netns/cni-3' });
  });

  test('it is nobody’s to import where nothing says so, though its pod is gone: that container may run on somewhere', async () => {
    expect(await imported([])).toMatchObject([{ outcome: 'nowhere' }]);
    const other = { ...web, address: '10.44.0.10', pod: { namespace: 'shop', name: 'web-2' } };
    expect(await imported([other])).toMatchObject([
      { outcome: 'nowhere', why: expect.stringContaining('no pod shop/web-1') },
    ]);
    expect(await heldIn(here, POOL)).toEqual(new Map());
  });

  test('it is here, unproven, where its pod is and is not known to have the address', async () => {
    const bare = { ...podObject(web), metadata: web.pod, status: { phase: 'Pending' } };
    const text = listOf(ippool('10.44.0.0/16', [web]), bare);
    const { rows, exitCode } = await node.imports('whereabouts', node.written('export.json', text), '--yes');
    expect([exitCode, rows]).toMatchObject([0, [{ outcome: 'imported', standing: 'unproven' }]]);
  });
});

describe('of host-local, all of which is this node’s', () => {
  const plain = { address: web.address, containerId: web.containerId };

  test('what nobody saw is held until its DEL, or the next boot', async () => {
    const { rows } = await node.imports('host-local', node.hostLocal([plain]), '--yes');
    expect(rows).toMatchObject([{ outcome: 'imported', standing: 'unproven' }]);
    node.node.bootId = 'the next boot';
    await node.call('ADD', 'other');
    expect((await node.lessor('reconcile', '--grace', '0')).exitCode).toBe(0);
    expect((await heldIn(here, POOL)).has('10.44.0.9')).toBe(false);
  });

  test('the pods say for whom it is', async () => {
    const list = node.written('pods.json', listOf(podObject({ ...web, ifname: undefined as never })));
    const { rows } = await node.imports('host-local', node.hostLocal([plain]), '--pods', list, '--yes');
    expect(rows).toMatchObject([
      { outcome: 'imported', standing: 'living', pod: { namespace: 'shop', name: 'web-1' } },
    ]);
  });

  test('what the runtime does not list is over, if it was there before the list was made', async () => {
    const source = node.hostLocal([plain, { ...plain, address: '10.44.0.10', containerId: containerOf(2) }]);
    const listed = crictlPods([{ ...web, containerId: containerOf(2) }]);
    const later = node.written('sandboxes.json', listed, Date.now() + HOUR_MS);
    const { rows, exitCode } = await node.imports('host-local', source, '--sandboxes', later);
    expect([exitCode, rows.map(({ outcome, addresses }) => [outcome, ...addresses])]).toEqual([
      0,
      [
        ['would', '10.44.0.10'],
        ['over', '10.44.0.9'],
      ],
    ]);
  });

  test.each([
    [
      'of before proves nothing: an ADD may have come since',
      () => node.written('sandboxes.json', crictlPods([]), Date.now() - HOUR_MS),
    ],
    [
      'of soon after proves nothing: a runtime need not list a sandbox whose ADD is under way',
      () => node.written('sandboxes.json', crictlPods([]), Date.now() + 120_000),
    ],
    ['through a pipe proves nothing: nobody can say when it was made', () => '-'],
  ])('a list %s', async (_, path) => {
    const source = node.hostLocal([plain]);
    const args = [
      'import',
      'host-local',
      source,
      '--network',
      'pods',
      '--pool',
      POOL,
      '--json',
      `--sandboxes=${path()}`,
    ];
    const { out } = await node.lessorReading(crictlPods([]), ...args);
    expect(JSON.parse(out).allocations).toMatchObject([{ outcome: 'would', standing: 'unproven' }]);
  });

  test('what lives here is not another node’s, whatever a pod there says of itself', async () => {
    living = { '10.44.0.9': { netns: 'cni-1', group: containerOf(1) } };
    const elsewhere = podObject({ ...web, node: 'n-2', pod: { namespace: 'other', name: 'namesake' } });
    const list = node.written('pods.json', listOf(elsewhere));
    const rows = async (kind: string, source: string) => (await node.imports(kind, source, '--pods', list)).rows;
    expect(await rows('host-local', node.hostLocal([plain]))).toMatchObject([{ outcome: 'would', standing: 'living' }]);
    const exported = node.written('export.json', listOf(...ipamBlocks([web])));
    expect(await rows('calico', exported)).toMatchObject([{ outcome: 'would', standing: 'living' }]);
    living = {};
    expect(await rows('calico', exported)).toMatchObject([{ outcome: 'elsewhere' }]);
  });

  test('what lives in a network namespace lives, whatever the list says', async () => {
    living = { '10.44.0.9': { netns: 'cni-1', group: containerOf(1) } };
    const later = node.written('sandboxes.json', crictlPods([]), Date.now() + HOUR_MS);
    const { rows } = await node.imports('host-local', node.hostLocal([plain]), '--sandboxes', later, '--yes');
    expect(rows).toMatchObject([{ outcome: 'imported', standing: 'living' }]);
    // It is released by the proof by which each lease of this plugin's is.
    living = {};
    expect((await node.lessor('reconcile', '--grace', '0')).exitCode).toBe(0);
    expect([await heldIn(here, POOL), node.node.entries()]).toEqual([new Map(), []]);
  });
});

test('Calico says the node, and when; what it has of hosts and virtual machines is named', async () => {
  const blocks = ipamBlocks([web, { ...web, address: '10.44.0.10', containerId: containerOf(2) }]);
  const [block] = blocks;
  const attributes = [
    ...(block?.spec.attributes ?? []),
    { handle_id: 'vxlan-tunnel-addr-n-1', secondary: { node: 'n-1', type: 'vxlanTunnelAddress' } },
    { handle_id: 'k8s-pod-network.vmi.shop.vm1', secondary: { node: 'n-1' } },
    { handle_id: `k8s-pod-network.${containerOf(3)}\r\neth1`, secondary: { node: 'n-2' } },
    { secondary: {} },
    { handle_id: 'lb-1f0c3a', secondary: { service: 'web', namespace: 'shop', type: 'loadBalancer' } },
  ];
  const allocations = block?.spec.allocations.map((index, place) => (place >= 20 && place < 25 ? place - 18 : index));
  const text = listOf({ ...block, spec: { ...block?.spec, attributes, allocations } });
  const later = node.written('sandboxes.json', crictlPods([web]), Date.parse('2026-01-01T00:05:01Z'));
  const { rows } = await node.imports('calico', node.written('export.json', text), '--sandboxes', later);
  expect(rows.map(({ outcome, addresses, why }) => [...addresses, outcome, why])).toEqual([
    ['10.44.0.9', 'would', undefined],
    ['10.44.0.10', 'over', 'the runtime does not list it'],
    ['10.44.0.22', 'elsewhere', "it is node n-2's"],
    ['10.44.0.20', 'host', expect.stringContaining('vxlan-tunnel-addr-n-1')],
    ['10.44.0.21', 'unreadable', expect.stringContaining('virtual machine')],
    ['10.44.0.23', 'unreadable', 'it has no handle'],
    ['10.44.0.24', 'host', 'it is an address of a service (lb-1f0c3a)'],
  ]);
  expect(rows[2]).toMatchObject({ ifname: 'eth1', containerId: containerOf(3) });
});

const { missing } = prerequisites();
test.runIf(available('Addresses in network namespaces', missing))(
  'The kernel is asked of each namespace but the host’s, and says which file is that namespace’s',
  async () => {
    const name = `lessor-import-${process.pid}`;
    const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
    ip('netns', 'add', name);
    // Whoever is in it, for as long as standard input is open.
    const child = spawn('ip', ['netns', 'exec', name, 'sh', '-c', 'echo in; cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    try {
      await new Promise((begun) => child.stdout.once('data', begun));
      ip('-n', name, 'link', 'set', 'lo', 'up');
      ip('-n', name, 'addr', 'add', '10.77.7.7/32', 'dev', 'lo');
      ip('-n', name, 'addr', 'add', 'fd00:77::7/128', 'dev', 'lo');
      const found = livingAddresses(machineUnderNode().files);
      for (const address of ['10.77.7.7', 'fd00:77::7'])
        expect([found.has(address), found.netnsOf(address, [''])?.endsWith(`/netns/${name}`)]).toEqual([true, true]);
      expect(found.netnsOf('10.77.7.7', [containerOf(1)])).toBeUndefined();
      expect([found.has('127.0.0.1'), found.has('::1'), found.has('10.77.7.8')]).toEqual([false, false, false]);
    } finally {
      child.stdin.end();
      child.kill('SIGKILL');
      ip('netns', 'del', name);
    }
  },
);
