import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoNetwork } from '../../local/demo/demo-network.ts';
import { type CniRuntime, callPlugin } from '../../local/nodes/cni-runtime.ts';
import { type NodeNetwork, prerequisites } from '../../local/nodes/node-network.ts';
import { addressOf, leasesOf } from '../support/plugin-node.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';

const { missing } = prerequisites();

describe.runIf(available('Pods in network namespaces', missing))('pods of two nodes', () => {
  let testBed: TestBed;
  let network: NodeNetwork;
  let runtimes: CniRuntime[];

  beforeAll(async () => {
    testBed = await openTestBed();
    network = testBed.network;
    runtimes = [];
    for (const [index, identity] of testBed.stack.nodes.entries())
      runtimes.push(await testBed.addNode(`node-${index}`, identity));
  });
  afterAll(async () => {
    await testBed?.close();
  });

  it('get addresses through bridge in each CNI version, ping each other across nodes, and give the addresses back', async () => {
    const pods = [];
    for (const cniVersion of ['0.3.1', '0.4.0', '1.0.0']) {
      for (const [index, runtime] of runtimes.entries()) {
        const pod = network.addPod(`pod-${cniVersion.replaceAll('.', '')}-${index}`);
        const call = {
          containerId: pod.namespace,
          ifname: 'eth0',
          netns: pod.path,
          configuration: { ...demoNetwork, cniVersion },
        };
        const answer = await callPlugin(runtime, { ...call, verb: 'ADD' });
        const address = addressOf(answer);
        expect(answer.output).toMatchObject({ cniVersion, routes: [{ dst: '0.0.0.0/0' }] });
        expect(address).toMatch(/^10\.244\.1\.\d+\/16$/);
        pods.push({ pod, call, runtime, address: address.replace('/16', '') });
      }
    }
    expect(new Set(pods.map(({ address }) => address)).size).toBe(pods.length);

    const [a, b] = runtimes.map(({ namespace }) => namespace ?? '');
    network.wire(a ?? '', b ?? '', demoNetwork.bridge);
    for (const from of pods) {
      for (const to of pods) {
        if (from === to) continue;
        expect(network.reaches(from.pod.namespace, to.address), `${from.address} reaches ${to.address}`).toBe(true);
      }
    }
    expect(network.reaches(pods[0]?.pod.namespace ?? '', '10.244.1.9'), 'an address that nobody has').toBe(false);

    const { operator } = testBed;
    expect((await leasesOf(operator)).map(({ state }) => state)).toEqual(pods.map(() => 'held'));
    for (const { call, runtime } of pods) {
      expect(await callPlugin(runtime, { ...call, verb: 'DEL' })).toMatchObject({ ok: true });
    }
    expect((await leasesOf(operator)).map(({ state }) => state)).toEqual(pods.map(() => 'cooling'));
  });
});
