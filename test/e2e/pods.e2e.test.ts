/** Pods of two nodes through the real reference `bridge` plugin, in network namespaces: each CNI version, there and back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build.ts';
import { type CniRuntime, callPlugin } from '../../local/cni-runtime.ts';
import { demoNetwork } from '../../local/demo-network.ts';
import { writeNodeFiles } from '../../local/demo-nodes.ts';
import { NodeNetwork, prerequisites } from '../../local/node-network.ts';
import { Operator } from '../../local/operator.ts';
import { type LocalStack, startStack } from '../../local/stack.ts';
import { addressOf, leasesOf } from '../support/plugin-node.ts';
import { available } from '../support/prerequisite.ts';

const { cniDirectory, missing } = prerequisites();

describe.runIf(available('Pods in network namespaces', missing))('pods of two nodes', () => {
  let stack: LocalStack;
  let network: NodeNetwork;
  let directory: string;
  let runtimes: CniRuntime[];

  beforeAll(async () => {
    const { path: plugin } = await buildPlugin();
    stack = await startStack();
    directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
    network = new NodeNetwork(stack.endpoint, directory);
    runtimes = [];
    for (const [index, identity] of stack.nodes.entries()) {
      const namespace = await network.addNode(`node-${index}`);
      const environment = { LESSOR_CONFIG: writeNodeFiles(join(directory, `node-${index}`), stack, identity) };
      runtimes.push({ plugin, cniDirectory, namespace, environment });
    }
  });
  afterAll(async () => {
    network.stop();
    rmSync(directory, { recursive: true, force: true });
    await stack.stop();
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

    const operator = new Operator(stack.endpoint, stack.region, stack.operator);
    expect((await leasesOf(operator)).map(({ state }) => state)).toEqual(pods.map(() => 'held'));
    for (const { call, runtime } of pods) {
      expect(await callPlugin(runtime, { ...call, verb: 'DEL' })).toMatchObject({ ok: true });
    }
    expect((await leasesOf(operator)).map(({ state }) => state)).toEqual(pods.map(() => 'cooling'));
  });
});
