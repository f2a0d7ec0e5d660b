/** Which pool an ADD asks for, and which it proposes a slot of, where the configuration names pools or none. */
import { beforeEach, describe, expect, test } from 'vitest';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { openPoolChoices } from '../../../cni-shim/node/pool-choices.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, NETWORK, type Node, PATIENT } from '../in-process.ts';

let api: FakeApi;
let node: Node;
withFreshNode((fresh) => {
  ({ api, node } = fresh);
  // Requests are counted here: on a machine with much else to do none is sent twice.
  node.limits = PATIENT;
});

const of = (ipam: Record<string, unknown>) => configuration({ ranges: undefined, ...ipam });
const chosen = of({});
const inNamespace = (namespace: string) => ({
  stdin: chosen,
  env: { CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=p` },
});
const proposals = () => api.allocations().map(({ proposal }) => proposal?.pool);
const [FIRST, SECOND] = ['0000000000000001', '0000000000000002'];
const twoAddresses = (net: string) => [[{ subnet: `${net}.0/24`, rangeStart: `${net}.10`, rangeEnd: `${net}.11` }]];

describe('a configuration that names', () => {
  test('one pool leases in it, and proposes its slots', async () => {
    api.createPool('blue', [[{ subnet: '10.1.0.0/24' }]]);
    const stdin = of({ pool: 'blue' });
    const { printed } = await node.add('c1', { stdin });
    expect(printed.ips).toEqual([{ version: '4', address: '10.1.0.2/24', gateway: '10.1.0.1' }]);
    await node.add('c2', { stdin });
    expect(api.allocations().map(({ pool }) => pool)).toEqual(Array(2).fill({ vrf: 'default', name: 'blue' }));
    expect(proposals()).toEqual([undefined, FIRST]);
  });

  test('pools leases in the first that has room, and then proposes slots of that one', async () => {
    api.createPool('small', twoAddresses('10.1.0'));
    api.createPool('large', [[{ subnet: '10.2.0.0/24' }]]);
    const stdin = of({ pools: ['small', 'large'] });
    const addresses: string[] = [];
    for (const id of ['c1', 'c2', 'c3', 'c4'])
      addresses.push((await node.add(id, { stdin })).printed.ips[0].address.split('/')[0]);
    expect(addresses).toEqual(['10.1.0.10', '10.1.0.11', '10.2.0.2', '10.2.0.3']);
    expect(proposals()).toEqual([undefined, FIRST, undefined, SECOND]);
    expect(api.allocations()[0]?.pool).toEqual({ vrf: 'default', name: NETWORK, names: ['small', 'large'] });
  });

  test('pools goes back to the first once that has room again, and marks nothing of the other as taken', async () => {
    api.createPool('small', twoAddresses('10.1.0'));
    api.createPool('large', [[{ subnet: '10.2.0.0/24' }]]);
    const stdin = of({ pools: ['small', 'large'] });
    for (const id of ['c1', 'c2', 'c3']) await node.add(id, { stdin });
    await node.del('c1', { stdin });
    expect((await node.add('c4', { stdin })).printed.ips[0].address).toBe('10.1.0.10/24');
    expect(proposals().at(-1)).toBe(SECOND);
    expect(node.slots()).toEqual([`${FIRST}.0.0`, `${FIRST}.0.1`, `${SECOND}.0.1`]);
    expect(node.poolCaches.map(({ taken }) => Object.keys(taken['0'] ?? {}))).toEqual([['0'], []]);
    expect(node.poolCaches[1]?.blocks.map(({ block }) => block)).toContain('0');
  });

  test('another pool than before leaves nothing behind, where the ADD is repeated with it', async () => {
    for (const name of ['blue', 'green']) api.createPool(name, [[{ subnet: `10.${name.length}.0.0/24` }]]);
    await node.add('c1', { stdin: of({ pool: 'blue' }) });
    await node.add('c1', { stdin: of({ pool: 'green' }) });
    expect(node.slots()).toEqual([`${FIRST}.0.1`, `${SECOND}.0.1`]);
    await node.del('c1', { stdin: of({ pool: 'green' }) });
    expect([api.leases('blue').size, api.leases('green').size, node.slots()]).toEqual([0, 0, []]);
  });

  test('a pool that does not exist is refused with its name', async () => {
    const { printed } = await node.add('c1', { stdin: of({ pool: 'bleu' }) });
    expect(printed).toMatchObject({ code: 7, details: expect.stringContaining('no pool bleu') });
  });

  test('a VRF leases there', async () => {
    await node.add('c1', { stdin: configuration({ vrf: 'red' }) });
    expect(api.allocations()[0]?.pool).toMatchObject({ vrf: 'red', name: NETWORK });
    expect((await node.del('c1', { stdin: configuration({ vrf: 'blue' }) })).exitCode).toBe(0);
    expect(api.releases()).toMatchObject([{ acknowledged: true, slot: { slot: 0 } }]);
    expect(api.leases(NETWORK).size).toBe(0);
  });
});

describe('a configuration that names no pool', () => {
  beforeEach(() => {
    api.createPool('shop', [[{ subnet: '10.1.0.0/24' }]], { namespaces: ['shop'] });
    api.createPool('rest', [[{ subnet: '10.2.0.0/16' }]], { default: true });
  });

  test('keeps the warm path at one request without a refusal while pods of two namespaces alternate', async () => {
    const addresses: string[] = [];
    for (let turn = 0; turn < 3; turn++)
      for (const namespace of ['shop', 'bank'])
        addresses.push((await node.add(`${namespace}-${turn}`, inNamespace(namespace))).printed.ips[0].address);
    expect(addresses).toEqual([
      '10.1.0.2/24',
      '10.2.0.2/16',
      '10.1.0.3/24',
      '10.2.0.3/16',
      '10.1.0.4/24',
      '10.2.0.4/16',
    ]);
    // The default pool comes after the one that asks for the namespace, so nothing is known of it for the first pod only.
    expect(proposals()).toEqual([undefined, undefined, FIRST, SECOND, FIRST, SECOND]);
    expect(node.poolCaches.map(({ taken }) => taken)).toEqual([{}, {}]);
  });

  test('is deleted with what is known of the pool that the address is of', async () => {
    for (const namespace of ['shop', 'bank']) await node.add(namespace, inNamespace(namespace));
    await node.del('shop', inNamespace('bank'));
    expect(api.releases()).toMatchObject([{ slot: { pool: FIRST }, acknowledged: true }]);
    expect(node.poolCaches.map(({ taken }) => Object.keys(taken['0'] ?? {}))).toEqual([['1'], []]);
  });

  test('tells the labels of the node, which choose as well', async () => {
    api.createPool('gpu', [[{ subnet: '10.3.0.0/24' }]], { nodeLabels: { kind: 'gpu' } });
    await node.add('c1', inNamespace('bank'));
    node.writeConfig({ labels: { kind: 'gpu', rack: '7' } });
    for (const id of ['c2', 'c3']) await node.add(id, inNamespace('bank'));
    expect(api.allocations().map(({ labels }) => labels)).toEqual([
      undefined,
      ...Array(2).fill({ kind: 'gpu', rack: '7' }),
    ]);
    expect(proposals()).toEqual([undefined, undefined, '0000000000000003']);
  });

  test('remembers the choice for 256 namespaces, those noted last', async () => {
    await node.add('c1', inNamespace('n0'));
    const records = openRecords({ ...machineUnderNode(), ...node.here }, node.dataDir);
    const of = (namespace: string) =>
      openPoolChoices(records, NETWORK, {
        request: { vrf: 'default', name: NETWORK, names: [] },
        labels: {},
        namespace,
      });
    expect(of('n0').likely()).toBe(SECOND);
    for (let count = 1; count <= 256; count++) of(`n${count}`).chosen(SECOND);
    const known = ['n0', 'n1', 'n256'].map((namespace) => of(namespace).likely());
    expect(known).toEqual([undefined, SECOND, SECOND]);
  });

  test('remembers for pods that name pools few choices a namespace, none that are long, and no room for others', async () => {
    await node.add('c1', inNamespace('n0'));
    const records = openRecords({ ...machineUnderNode(), ...node.here }, node.dataDir);
    const request = { vrf: 'default', name: NETWORK, names: [] };
    const of = (namespace: string, podPools?: string[]) =>
      openPoolChoices(records, NETWORK, { request, labels: {}, namespace, podPools });
    const lists = Array.from({ length: 256 }, (_, n) => [`p${n}`, 'p']);
    for (const list of lists) of('shop', list).chosen(FIRST);
    const long = Array.from({ length: 64 }, (_, n) => `${n}`.padStart(200, 'p'));
    of('shop', long).chosen(FIRST);
    expect(lists.filter((list) => of('shop', list).likely() === FIRST)).toEqual(lists.slice(-8));
    expect(of('shop', long).likely()).toBeUndefined();
    expect(of('n0').likely()).toBe(SECOND);
    expect(of('n0').all()).toEqual([SECOND]);
  });

  test.each(['', '{"wish":1', '[]', '{"wish":"x","pools":{}}', '{"pools":[["","../../etc/passwd"]]}'])(
    'asks without a proposal where its choices read %s',
    async (text) => {
      await node.add('c1', inNamespace('bank'));
      node.writeChoices(text);
      for (const id of ['c2', 'c3']) expect((await node.add(id, inNamespace('bank'))).exitCode).toBe(0);
      expect(proposals()).toEqual([undefined, undefined, SECOND]);
    },
  );

  test('is refused where no pool fits', async () => {
    const { printed } = await node.add('c1', { stdin: of({ vrf: 'empty' }) });
    expect(printed).toMatchObject({ code: 7, msg: 'lessor: No pool fits' });
  });
});
