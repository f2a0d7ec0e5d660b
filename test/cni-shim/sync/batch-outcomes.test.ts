/** Batches of which an answer says less than was asked, or something else than a plugin would like. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BatchRequest } from '../../../core/contract/batch.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { routes } from '../../../core/contract/routes.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { type World, world } from '../../functions/world.ts';
import { Node } from '../in-process.ts';
import { api, POOL, servedNode } from '../served-node.ts';
import { type Route, type Service, serviceFor, type UseCase } from '../service.ts';

let here: World;
let node: Node;
let service: Service;
let instead: Map<Route, UseCase>;

const { add, remove, records, flushed } = servedNode(() => ({ here, node, service }));
const paths = () => service.sent.map(({ path }) => path);
const codes = ({ failures }: Awaited<ReturnType<typeof flushed>>) => failures.map(({ error }) => error.code);

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 4, blockSize: 8, cooldownSeconds: 30, leasing: 'delegated' });
  node = new Node(api);
  instead = new Map();
  service = serviceFor(here.environment(), 'i-1', instead);
  await add('first');
  service.sent.length = 0;
});
afterEach(() => node.remove());

describe('a lease is still to be told', () => {
  test('where the answer has no outcome of it', async () => {
    for (const name of ['a', 'b', 'c']) await add(name);
    instead.set(routes.batch, async () => ({ items: [{ reported: { incarnation: 1 } }, {}], pools: [] }));
    const told = await flushed();
    expect([told.reported, codes(told)]).toEqual([1, ['service.fault', 'service.fault']]);
    expect(records().outbox.behind().count).toBe(2);
  });

  test('where it is over, and the answer says only that it was reported', async () => {
    await add('a');
    await remove('a');
    instead.set(routes.batch, async () => ({ items: [{ reported: { incarnation: 1 } }], pools: [] }));
    const told = await flushed();
    expect([told.released, codes(told)]).toEqual([0, ['service.fault']]);
    expect(records().outbox.behind().count).toBe(1);
  });
});

test('a lease that the service cannot read keeps no other of its batch back', async () => {
  const isOdd = (text: unknown) => JSON.stringify(text).includes('"containerId":"b"');
  const strict: UseCase = async (_, __, body: BatchRequest) => {
    if (isOdd(body)) throw new LessorError('request.invalid', 'body.items.1: is odd');
    throw new Error('the others are told singly');
  };
  instead.set(routes.batch, strict);
  for (const name of ['a', 'b', 'c']) await add(name);
  instead.set(routes.report, async (_, __, body: object) => {
    if (isOdd(body)) throw new LessorError('request.invalid', 'body: is odd');
    return { incarnation: 1 };
  });
  const told = await flushed();
  expect([told.reported, codes(told)]).toEqual([2, ['request.invalid']]);
  expect(paths()).toEqual([routes.batch.path, ...Array(3).fill(routes.report.path)]);
});

describe('a report that is refused of a lease that is over', () => {
  /** Its slot is another node's by now. */
  async function lost(): Promise<void> {
    await add('a');
    const { slot } = node.entry('a')?.local ?? {};
    await remove('a');
    const holding = {
      attachment: { network: 'n', containerId: 'other', ifname: 'eth0' },
      nonce: 'f'.repeat(32),
      node: 'i-2',
      incarnation: 1,
      heldAt: 0,
    };
    const key = { pool: POOL, block: BigInt(`0x${slot?.block}`), slot: slot?.slot ?? 0 };
    await here.store.leases.hold(key, holding, 1);
    expect(await flushed()).toMatchObject({ released: 1, failures: [] });
    service.sent.length = 0;
  }

  test('lets the next ADD ask: the block may be no longer the node’s', async () => {
    await lost();
    await add('b');
    expect(paths()).toEqual([routes.allocate.path]);
  });

  test('does so where it was told singly', async () => {
    service.knowsBatches = false;
    await lost();
    await add('b');
    expect(paths()).toEqual([routes.allocate.path]);
  });
});
