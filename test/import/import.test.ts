/** `lessor import`: every living pod keeps its address, the next ADD collides with none, a second run changes nothing. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import type { World } from '../functions/world.ts';
import { type Allocated, addressAfter, containerOf, ipamBlocks, ippool, listOf, podObject } from './exports.ts';
import { heldIn, type ImportingNode, importingNode, newWorld, POOL, poolFor } from './scene.ts';

let here: World;
let node: ImportingNode;
const nodes: ImportingNode[] = [];
const nodeOf = (id: string) => {
  const made = importingNode(here, id);
  nodes.push(made);
  return made;
};

beforeEach(() => {
  here = newWorld();
  node = nodeOf('n-1');
});
afterEach(() => {
  for (const one of nodes.splice(0)) one.remove();
});

const pods = (count: number, from = '10.44.0.2', of = 'n-1'): Allocated[] =>
  Array.from({ length: count }, (_, index) => ({
    address: addressAfter(from, index),
    containerId: containerOf(index + 1),
    node: of,
    pod: { namespace: 'shop', name: `web-${index}` },
    ifname: 'net1',
  }));

const withoutInterface = ({ ifname: _, ...one }: Allocated): Allocated => one;

const sources: Record<string, (allocated: readonly Allocated[]) => string> = {
  'host-local': (allocated) => node.hostLocal(allocated),
  whereabouts: (allocated) =>
    node.written('export.json', listOf(ippool('10.44.0.0/16', allocated), ...allocated.map(podObject))),
  calico: (allocated) =>
    node.written(
      'export.json',
      listOf(...ipamBlocks(allocated), ...allocated.map((one) => podObject(withoutInterface(one)))),
    ),
};

describe.each(Object.entries(sources))('of %s', (kind, source) => {
  test.each(['shared', 'node'] as const)('into a pool with affinity %s', async (affinity) => {
    await poolFor(here, { affinity, ranges: [[{ subnet: '10.44.0.0/16', rangeStart: '10.44.0.0' }]] });
    const allocated = pods(20);
    const path = source(allocated);
    const dry = await node.imports(kind, path);
    expect([dry.exitCode, dry.counts, dry.err]).toEqual([0, { would: 20 }, '']);
    expect([await heldIn(here, POOL), node.node.entries()]).toEqual([new Map(), []]);
    const done = await node.imports(kind, path, '--yes');
    expect([done.exitCode, done.counts]).toEqual([0, { imported: 20 }]);
    const expected = new Map(allocated.map(({ address, containerId }) => [address, `n-1 ${containerId}`]));
    expect(await heldIn(here, POOL)).toEqual(expected);
    const journal = JSON.stringify(node.node.entries());
    const reports = node.sent(routes.report.path).length;
    expect((await node.imports(kind, path, '--yes')).counts).toEqual({ already: 20 });
    expect([JSON.stringify(node.node.entries()), node.sent(routes.report.path).length]).toEqual([journal, reports]);
    const added = await node.call('ADD', 'new');
    expect(allocated.map(({ address }) => address)).not.toContain(added.printed.ips[0].address.split('/')[0]);
  });
});
