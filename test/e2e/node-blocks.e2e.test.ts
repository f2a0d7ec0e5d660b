import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoNetwork } from '../../local/demo/demo-network.ts';
import type { Operator } from '../../local/demo/operator.ts';
import { type CniRuntime, callPlugin } from '../../local/nodes/cni-runtime.ts';
import { type NodeNetwork, prerequisites } from '../../local/nodes/node-network.ts';
import { addressOf } from '../support/plugin-node.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';

const { missing } = prerequisites();
const path = { pool: demoNetwork.name };

describe.runIf(available('Pods in network namespaces', missing))('nodes with blocks of their own', () => {
  let testBed: TestBed;
  let stack: TestBed['stack'];
  let network: NodeNetwork;
  let operator: Operator;
  let runtimes: CniRuntime[];

  beforeAll(async () => {
    testBed = await openTestBed();
    ({ stack, operator, network } = testBed);
    const ranges = demoNetwork.ipam.ranges.map((set) => [...set]);
    await operator.ask('createPool', { body: { name: demoNetwork.name, affinity: 'node', blockSize: 4, ranges } });
    runtimes = [];
    for (const [index, identity] of stack.nodes.entries()) {
      runtimes.push(await testBed.addNode(`owner-${index}`, identity));
    }
  });
  afterAll(async () => {
    await testBed?.close();
  });

  const call = (node: number, verb: 'ADD' | 'DEL', pod: { namespace: string; path: string }) => {
    const [runtime] = runtimes.slice(node);
    if (runtime === undefined) throw new Error(`no node ${node}`);
    const about = { containerId: pod.namespace, ifname: 'eth0', netns: pod.path, configuration: demoNetwork };
    return callPlugin(runtime, { verb, ...about });
  };
  const added = async (node: number, name: string) => {
    const pod = network.addPod(name);
    return { pod, address: addressOf(await call(node, 'ADD', pod)).replace('/16', '') };
  };
  /** Nodes by the span of addresses that is theirs. */
  const spans = async () => {
    const { blocks } = await operator.ask('listBlocks', { path });
    return blocks.flatMap(({ state, node, prefixes }) =>
      state === 'claimed' ? [{ node, span: prefixes[0] ?? '' }] : [],
    );
  };
  const within = (address: string, span: string) => {
    const last = (text: string) => Number(text.split('.')[3]);
    const [from = '', to = ''] = span.split('-');
    return last(address) >= last(from) && last(address) <= last(to);
  };

  it('lease in them, reach each other, give back what they do not need, and lose them when they are declared dead', async () => {
    const [a, b] = stack.nodes.map(({ nodeId }) => nodeId);
    const first: Awaited<ReturnType<typeof added>>[] = [];
    for (let count = 0; count < 5; count += 1) first.push(await added(0, `own-a${count}`));
    const other = await added(1, 'own-b0');
    const claimed = await spans();
    expect(claimed.map(({ node }) => node).sort()).toEqual([a, a, b].sort());
    const ownerOf = (address: string) => claimed.find(({ span }) => within(address, span))?.node;
    expect(first.map(({ address }) => ownerOf(address))).toEqual(Array(5).fill(a));
    expect(ownerOf(other.address)).toBe(b);

    const [one, two] = runtimes.map(({ namespace }) => namespace ?? '');
    network.wire(one ?? '', two ?? '', demoNetwork.bridge);
    expect(network.reaches(other.pod.namespace, first[4]?.address ?? '')).toBe(true);
    expect(network.reaches(first[0]?.pod.namespace ?? '', other.address)).toBe(true);

    for (const { pod } of first.slice(0, 4)) expect(await call(0, 'DEL', pod)).toMatchObject({ ok: true });
    const left = await spans();
    expect(left.map(({ node }) => node).sort()).toEqual([a, b].sort());
    expect(left.some(({ span }) => within(first[4]?.address ?? '', span))).toBe(true);

    await operator.ask('declareDeath', {
      body: { node: b ?? '', reason: 'its power supply burned', alsoIfAlive: true },
    });
    expect(await stack.runSchedule()).toMatchObject({ nodes: [{ node: b, freed: 1 }] });
    expect((await spans()).map(({ node }) => node)).toEqual([a]);
  });
});
