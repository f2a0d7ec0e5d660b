/** Whatever an export says: who holds an address keeps it, each allocation has one outcome, and a second run changes nothing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { routes } from '../../core/contract/routes.ts';
import { reportLease } from '../../functions/use-cases/leases/report-lease.ts';
import { readiness } from '../../functions/use-cases/questions/readiness.ts';
import { type Route, serviceFor, type UseCase } from '../cni-shim/service.ts';
import { type Allocated, addressAfter, containerOf, ipamBlocks, ippool, listOf, podObject } from './exports.ts';
import { heldIn, importingNode, NETWORK, newWorld, POOL, poolFor } from './scene.ts';

const NODES = ['n-1', 'n-2'];

/** Few addresses and containers, so that they meet. */
const allocation: fc.Arbitrary<Allocated> = fc
  .record({ address: fc.integer({ min: 0, max: 31 }), container: fc.nat(12), node: fc.nat(1), pod: fc.nat(5) })
  .map(({ address, container, node, pod }) => ({
    address: addressAfter('10.44.0.0', address),
    containerId: containerOf(container),
    node: NODES[node] ?? '',
    pod: { namespace: 'shop', name: `web-${pod}` },
    ifname: 'eth0',
  }));
const plan = fc.record({
  kind: fc.constantFrom('whereabouts', 'calico'),
  affinity: fc.constantFrom('shared', 'node'),
  allocated: fc.array(allocation, { maxLength: 14 }),
  /** Pods of which the cluster knows. */
  listed: fc.array(allocation, { maxLength: 6 }),
  /** Containers that Lessor gave an address before. */
  added: fc.nat(4),
  /** In place of an allocation's entry. */
  garbage: fc.constantFrom(null, {}, { id: 7 }, { id: 'x y', podref: '' }, { handle_id: 'no-dot' }, 'text'),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

function exported({ kind, allocated, listed, garbage }: Plan): string {
  const pods = listed.map(podObject);
  if (kind === 'whereabouts') {
    const pool = ippool('10.44.0.0/27', allocated);
    return listOf(
      { ...pool, spec: { ...pool.spec, allocations: { ...pool.spec.allocations, '30': garbage, zz: garbage } } },
      ...pods,
    );
  }
  const blocks = ipamBlocks(
    allocated.length > 0 ? allocated : [{ address: '10.44.0.9', containerId: containerOf(1), node: 'n-1' }],
  );
  return listOf(
    ...blocks.map((one) => ({ ...one, spec: { ...one.spec, attributes: [...one.spec.attributes, garbage] } })),
    ...pods,
  );
}

/** What is wrong with an import of it; undefined: nothing. */
async function wrongWith(all: Plan, instead: ReadonlyMap<Route, UseCase> = new Map()): Promise<string | undefined> {
  const here = newWorld();
  await poolFor(here, {
    affinity: all.affinity,
    ranges: [[{ subnet: '10.44.0.0/27', rangeStart: '10.44.0.2' }]],
    blockSize: 16,
  });
  const nodes = NODES.map((id) => importingNode(here, id));
  try {
    for (let n = 0; n < all.added; n += 1) await nodes[n % 2]?.call('ADD', `c-${n}`);
    const before = await heldIn(here, POOL);
    for (const node of nodes)
      Object.assign(node.service, { fetch: serviceFor(here.environment(), node.id, instead).fetch });
    const text = exported(all);
    const imports = async () => {
      const outcomes: { outcome: string; from: string[] }[][] = [];
      for (const node of nodes) {
        const args = ['import', all.kind, '-', '--network', NETWORK, '--pool', POOL, '--json', '--yes'];
        const { out, err } = await node.lessorReading(text, ...args);
        if (out === '') throw new Error(err);
        outcomes.push(JSON.parse(out).allocations);
      }
      return outcomes;
    };
    const first = await imports();
    const held = await heldIn(here, POOL);
    for (const [address, holder] of before)
      if (held.get(address) !== holder) return `${address} was taken from ${holder}`;
    for (const rows of first) {
      const from = rows.flatMap((row) => row.from);
      if (new Set(from).size !== from.length) return 'an allocation has two outcomes';
    }
    const journals = JSON.stringify(nodes.map(({ node }) => node.entries()));
    const again = (await imports()).flat();
    if (again.some(({ outcome }) => outcome === 'imported')) return 'the second run imported';
    if (JSON.stringify(nodes.map(({ node }) => node.entries())) !== journals) return 'the second run changed a journal';
    if (JSON.stringify([...(await heldIn(here, POOL))]) !== JSON.stringify([...held]))
      return 'the second run changed a lease';
    return undefined;
  } finally {
    for (const { remove } of nodes) remove();
  }
}

test('An import of any export takes nothing from anybody, and is done once', { timeout: 60_000 }, async () => {
  const each = fc.asyncProperty(plan, async (all) => {
    expect(await wrongWith(all)).toBeUndefined();
  });
  await fc.assert(each, { numRuns: 25, seed: 45 });
});

test('A service that takes an address from its holder is found out', { timeout: 60_000 }, async () => {
  const unheld = (async (deps, call, body: Parameters<typeof readiness>[2]) => {
    const answer = await readiness(deps, call, body);
    for (const one of answer.imports?.addresses ?? []) Reflect.deleteProperty(one, 'holder');
    return answer;
  }) as UseCase;
  const taking = (async (deps, call, body: Parameters<typeof reportLease>[2]) => {
    const key = { pool: body.slot.pool, block: BigInt(`0x${body.slot.block}`), slot: body.slot.slot };
    const holding = (await deps.store.leases.readSlot(key))?.holding;
    if (holding) {
      const { attachment, node, nonce } = holding;
      await deps.store.leases.release(key, { ...attachment, node, nonce }, { endedAt: 0, reusableAt: 0 });
    }
    return reportLease(deps, call, body);
  }) as UseCase;
  const broken = new Map([
    [routes.readiness as Route, unheld],
    [routes.report as Route, taking],
  ]);
  // Each address of the pool, so that those of the ADDs are among them, whichever these are.
  const allocated = Array.from({ length: 29 }, (_, n) => ({
    ...{ address: addressAfter('10.44.0.2', n), containerId: containerOf(n + 1), node: 'n-2', ifname: 'eth0' },
    pod: { namespace: 'shop', name: `web-${n}` },
  }));
  const all: Plan = { kind: 'calico', affinity: 'shared', allocated, listed: [], added: 4, garbage: null };
  expect(await wrongWith(all, broken)).toContain('was taken from');
});
