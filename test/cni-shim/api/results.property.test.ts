/** The plugin's own reading of answers against the contract's schemas: the same is accepted, and the same is read. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import * as shapes from '../../../cni-shim/api/results.ts';
import { MISMATCH, type Shape } from '../../../cni-shim/api/shapes.ts';
import { batchResult } from '../../../core/contract/batch.ts';
import { giveBackResult } from '../../../core/contract/blocks.ts';
import { heartbeatResult } from '../../../core/contract/heartbeat.ts';
import { allocateResult, checkResult, releaseResult, reportResult } from '../../../core/contract/lease.ts';
import { goodbyeResult, ownLeasesResult } from '../../../core/contract/nodes.ts';
import { readinessResult } from '../../../core/contract/questions.ts';

const slot = { pool: 'a'.repeat(16), block: '1f', slot: 7 };
const nonce = '0123456789abcdef'.repeat(2);
const address = { address: '10.1.0.5/16', gateway: '10.1.0.1' };
const attachment = { network: 'net', containerId: 'c1', ifname: 'eth0' };
const pod = { namespace: 'shop', name: 'web-1', uid: 'u' };
const range = { subnet: '10.1.0.0/16', rangeStart: '10.1.0.1', rangeEnd: '10.1.0.9', gateway: '10.1.0.1' };
const pool = {
  exclude: ['10.1.0.7'],
  reservations: [{ name: 'db', addresses: ['10.1.0.8'], namespace: 'shop', pod: 'db-0' }],
  cooldownSeconds: 30,
  stickySeconds: 0,
  clusters: ['east'],
  namespaces: ['shop'],
  nodeLabels: { kind: 'gpu' },
  default: true,
  order: -3,
  maxBlocksPerNode: 64,
  leasing: 'online' as const,
  quota: 5,
  quotas: { shop: 9 },
  id: 'a'.repeat(16),
  vrf: 'default',
  name: 'blue',
  affinity: 'shared',
  gateway: 'pool',
  ranges: [[range]],
  blockSize: 64,
  createdAt: '2026-01-01T00:00:00Z',
};

type Pair = readonly [string, Shape<unknown>, z.core.$ZodType, unknown];
const pairs: readonly Pair[] = [
  [
    'allocate',
    shapes.allocateResult,
    allocateResult,
    {
      slot,
      chosenBy: 'named',
      more: [slot],
      addresses: [address],
      incarnation: 2,
      blocks: [{ block: '1f', generation: 1 }],
      former: [{ block: '2', generation: 3 }],
      pool,
      taken: [{ block: '0', slots: [1, 2] }],
    },
  ],
  ['release', shapes.releaseResult, releaseResult, { released: [slot], draining: true, held: [{ slot, nonce }] }],
  ['giveBack', shapes.giveBackResult, giveBackResult, { outcome: 'kept', generation: 4 }],
  ['report', shapes.reportResult, reportResult, { incarnation: 1 }],
  [
    'batch',
    shapes.batchResult,
    batchResult,
    {
      items: [
        { reported: { incarnation: 1 }, released: { released: [slot] } },
        { refused: { code: 'lease.lost', detail: 'x' }, released: { released: [] } },
        { problem: { code: 'lease.lost', detail: 'x: y', remedy: 'y' } },
      ],
      pools: [{ id: slot.pool, leasing: 'delegated', cooldownSeconds: 30, exclude: ['10.1.0.0/28'] }],
    },
  ],
  ['check', shapes.checkResult, checkResult, { held: [{ slot, nonce, addresses: [address] }] }],
  [
    'ownLeases',
    shapes.ownLeasesResult,
    ownLeasesResult,
    {
      incarnation: 2,
      boot: 'b',
      firstOfBoot: 1,
      leases: [{ slot, attachment, nonce, incarnation: 1, heldAt: '2026-01-01T00:00:00Z', pod }],
      nextCursor: 'x',
    },
  ],
  ['readiness', shapes.readinessResult, readinessResult, { ready: false, code: 'pool.exhausted', detail: 'x' }],
  [
    'readiness, before an import',
    shapes.readinessResult,
    readinessResult,
    {
      ready: true,
      imports: {
        node: 'i-1',
        pool,
        addresses: [
          {
            ...{ address: '10.1.0.5', slot, closed: true, holder: { node: 'i-1', attachment, nonce } },
            block: { block: '1f', state: 'claimed', node: 'i-1', boot: 'b', journal: 'a'.repeat(16) },
          },
        ],
      },
    },
  ],
  ['goodbye', shapes.goodbyeResult, goodbyeResult, { ended: true }],
  ['heartbeat', shapes.heartbeatResult, heartbeatResult, { incarnation: 1, declaredDead: true }],
];

/** Paths to every value within. */
function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))];
}

function changed(value: unknown, [key, ...rest]: readonly string[], change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  const copy = structuredClone(value) as Record<string, unknown>;
  const inner = changed(copy[key], rest, change);
  if (inner === undefined && !Array.isArray(copy)) delete copy[key];
  else copy[key] = inner;
  return copy;
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, '', 'x', ' ', '0', '00', 'a'.repeat(16), 'A'.repeat(16), '..', '10.1.0.5'),
  fc.constantFrom<unknown>(0, -1, 1, 1.5, 4095, 4096, 86_401, 2 ** 53, Number.MAX_VALUE, true, false, [], {}, [[]]),
  fc.string({ maxLength: 20 }),
  fc.string({ minLength: 250, maxLength: 330 }),
  fc.integer(),
  fc.array(fc.constantFrom<unknown>('x', 1, null), { maxLength: 300 }),
);

const agrees = (own: Shape<unknown>, theirs: z.core.$ZodType, value: unknown) => {
  const read = own(value);
  const parsed = z.safeParse(theirs, value);
  expect(read === MISMATCH ? 'refused' : read).toEqual(parsed.success ? parsed.data : 'refused');
};

const property = (own: Shape<unknown>, theirs: z.core.$ZodType, example: unknown) =>
  fc.property(fc.array(fc.tuple(fc.constantFrom(...pathsIn(example)), odd), { maxLength: 3 }), (changes) => {
    let value = example;
    for (const [path, by] of changes)
      if (pathsIn(value).some((one) => one.join() === path.join())) value = changed(value, path, () => by);
    agrees(own, theirs, value);
  });

describe.each(pairs)('an answer to %s', (_, own, theirs, example) => {
  test('is read as the contract has it', () => {
    agrees(own, theirs, example);
    fc.assert(property(own, theirs, example), { numRuns: 2000 });
  });

  test('may have fields that a later minor version knows', () => {
    const paths = pathsIn(example).filter((path) => {
      const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], example);
      const isRecord = ['nodeLabels', 'quotas'].includes(path.at(-1) ?? '');
      return typeof value === 'object' && !Array.isArray(value) && !isRecord;
    });
    for (const path of paths) {
      const later = changed(example, path, (old) => ({ ...(old as object), later: 1 }));
      expect(own(later)).toEqual(own(example));
    }
  });
});

test('the property finds out a shape that takes any text for an id, and one that knows no default', () => {
  const [, , theirs, example] = pairs[0] as Pair;
  const anyId: Shape<unknown> = (value) => {
    const read = shapes.allocateResult(value);
    const given = (value as { pool?: { id?: unknown } } | null)?.pool?.id;
    return read === MISMATCH && typeof given === 'string'
      ? shapes.allocateResult(changed(value, ['pool', 'id'], () => 'a'.repeat(16)))
      : read;
  };
  const noDefault: Shape<unknown> = (value) => {
    const hasOrder = Object.hasOwn((value as { pool?: object } | null)?.pool ?? {}, 'order');
    return hasOrder ? shapes.allocateResult(value) : MISMATCH;
  };
  for (const broken of [anyId, noDefault])
    expect(fc.check(property(broken, theirs, example), { seed: 1, numRuns: 20_000 }).failed).toBe(true);
});
