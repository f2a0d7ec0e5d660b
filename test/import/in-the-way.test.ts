/** What is in the way of an import is named with both sides, and changes nothing of that attachment; the others are imported. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import type { World } from '../functions/world.ts';
import { type Allocated, containerOf, ipamBlocks, ippool, listOf, podObject } from './exports.ts';
import { heldIn, type ImportingNode, importingNode, newWorld, POOL, poolFor, type Row } from './scene.ts';

let here: World;
let node: ImportingNode;
let other: ImportingNode;

beforeEach(() => {
  here = newWorld();
  node = importingNode(here, 'n-1');
  other = importingNode(here, 'n-2');
});
afterEach(() => {
  node.remove();
  other.remove();
});

const one = (address: string, container = 1, more: Partial<Allocated> = {}): Allocated => ({
  ...{ address, containerId: containerOf(container), node: 'n-1' },
  ...more,
});
const GOOD = one('10.44.0.50', 50);
/** What came of the others, where nothing is in the way of one more. */
async function besideGood(allocated: readonly Allocated[], more: Readonly<Record<string, string>> = {}) {
  const source = node.hostLocal([GOOD, ...allocated], more);
  const dry = await node.imports('host-local', source);
  const entries = node.node.entries().length;
  const done = await node.imports('host-local', source, '--yes');
  expect(done.rows.filter(({ addresses }) => addresses[0] === GOOD.address)).toMatchObject([{ outcome: 'imported' }]);
  const rest = ({ rows }: { rows: readonly Row[] }) => rows.filter(({ addresses }) => addresses[0] !== GOOD.address);
  expect(rest(dry).map(({ outcome, why }) => [outcome === 'would' ? 'imported' : outcome, why])).toEqual(
    rest(done).map(({ outcome, why }) => [outcome, why]),
  );
  expect(node.node.entries().length).toBe(entries + 1);
  return { exitCode: done.exitCode, rows: rest(done) };
}
const why = (text: string) => ({ outcome: 'conflict', why: expect.stringContaining(text) });

describe('An address', () => {
  beforeEach(() => poolFor(here, { affinity: 'shared', exclude: ['10.44.8.0/24'] }));

  test('that another node’s container holds', async () => {
    await other.imports('host-local', other.hostLocal([one('10.44.0.9', 9)]), '--yes');
    const { exitCode, rows } = await besideGood([one('10.44.0.9', 1)]);
    expect([exitCode, rows]).toMatchObject([
      41,
      [why(`is held by container ${containerOf(9)} (eth0, network pods) of node n-2`)],
    ]);
    expect((await heldIn(here, POOL)).get('10.44.0.9')).toBe(`n-2 ${containerOf(9)}`);
  });

  test('that another container of this node holds', async () => {
    const added = await node.call('ADD', 'c-new');
    const address = added.printed.ips[0].address.split('/')[0];
    const { rows } = await besideGood([one(address, 1)]);
    expect(rows).toMatchObject([why('container c-new')]);
  });

  test('with which a container here lives whose lease was lost, though nobody holds it', async () => {
    await node.imports('host-local', node.hostLocal([one('10.44.0.9', 9)]), '--yes');
    const [entry] = node.node.entries();
    node.node.write('UPDATE lease SET entry = ?', JSON.stringify({ ...entry, lost: true }));
    node.node.write('DELETE FROM slot');
    const { attachment, nonce, acknowledged } = entry ?? {};
    await releaseDirectly({ attachment, nonce, slot: acknowledged?.slot });
    expect((await besideGood([one('10.44.0.9', 1)])).rows).toMatchObject([why(`container ${containerOf(9)}`)]);
  });

  test.each([
    ['10.45.0.9', 'is not in the ranges of pool moved'],
    ['10.44.0.1', 'is a gateway, a network or a broadcast address in pool moved'],
    ['2001:db8::5', 'is not in the ranges of pool moved'],
  ])('%s', async (address, said) => {
    expect((await besideGood([one(address)])).rows).toMatchObject([why(said)]);
  });

  test('that is written down for two containers: neither gets it', async () => {
    const podNamed = (name: string) => ({ pod: { namespace: 'shop', name } });
    const [a, b] = [one('10.44.0.9', 1, podNamed('web-1')), one('10.44.0.9', 2, podNamed('other'))];
    const source = node.written(
      'export.json',
      listOf(
        ippool('10.44.0.0/16', [{ ...a, ifname: 'net1' }]),
        ippool('10.44.0.0/24', [{ ...b, ifname: 'net1' }], 'blue-10.44.0.0-24'),
        podOf(a),
        podOf(b, 'other'),
      ),
    );
    const { rows } = await node.imports('whereabouts', source, '--yes');
    expect(rows).toMatchObject([
      why(`container ${b.containerId} as well (IPPool kube-system/blue-10.44.0.0-24`),
      why(`container ${a.containerId} as well`),
    ]);
    expect(await heldIn(here, POOL)).toEqual(new Map());
  });

  test('that the pool excludes is kept by its container, and handed out to nobody else', async () => {
    const source = node.hostLocal([one('10.44.8.9')]);
    const { exitCode, rows } = await node.imports('host-local', source, '--yes');
    const said = expect.stringContaining('hands it out to nobody else');
    expect([exitCode, rows]).toMatchObject([0, [{ outcome: 'imported', why: said }]]);
  });
});

test('A part that was excluded when the pool was made: it is never opened', async () => {
  await poolFor(here, { exclude: ['10.44.0.0/17'] });
  const { rows } = await node.imports('host-local', node.hostLocal([one('10.44.0.9')]));
  expect(rows).toMatchObject([why('that was excluded when the pool was made')]);
});

const podOf = (of: Allocated, name = 'web-1') => podObject({ ...of, pod: { namespace: 'shop', name }, ifname: 'net1' });
const releaseDirectly = async (body: object) => {
  const { release } = await import('../../functions/use-cases/leases/release.ts');
  await release(here.environment(), { caller: 'n-1', remainingMs: () => 10_000 }, {
    ...body,
    acknowledged: true,
  } as never);
};

describe('An attachment', () => {
  beforeEach(() => poolFor(here, {}));

  test('that has two addresses of one range set', async () => {
    expect((await besideGood([one('10.44.0.8', 1), one('10.44.0.9', 1)])).rows).toMatchObject([
      why('it has 10.44.0.8 and 10.44.0.9'),
    ]);
  });

  test('that has another lease already', async () => {
    await node.imports('host-local', node.hostLocal([one('10.44.0.8', 1)]), '--yes');
    expect((await besideGood([one('10.44.0.9', 1)])).rows).toMatchObject([
      why('the journal has 10.44.0.8/16 of this attachment'),
    ]);
  });

  test('whose DEL is under way, and one whose release is still to be told', async () => {
    await node.imports('host-local', node.hostLocal([one('10.44.0.8', 1)]), '--yes');
    node.service.fate = ({ path }) => (path === routes.release.path ? 'unreachable' : undefined);
    await node.call('DEL', containerOf(1));
    node.service.fate = () => undefined;
    expect((await besideGood([one('10.44.0.8', 2)])).rows).toMatchObject([
      why(`is held by container ${containerOf(1)}`),
    ]);
  });

  test('of whose interface nothing is written down', async () => {
    const { ifname: _, ...plain } = one('10.44.0.9', 1, { pod: { namespace: 'shop', name: 'web-1' } });
    const pool = ippool('10.44.0.0/16', [plain]);
    const bare = node.written('export.json', listOf(pool, podObject(plain)));
    expect((await node.imports('whereabouts', bare, '--yes')).rows).toMatchObject([
      why('its interface is not written down'),
    ]);
    expect((await node.imports('whereabouts', bare, '--ifname', 'net1', '--yes')).rows).toMatchObject([
      { outcome: 'imported', ifname: 'net1' },
    ]);
  });

  test('that is no container’s, or cannot be read', async () => {
    const { rows } = await besideGood([], {
      '10.44.0.7': '',
      '10.44.0.8': 'no container!\r\neth0',
      'stranger.txt': 'x',
    });
    expect(rows.map(({ outcome, addresses }) => [outcome, addresses])).toEqual([
      ['void', ['10.44.0.7']],
      ['unreadable', ['10.44.0.8']],
      ['unreadable', []],
    ]);
  });
});

describe('Where blocks belong to nodes', () => {
  const whole = { affinity: 'node', ranges: [[{ subnet: '10.44.0.0/16', rangeStart: '10.44.0.0' }]] };
  beforeEach(() => poolFor(here, whole));
  const calico = (allocated: readonly Allocated[]) => node.written('export.json', listOf(...ipamBlocks(allocated)));
  const imported = async (...allocated: Allocated[]) => (await node.imports('calico', calico(allocated), '--yes')).rows;

  test('a block that another node has', async () => {
    await other.imports('host-local', other.hostLocal([one('10.44.1.9', 9)]), '--yes');
    expect((await besideGood([one('10.44.1.10')])).rows).toMatchObject([why('its block 4 of pool moved is node n-2')]);
  });

  test('an address that was borrowed from a block of another node, whose own import goes on', async () => {
    const all = [one('10.44.1.9', 9, { node: 'n-2' }), one('10.44.1.10', 10)];
    expect(await imported(...all)).toMatchObject([why('from which it was borrowed'), { outcome: 'elsewhere' }]);
    const source = other.written('export.json', listOf(...ipamBlocks(all)));
    expect((await other.imports('calico', source, '--yes')).rows).toMatchObject([
      { outcome: 'imported' },
      { outcome: 'elsewhere' },
    ]);
  });

  test('blocks of another size, so that two nodes share one here', async () => {
    const [a, b] = [one('10.44.1.9', 9), one('10.44.1.70', 10, { node: 'n-2' })];
    here = newWorld();
    node.remove();
    node = importingNode(here, 'n-1');
    await poolFor(here, { ...whole, blockSize: 256 });
    expect(await imported(a, b)).toMatchObject([
      why('has 10.44.1.70 of node n-2 too: the pool’s blocks (256 addresses)'.replace('’', "'")),
      { outcome: 'elsewhere' },
    ]);
    expect(await heldIn(here, POOL)).toEqual(new Map());
  });

  test('a block of an earlier boot of this node, until its first ADD took it up', async () => {
    await imported(one('10.44.1.9', 9));
    node.node.bootId = 'the next boot';
    expect(await imported(one('10.44.1.10', 10))).toMatchObject([why('is of an earlier boot of this node')]);
  });

  test('a block of this node under a journal that was lost', async () => {
    await imported(one('10.44.1.9', 9));
    node.node.loseJournal();
    expect(await imported(one('10.44.1.10', 10), one('10.44.1.9', 9))).toMatchObject([
      why('under a journal that was lost'),
      why('under a journal that was lost'),
    ]);
    expect((await heldIn(here, POOL)).get('10.44.1.9')).toBe(`n-1 ${containerOf(9)}`);
  });
});
