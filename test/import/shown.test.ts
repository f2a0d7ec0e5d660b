/** What a person reads of an import, and what the service says before it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import { readiness } from '../../functions/use-cases/questions/readiness.ts';
import { callOf, type World } from '../functions/world.ts';
import { containerOf, ippool, listOf, podObject } from './exports.ts';
import { type ImportingNode, importingNode, NETWORK, newWorld, POOL, poolFor } from './scene.ts';

let here: World;
let node: ImportingNode;
beforeEach(async () => {
  here = newWorld();
  node = importingNode(here, 'n-1');
  await poolFor(here, {});
});
afterEach(() => node.remove());

const shown = (...more: string[]) => {
  const allocated = [5, 6].map((n) => ({ address: `10.44.0.${n}`, containerId: containerOf(n) }));
  const source = node.hostLocal([...allocated, { address: '10.99.0.1', containerId: containerOf(7) }], {
    '10.44.0.7': '',
  });
  return node.lessor('import', 'host-local', source, '--network', NETWORK, '--pool', POOL, ...more);
};

test('A dry run says what would be, what is in the way, and that nothing was changed', async () => {
  const { out, exitCode } = await shown();
  expect([exitCode, out.replaceAll(node.node.directory, 'DIR')]).toEqual([
    41,
    expect.stringContaining(`To be imported          2
In conflict, unchanged  1
Nobody's                1

ADDRESS    CONTAINER      INTERFACE  POD  IN THE WAY
10.99.0.1  0000000000000  eth0       -    10.99.0.1 is not in the ranges of pool moved (DIR/networks/10.99.0.1)

ADDRESS    CONTAINER  INTERFACE  POD  LEFT OUT SINCE
10.44.0.7  -          -          -    it is empty, so host-local was killed in an ADD (DIR/networks/10.44.0.7)

Nobody saw 2 of these containers live; they are held until their DEL, or this machine's next boot.

Nothing was changed: give --yes.
`),
  ]);
  expect(node.sent(routes.report.path)).toEqual([]);
});

test('What others chose to call things changes nothing else that is shown, and is no interface', async () => {
  const pod = { namespace: 'shop', name: 'web\u001b[2J' };
  const allocated = { address: '10.99.0.1', containerId: containerOf(1), node: 'n-1', pod };
  const status = (name: string) => ({
    ...podObject({ ...allocated, pod: { namespace: 'shop', name: 'web' } }),
    metadata: {
      ...{ namespace: 'shop', name: 'web', uid: 'u' },
      annotations: { 'k8s.v1.cni.cncf.io/network-status': JSON.stringify([{ interface: name, ips: ['10.99.0.1'] }]) },
    },
  });
  const text = (name: string) => listOf(ippool('10.99.0.0/16', [allocated], '\u001b]0;name'), status(name));
  const ran = async (name: string, ...more: string[]) => {
    const args = ['import', 'whereabouts', node.written('export.json', text(name)), '--network', NETWORK];
    return node.lessor(...args, '--pool', POOL, ...more);
  };
  const { out, exitCode } = await ran('net1');
  expect([exitCode, out]).toEqual([41, expect.stringMatching(/net1 +shop\/web +.*kube-system\/·]0;name/)]);
  expect(out).not.toContain('\u001b');
  const [row] = JSON.parse((await ran('net/1', '--json')).out).allocations;
  expect([row.outcome, row.ifname, row.why]).toEqual(['conflict', undefined, expect.stringContaining('--ifname')]);
  expect(await ran('net1', '--ifname', 'net/1', '--yes')).toMatchObject({
    exitCode: 21,
    err: expect.stringContaining('--ifname "net/1" is no name of an interface'),
  });
  expect(node.node.entries()).toEqual([]);
});

test('Done, and once more', async () => {
  expect((await shown('--yes')).out).toMatch(/^Imported +2\n/);
  expect((await shown('--yes')).out).toMatch(/^Held already +2\n/);
});

test('The service says of each address its slot and who holds it, and tells nobody another’s nonce', async () => {
  await node.call('ADD', 'a');
  const address = node.node.entry('a') ?? node.node.entries()[0];
  const [held = ''] = address?.acknowledged?.addresses.map((one) => one.address.split('/')[0] ?? '') ?? [];
  const ask = (who: string) =>
    readiness(here.environment(), callOf(who), {
      pool: { vrf: 'default', name: POOL },
      imports: [held, '10.99.0.1', 'no address'],
    });
  const { imports, ready } = await ask('n-1');
  expect([ready, imports?.node, imports?.addresses]).toMatchObject([
    true,
    'n-1',
    [
      {
        address: held,
        slot: address?.acknowledged?.slot,
        holder: { node: 'n-1', nonce: address?.nonce, attachment: { containerId: 'a' } },
      },
      { address: '10.99.0.1' },
      { address: 'no address' },
    ],
  ]);
  expect(imports?.addresses[1]).toEqual({ address: '10.99.0.1' });
  const other = (await ask('n-2')).imports?.addresses[0]?.holder;
  expect(other).toEqual({ node: 'n-1', attachment: expect.objectContaining({ containerId: 'a' }) });
});
