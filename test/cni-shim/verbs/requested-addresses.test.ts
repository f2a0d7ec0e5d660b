/** Addresses that a runtime asks for: by CNI_ARGS, args and runtimeConfig. */
import { describe, expect, test } from 'vitest';
import type { FakeApi, Fate } from '../fake-api.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, NETWORK, type Node } from '../in-process.ts';

let api: FakeApi;
let node: Node;
withFreshNode((fresh) => {
  ({ api, node } = fresh);
});

const POOL = '0000000000000001';
const dual = { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/120' }]] };
const asking = (...ips: string[]) => configuration(dual, { args: { cni: { ips } } });
const printedAddresses = ({ printed }: { printed: { ips: { address: string }[] } }) =>
  printed.ips.map(({ address }) => address);

describe('an ADD that asks for addresses', () => {
  test('sends those of all three ways, each once, and proposes no slot', async () => {
    await node.add('warm', { stdin: configuration(dual) });
    const stdin = configuration(dual, {
      args: { cni: { ips: ['10.1.0.9'] } },
      runtimeConfig: { ips: ['FD00:1::0009/120', '10.1.0.9/24'] },
    });
    const added = await node.add('c1', { stdin, env: { CNI_ARGS: 'IgnoreUnknown=1;IP=10.1.0.9' } });
    expect(printedAddresses(added)).toEqual(['10.1.0.9/24', 'fd00:1::9/120']);
    expect(api.allocations()[1]).toMatchObject({ addresses: ['10.1.0.9', 'fd00:1::9'], attempt: 1, incarnation: 1 });
    expect(api.allocations()[1]).not.toHaveProperty('proposal');
    expect(node.entry('c1')).not.toHaveProperty('proposal');
    expect(node.slots()).toEqual([`${POOL}.0.1`, `${POOL}.0.8`]);
  });

  test('is released by the slot that the answer named, like any other', async () => {
    await node.add('c1', { stdin: asking('10.1.0.9') });
    await node.del('c1', { stdin: asking('10.1.0.9') });
    expect(api.releases()).toMatchObject([{ slot: { slot: 8 }, acknowledged: true }]);
    expect([api.leases(NETWORK).size, node.slots(), node.attachments()]).toEqual([0, [], []]);
  });

  test('holds two slots where the addresses are not one, of which this node proposes neither, and releases both', async () => {
    const stdin = asking('fd00:1::4', '10.1.0.5');
    expect(printedAddresses(await node.add('c1', { stdin }))).toEqual(['10.1.0.5/24', 'fd00:1::4/120']);
    expect(node.slots()).toEqual([`${POOL}.0.3`, `${POOL}.0.4`]);
    for (let count = 0; count < 6; count++) await node.add(`other-${count}`, { stdin: configuration(dual) });
    const proposed = api.allocations().map(({ proposal }) => proposal?.slot);
    expect(proposed).toEqual([undefined, 5, 6, 7, 8, 9, 10]);
    expect(api.leases(NETWORK).size).toBe(8);
    expect((await node.del('c1', { stdin })).exitCode).toBe(0);
    expect(api.releases()).toMatchObject([{ slot: { slot: 3 }, acknowledged: false }]);
    expect(api.leases(NETWORK).size).toBe(6);
    expect(node.slots()).toHaveLength(6);
    expect(Object.keys(node.poolCache?.taken['0'] ?? {}).sort()).toEqual(['3', '4']);
  });

  test('of a lost journal is released by DEL, whatever it held', async () => {
    const stdin = asking('10.1.0.5', 'fd00:1::4');
    await node.add('c1', { stdin });
    node.loseJournal();
    expect((await node.del('c1', { stdin })).exitCode).toBe(0);
    expect(api.leases(NETWORK).size).toBe(0);
  });

  test('that is repeated for other addresses leaves nothing of the first ones behind', async () => {
    await node.add('c1', { stdin: asking('10.1.0.5', 'fd00:1::4') });
    await node.add('c1', { stdin: asking('10.1.0.7') });
    expect(api.leases(NETWORK).size).toBe(3);
    await node.del('c1', { stdin: asking('10.1.0.7') });
    expect([api.leases(NETWORK).size, node.slots()]).toEqual([0, []]);
  });

  test('after one for any address leaves nothing of that behind', async () => {
    await node.add('c1', { stdin: configuration(dual) });
    await node.add('c1', { stdin: asking('10.1.0.7') });
    expect(api.allocations()[1]).not.toHaveProperty('proposal');
    await node.del('c1', { stdin: asking('10.1.0.7') });
    expect([api.leases(NETWORK).size, node.slots()]).toEqual([0, []]);
  });

  test('that a DEL overtakes gives every slot back', async () => {
    const stdin = asking('10.1.0.5', 'fd00:1::4');
    let deleted = false;
    api.fate = async ({ path }): Promise<Fate> => {
      if (path === '/v1/leases' && !deleted) {
        deleted = true;
        await node.del('c1', { stdin });
      }
      return 'answer';
    };
    const { printed } = await node.add('c1', { stdin, limits: { attempt: 20_000, total: 20_000 } });
    expect(printed).toMatchObject({ code: 11, msg: expect.stringContaining('c1 was deleted') });
    expect(api.leases(NETWORK).size).toBe(0);
  });

  test('fails at once, with a code to try again later, where another container holds one', async () => {
    await node.add('c1', { stdin: asking('10.1.0.5') });
    const { exitCode, printed } = await node.add('c2', { stdin: asking('10.1.0.5') });
    expect(exitCode).toBe(1);
    expect(printed).toMatchObject({ code: 11, msg: 'lessor: The address is held' });
    expect(api.allocations()).toHaveLength(2);
    expect((await node.del('c2', { stdin: asking('10.1.0.5') })).exitCode).toBe(0);
    expect([...api.leases(NETWORK).values()]).toMatchObject([{ owner: 'c1@eth0' }]);
  });

  test.each([
    ['address.cooling', 11],
    ['address.unknown', 7],
  ] as const)('fails at once where the API says %s, with code %i', async (code, cni) => {
    const body = JSON.stringify({ code, detail: 'address 10.1.0.5: no' });
    api.fate = () => ({ status: 409, body });
    const { printed } = await node.add('c1', { stdin: asking('10.1.0.5') });
    expect(printed).toMatchObject({ code: cni, details: 'address 10.1.0.5: no' });
    expect(api.allocations()).toHaveLength(1);
  });

  test('names the field of what is no address, and asks nobody', async () => {
    const { printed } = await node.add('c1', { stdin: asking('10.1.0.5', 'x') });
    expect(printed).toMatchObject({ code: 7, msg: 'lessor: args.cni.ips[1] "x" is no IP address' });
    expect(api.received).toEqual([]);
  });
});
