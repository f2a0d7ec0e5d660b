/** An import that is cut off, or runs twice at once, ends the same; and a container that was imported is one like any other. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../cni-shim/api/time-limits.ts';
import { routes } from '../../core/contract/routes.ts';
import { readiness } from '../../functions/use-cases/questions/readiness.ts';
import { serviceFor, type UseCase } from '../cni-shim/service.ts';
import type { World } from '../functions/world.ts';
import { type Allocated, addressAfter, containerOf } from './exports.ts';
import { heldIn, type ImportingNode, importingNode, newWorld, POOL, poolFor } from './scene.ts';

let here: World;
let node: ImportingNode;
beforeEach(() => {
  here = newWorld();
  node = importingNode(here, 'n-1');
});
afterEach(() => node.remove());

const allocated: Allocated[] = Array.from({ length: 30 }, (_, index) => ({
  address: addressAfter('10.44.0.60', index),
  containerId: containerOf(index + 1),
}));
const all = new Map(allocated.map(({ address, containerId }) => [address, `n-1 ${containerId}`]));
const whole = [[{ subnet: '10.44.0.0/16', rangeStart: '10.44.0.0' }]];

describe.each(['shared', 'node'] as const)('With affinity %s', (affinity) => {
  beforeEach(() => poolFor(here, { affinity, ranges: whole }));

  test.each(['unreachable', 'answer lost'] as const)(
    'where the service is %s halfway the rest is said to be unsure; the agent goes on by itself, and so does a second run',
    async (fate) => {
      const source = node.hostLocal(allocated);
      let reports = 0;
      node.service.fate = ({ path }) => (path === routes.report.path && ++reports > 12 ? fate : undefined);
      const { exitCode, counts } = await node.imports('host-local', source, '--yes');
      expect([exitCode, (counts.imported ?? 0) + (counts.unsure ?? 0)]).toEqual([30, 30]);
      node.service.fate = () => undefined;
      const journal = node.node.entries().map(({ nonce }) => nonce);
      if (fate === 'unreachable') expect((await node.lessor('reconcile', '--grace', '0')).exitCode).toBe(0);
      else
        expect((await node.imports('host-local', source, '--yes')).counts).toEqual({
          imported: counts.unsure,
          already: counts.imported,
        });
      expect(await heldIn(here, POOL)).toEqual(all);
      expect((await node.imports('host-local', source, '--yes')).counts).toEqual({ already: 30 });
      expect(node.node.entries().map(({ nonce }) => nonce)).toEqual(journal);
    },
  );

  test('where the service is away it is over as soon as that is known, however many are left: the node may have no network meanwhile', async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({
      address: addressAfter('10.44.0.60', index),
      containerId: containerOf(index + 1),
    }));
    let reports = 0;
    node.service.fate = ({ path }) => (path === routes.report.path && ++reports > 12 ? 'unreachable' : undefined);
    const began = here.clock.now;
    const { exitCode, counts } = await node.imports('host-local', node.hostLocal(many), '--yes');
    expect([exitCode, (counts.imported ?? 0) + (counts.unsure ?? 0)]).toEqual([30, 60]);
    // By the clock of this world: as long as one call of the API goes on, of those that were under way.
    expect(here.clock.now - began).toBeLessThan(2 * DEFAULT_LIMITS.total);
    expect(node.node.entries().length).toBe(60);
    node.service.fate = () => undefined;
    expect((await node.lessor('reconcile', '--grace', '0')).exitCode).toBe(0);
    expect((await heldIn(here, POOL)).size).toBe(60);
  });

  test('one that is killed where its journal is written, and one between two requests, are ended by the next', async () => {
    const source = node.hostLocal(allocated);
    const { fetch } = node.service;
    let sent = 0;
    node.service.fetch = (async (...args: Parameters<typeof fetch>) => {
      if (String(args[0]).endsWith(routes.report.path) && ++sent > 9) throw new Killed();
      return fetch(...args);
    }) as typeof fetch;
    // A process that is gone answers nothing and cleans up nothing: the journal stays as it was then.
    expect((await node.imports('host-local', source, '--yes')).exitCode).not.toBe(0);
    node.service.fetch = fetch;
    const { counts } = await node.imports('host-local', source, '--yes');
    expect((counts.imported ?? 0) + (counts.already ?? 0)).toBe(30);
    expect(await heldIn(here, POOL)).toEqual(all);
  });

  test('two at once, and ADDs meanwhile, come to the same leases', async () => {
    const source = node.hostLocal(allocated);
    const adds = () => Promise.all(['a', 'b', 'c', 'd'].map((name) => node.call('ADD', name)));
    const [one, two, added] = await Promise.all([
      node.imports('host-local', source, '--yes'),
      node.imports('host-local', source, '--yes'),
      adds(),
    ]);
    const given = added.map(({ printed }) => printed.ips[0].address.split('/')[0]);
    expect(new Set(given).size).toBe(4);
    const held = await heldIn(here, POOL);
    // An ADD may have been first at an address: that is a conflict, and nobody lives with it twice.
    const conflicts = [...one.rows, ...two.rows].filter(({ outcome }) => outcome === 'conflict');
    for (const { addresses } of conflicts) expect(given).toContain(addresses[0]);
    expect(held.size).toBe(30 + 4 - new Set(conflicts.map(({ addresses }) => addresses[0])).size);
  });

  test('a DEL of each frees its own address and no other, in an outage too; CHECK knows what each has', async () => {
    await node.imports('host-local', node.hostLocal(allocated), '--yes');
    const left = new Map(all);
    expect((await node.check(containerOf(1), '10.44.0.60/16')).exitCode).toBe(0);
    expect((await node.check(containerOf(1), '10.44.0.61/16')).printed.code).toBe(105);
    for (const { address, containerId } of allocated.slice(0, 28)) {
      expect((await node.call('DEL', containerId)).exitCode).toBe(0);
      left.delete(address);
      expect(await heldIn(here, POOL)).toEqual(left);
    }
    expect(node.node.attachments().length).toBe(2);
    node.service.fate = () => 'unreachable';
    expect((await node.call('DEL', containerOf(29))).exitCode).toBe(0);
    node.service.fate = () => undefined;
    await node.lessor('reconcile', '--grace', '0');
    left.delete(allocated[28]?.address ?? '');
    expect(await heldIn(here, POOL)).toEqual(left);
  });
});

class Killed extends Error {}

describe('Two families', () => {
  const two: Allocated[] = [
    { address: '10.44.0.9', containerId: containerOf(1) },
    { address: 'fd00:44::30', containerId: containerOf(1) },
    { address: '10.44.0.10', containerId: containerOf(2) },
    { address: 'fd00:44::a', containerId: containerOf(2) },
    { address: '10.44.0.11', containerId: containerOf(3) },
  ];
  beforeEach(() => poolFor(here, { ranges: [...whole, [{ subnet: 'fd00:44::/64', rangeStart: 'fd00:44::' }]] }));

  test('of a container are one lease, or two where they lie in two slots; a DEL frees both', async () => {
    const { counts } = await node.imports('host-local', node.hostLocal(two), '--yes');
    expect(counts).toEqual({ imported: 3 });
    const held = await heldIn(here, POOL);
    expect(two.map(({ address }) => held.get(address))).toEqual(two.map(({ containerId }) => `n-1 ${containerId}`));
    expect(node.node.entry(containerOf(1))).toBeUndefined();
    expect(node.node.entries().map(({ acknowledged, more }) => [acknowledged?.addresses.length, more?.length])).toEqual(
      [
        [2, 1],
        [2, undefined],
        [1, undefined],
      ],
    );
    expect((await node.imports('host-local', node.hostLocal(two), '--yes')).counts).toEqual({ already: 3 });
    await node.call('DEL', containerOf(1));
    expect([...(await heldIn(here, POOL)).values()].filter((holder) => holder.endsWith(containerOf(1)))).toEqual([]);
  });

  test('of two containers that lie crosswise cannot both be leases: the second is a conflict, which a dry run foresees', async () => {
    const crosswise = [
      ...two.slice(0, 2),
      { address: '10.44.0.48', containerId: containerOf(4) },
      { address: 'fd00:44::4', containerId: containerOf(4) },
    ];
    const source = node.hostLocal(crosswise);
    for (const yes of [[], ['--yes']]) {
      const { rows, exitCode } = await node.imports('host-local', source, ...yes);
      const conflicts = rows.filter(({ outcome }) => outcome === 'conflict');
      expect([exitCode, conflicts]).toMatchObject([
        41,
        [{ why: expect.stringContaining('goes with one of container') }],
      ]);
    }
  });

  test('of which one is another’s are a conflict, and nothing of them stays', async () => {
    const first = importingNode(here, 'n-2');
    await first.imports(
      'host-local',
      first.hostLocal([{ address: 'fd00:44::30', containerId: containerOf(9) }]),
      '--yes',
    );
    const source = node.hostLocal(two.slice(0, 2));
    // The other one came after the service was asked.
    const outlook = (async (deps, call, body: Parameters<typeof readiness>[2]) => {
      const answer = await readiness(deps, call, body);
      for (const address of answer.imports?.addresses ?? []) Reflect.deleteProperty(address, 'holder');
      return answer;
    }) as UseCase;
    Object.assign(node.service, {
      fetch: serviceFor(here.environment(), 'n-1', new Map([[routes.readiness, outlook]])).fetch,
    });
    const { rows, exitCode } = await node.imports('host-local', source, '--yes');
    expect([exitCode, rows]).toMatchObject([
      41,
      [{ outcome: 'conflict', why: expect.stringContaining('of node n-2 holds slot') }],
    ]);
    expect([node.node.entries(), node.node.outbox().releases, node.node.slots()]).toEqual([[], [], []]);
    expect([...(await heldIn(here, POOL)).values()]).toEqual([`n-2 ${containerOf(9)}`, `n-2 ${containerOf(9)}`]);
    first.remove();
  });
});

test('Files of host-local’s before 0.8, without an interface, are read', async () => {
  await poolFor(here, {});
  const source = node.hostLocal([], { '10.44.0.9': containerOf(1), '10.44.0.10': `${containerOf(2)}\n` });
  const { rows } = await node.imports('host-local', source, '--ifname', 'eth7', '--yes');
  expect(rows).toMatchObject([{ ifname: 'eth7' }, { ifname: 'eth7' }]);
  await node.call('DEL', containerOf(1), 'eth7');
  expect([...(await heldIn(here, POOL)).keys()]).toEqual(['10.44.0.10']);
});

describe('Nothing begins', () => {
  const imports = async (...more: string[]) => {
    const source = node.hostLocal(allocated);
    const ran = await node.lessor(
      'import',
      'host-local',
      source,
      '--network',
      'pods',
      '--pool',
      POOL,
      '--yes',
      ...more,
    );
    expect(node.node.entries()).toEqual([]);
    return [ran.exitCode, ran.err];
  };

  test('where there is no such pool, or it is drained', async () => {
    expect(await imports()).toEqual([23, expect.stringContaining('has no pool moved')]);
  });

  test('where the service is of before there were imports', async () => {
    await poolFor(here, {});
    const older = (async () => ({ ready: true })) as UseCase;
    Object.assign(node.service, {
      fetch: serviceFor(here.environment(), 'n-1', new Map([[routes.readiness, older]])).fetch,
    });
    expect(await imports()).toEqual([45, expect.stringContaining('upgrade the deployment')]);
  });

  test('where the service is not reached', async () => {
    await poolFor(here, {});
    node.service.fate = () => 'unreachable';
    expect((await imports())[0]).toBe(30);
  });

  test('on a node that is leaving', async () => {
    await poolFor(here, {});
    await node.call('ADD', 'a');
    await node.call('DEL', 'a');
    node.service.fate = ({ path }) => (path === routes.goodbye.path ? 'unreachable' : undefined);
    await node.lessor('leave');
    expect((await imports())[0]).toBe(46);
  });

  test.each([
    [['cilium', '.'], 'the kinds are host-local'],
    [['host-local', '/nowhere'], 'has no file of host-local'],
    [['calico', '/nowhere'], '/nowhere is not there'],
  ])('of %s', async (operands, said) => {
    const ran = await node.lessor('import', ...operands, '--network', 'pods', '--pool', POOL);
    expect([ran.exitCode, ran.err]).toEqual([21, expect.stringContaining(said)]);
  });
});
