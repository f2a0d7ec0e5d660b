/**
 * A whole cluster that moves from whereabouts to Lessor as docs/import.md has it, node by node, while pods begin and end everywhere: by
 * the other IPAM where a node is not switched yet, by Lessor where it is.
 */
import fc from 'fast-check';
import * as z from 'zod/mini';
import { poolPatch } from '../../core/contract/pool.ts';
import { changePool } from '../../functions/use-cases/pools/change-pool.ts';
import { type Allocated, addressAfter, containerOf, ippool, listOf, podObject } from './exports.ts';
import { type ImportingNode, importingNode, NETWORK, newWorld, POOL, poolFor } from './scene.ts';

/** 10.44.0.0/27 of both: the second half is set aside for Lessor. */
const RANGE = '10.44.0.0/27';
const OLD = '10.44.0.0/28';
const NODES = ['n-1', 'n-2', 'n-3'];

export type Step =
  | { readonly does: 'begin'; readonly node: number; readonly isSeen: boolean }
  | { readonly does: 'end'; readonly which: number }
  | { readonly does: 'switch'; readonly node: number };

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ does: fc.constant('begin' as const), node: fc.nat(2), isSeen: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('end' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('switch' as const), node: fc.nat(2) }) },
  ),
  { minLength: 8, maxLength: 24 },
);

/** What of the order a broken one leaves out. */
export type Broken = 'nothing is excluded' | 'joined before the last node' | 'imported before the switch only';

interface Pod extends Allocated {
  readonly node: string;
  readonly isSeen: boolean;
}

/** Addresses with which two pods lived at a time. */
export async function moved(all: readonly Step[], broken?: Broken): Promise<readonly string[]> {
  const here = newWorld();
  const pods: Pod[] = [];
  /** By address, as the other IPAM has them. */
  const given = new Map<string, Pod>();
  const switched = new Set<string>();
  const twice: string[] = [];
  const nodes = NODES.map((id) =>
    importingNode(here, id, () =>
      Object.fromEntries(
        pods
          .filter((pod) => pod.node === id && pod.isSeen)
          .map(({ address, containerId }) => [address, { netns: containerId.slice(-8), group: containerId }]),
      ),
    ),
  );
  const exclude = broken === 'nothing is excluded' ? [] : [OLD];
  await poolFor(here, { ranges: [[{ subnet: RANGE, rangeStart: '10.44.0.2' }]], exclude, cooldownSeconds: 0 });
  let containers = 0;

  function lives(pod: Pod): void {
    if (pods.some(({ address }) => address === pod.address)) twice.push(pod.address);
    pods.push(pod);
  }
  async function begin(node: ImportingNode, isSeen: boolean): Promise<boolean> {
    containers += 1;
    const of = {
      containerId: containerOf(containers),
      node: node.id,
      isSeen,
      pod: { namespace: 'shop', name: `p-${containers}` },
      ifname: 'eth0',
    };
    if (switched.has(node.id)) {
      const { exitCode, printed } = await node.call('ADD', of.containerId);
      if (exitCode !== 0) return false;
      lives({ ...of, address: printed.ips[0].address.split('/')[0] });
      return true;
    }
    // The lowest one that is free, of its own part.
    const address = Array.from({ length: 13 }, (_, index) => addressAfter('10.44.0.2', index)).find(
      (one) => !given.has(one),
    );
    if (address === undefined) return false;
    given.set(address, { ...of, address });
    lives({ ...of, address });
    return true;
  }
  async function end(pod: Pod): Promise<void> {
    pods.splice(pods.indexOf(pod), 1);
    const node = nodes.find(({ id }) => id === pod.node);
    if (switched.has(pod.node)) await node?.call('DEL', pod.containerId);
    // A DEL under Lessor's configuration is nothing to the other IPAM, whose own cleaning comes some time later.
    if (given.get(pod.address)?.containerId === pod.containerId) given.delete(pod.address);
  }
  const exported = () =>
    listOf(
      ippool(RANGE, [...given.values()]),
      ...pods.map((pod) =>
        pod.isSeen ? podObject({ ...pod, ifname: 'eth0' }) : { ...podObject(pod), metadata: pod.pod, status: {} },
      ),
    );
  const imports = async (node: ImportingNode) => {
    const { out } = await node.lessorReading(
      exported(),
      ...['import', 'whereabouts', '-', '--network', NETWORK, '--pool', POOL, '--json', '--yes'],
    );
    return JSON.parse(out).allocations as readonly { readonly outcome: string }[];
  };
  async function switchOver(node: ImportingNode): Promise<void> {
    if (switched.has(node.id)) return;
    if (broken === 'imported before the switch only') {
      await imports(node);
      // What the other IPAM gives in the last moment.
      await begin(node, true);
    }
    switched.add(node.id);
    if (broken !== 'imported before the switch only') await imports(node);
  }
  const patch = async () => {
    const body = z.parse(poolPatch, { exclude: [] });
    await changePool(here.environment(), { vrf: 'default', name: POOL, dryRun: false } as never, body);
    // For so long the service's environments remember a pool.
    here.clock.now += 31_000;
  };
  try {
    for (const step of all) {
      const node = nodes['node' in step ? step.node : 0] as ImportingNode;
      const which = step.does === 'end' ? pods[step.which % Math.max(1, pods.length)] : undefined;
      if (step.does === 'begin') await begin(node, step.isSeen);
      else if (step.does === 'switch') await switchOver(node);
      else if (which !== undefined) await end(which);
    }
    const [last, others] = [nodes[2], nodes.slice(0, 2)];
    for (const node of others) await switchOver(node);
    if (broken === 'joined before the last node') await patch();
    // Which address an ADD is given is chance: all that there are.
    if (broken !== undefined) for (let more = 0; more < 30; more += 1) await begin(others[0] as ImportingNode, true);
    await begin(others[0] as ImportingNode, true);
    await begin(last as ImportingNode, true);
    await switchOver(last as ImportingNode);
    const open: string[] = [];
    if (broken !== 'imported before the switch only')
      for (const node of nodes)
        for (const { outcome } of await imports(node))
          if (['conflict', 'unsure', 'nowhere'].includes(outcome)) open.push(outcome);
    if (open.length > 0) return twice;
    await patch();
    // Until nothing is left.
    while (await begin(nodes[containers % 3] as ImportingNode, true));
    return twice;
  } finally {
    for (const node of nodes) node.remove();
  }
}
