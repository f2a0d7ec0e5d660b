import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as z from 'zod/mini';
import type { poolInput } from '../../core/contract/pool.ts';
import type { Operator } from '../../local/demo/operator.ts';
import { type CniRuntime, callPlugin } from '../../local/nodes/cni-runtime.ts';
import { type NodeNetwork, prerequisites } from '../../local/nodes/node-network.ts';
import { addressOf, errorOf } from '../support/plugin-node.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';

const { missing } = prerequisites();

interface PodRequest {
  readonly ipam?: Record<string, unknown>;
  readonly args?: Record<string, string>;
  /** args.cni.ips of the configuration. */
  readonly ips?: readonly string[];
}

describe.runIf(available('Pods in network namespaces', missing))('pods whose pool or address is chosen', () => {
  let testBed: TestBed;
  let network: NodeNetwork;
  let operator: Operator;
  let runtime: CniRuntime;

  const subnet = (text: string) => [[{ subnet: text }]];
  const create = (name: string, body: Omit<z.input<typeof poolInput>, 'name'>) =>
    operator.ask('createPool', { body: { name, affinity: 'shared', ...body } });

  beforeAll(async () => {
    testBed = await openTestBed();
    ({ operator, network } = testBed);
    // All of them before the first ADD: what the service remembers of a VRF's pools may be half a minute old.
    await create('asked', { ranges: [...subnet('10.61.0.0/24'), ...subnet('fd61::/120')], cooldownSeconds: 0 });
    await create('tiny', { ranges: [[{ subnet: '10.63.0.0/24', rangeStart: '10.63.0.9', rangeEnd: '10.63.0.9' }]] });
    await create('wide', { ranges: subnet('10.64.0.0/24') });
    await create('shop', { vrf: 'chosen', ranges: subnet('10.65.0.0/24'), namespaces: ['shop'] });
    await create('rest', { vrf: 'chosen', ranges: subnet('10.66.0.0/24'), default: true });
    runtime = await testBed.addNode('chooser');
  });
  afterAll(async () => {
    await testBed?.close();
  });

  const held = async (pool: string) => {
    const { leases } = await operator.ask('listLeases', { path: { pool } });
    const addresses = leases.filter(({ state }) => state === 'held').flatMap((lease) => lease.addresses);
    return addresses.map((address) => address.split('/')[0]).sort();
  };
  const call = (verb: 'ADD' | 'DEL', pod: { namespace: string; path: string }, { ipam, args, ips = [] }: PodRequest) =>
    callPlugin(runtime, {
      verb,
      containerId: pod.namespace,
      ifname: 'eth0',
      netns: pod.path,
      configuration: {
        cniVersion: '1.0.0',
        name: 'choice',
        type: 'bridge',
        bridge: 'choice0',
        ipam: { type: 'lessor', ...ipam },
        args: { cni: { ips } },
      } as Parameters<typeof callPlugin>[1]['configuration'],
      ...(args === undefined ? {} : { args }),
    });
  const added = async (name: string, request: PodRequest) => {
    const pod = network.addPod(name);
    return { pod, request, address: addressOf(await call('ADD', pod, request)) };
  };

  it('get the addresses that they ask for, which nobody else gets until they are deleted', async () => {
    const ipam = { pool: 'asked' };
    const one = await added('ask-one', { ipam, args: { IP: '10.61.0.9' } });
    const two = await added('ask-two', { ipam, ips: ['fd61::40', '10.61.0.20'] });
    expect([one.address, two.address]).toEqual(['10.61.0.9/24', '10.61.0.20/24']);
    expect(network.reaches(one.pod.namespace, '10.61.0.20')).toBe(true);
    expect(network.reaches(one.pod.namespace, 'fd61::40')).toBe(true);
    expect(await held('asked')).toEqual(
      ['10.61.0.9', 'fd61::9', '10.61.0.20', 'fd61::14', '10.61.0.64', 'fd61::40'].sort(),
    );

    const late = network.addPod('ask-late');
    const refused = await call('ADD', late, { ipam, ips: ['10.61.0.64'] });
    expect(errorOf(refused)).toMatchObject({ code: 11, msg: expect.stringContaining('10.61.0.64') });
    expect(await call('DEL', late, { ipam, ips: ['10.61.0.64'] })).toMatchObject({ ok: true });
    expect(await call('DEL', two.pod, two.request)).toMatchObject({ ok: true });
    expect(addressOf(await call('ADD', late, { ipam, ips: ['10.61.0.64'] }))).toBe('10.61.0.64/24');
    expect(errorOf(await call('ADD', network.addPod('ask-none'), { ipam, ips: ['10.62.0.9'] }))).toMatchObject({
      code: 7,
      msg: expect.stringContaining('10.62.0.9'),
    });
  });

  it('get an address of the next pool of a list where the first is full', async () => {
    const ipam = { pools: ['tiny', 'wide'] };
    const addresses: string[] = [];
    for (const name of ['list-a', 'list-b', 'list-c']) addresses.push((await added(name, { ipam })).address);
    expect(addresses[0]).toBe('10.63.0.9/24');
    expect(addresses.slice(1)).toEqual(Array(2).fill(expect.stringMatching(/^10\.64\.0\.\d+\/24$/)));
    expect(errorOf(await call('ADD', network.addPod('list-d'), { ipam: { pool: 'tiny' } }))).toMatchObject({
      code: 101,
    });
  });

  it('get an address of the pool that asks for their namespace, and else of the default pool', async () => {
    const ipam = { vrf: 'chosen' };
    const pods: Awaited<ReturnType<typeof added>>[] = [];
    for (const [index, namespace] of ['shop', 'bank', 'shop', 'bank'].entries())
      pods.push(
        await added(`choice-${index}`, { ipam, args: { K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: `p${index}` } }),
      );
    const nets = pods.map(({ address }) => address.split('.').slice(0, 2).join('.'));
    expect(nets).toEqual(['10.65', '10.66', '10.65', '10.66']);
    const to = pods[2]?.address.split('/')[0] ?? '';
    expect(network.reaches(pods[0]?.pod.namespace ?? '', to)).toBe(true);
    for (const { pod, request } of pods) expect(await call('DEL', pod, request)).toMatchObject({ ok: true });
  });
});
