/** Leases of which the service is told by batches: how many requests, and what each outcome comes to. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BatchOutcome } from '../../../core/contract/batch.ts';
import { routes } from '../../../core/contract/routes.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { type World, world } from '../../functions/world.ts';
import { Node } from '../in-process.ts';
import { api, servedNode } from '../served-node.ts';
import { type Route, type Sent, type Service, serviceFor, type UseCase } from '../service.ts';

let here: World;
let node: Node;
let service: Service;
let instead: Map<Route, UseCase>;

const { add, remove, records, flushed } = servedNode(() => ({ here, node, service }));
const paths = () => service.sent.map(({ path }) => path);

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 4, blockSize: 64, cooldownSeconds: 30, leasing: 'delegated' });
  node = new Node(api);
  instead = new Map();
  service = serviceFor(here.environment(), 'i-1', instead);
  await add('first');
  service.sent.length = 0;
});
afterEach(() => node.remove());

const names = (count: number) => Array.from({ length: count }, (_, number) => `c${number}`);

async function lived(count: number): Promise<void> {
  for (const name of names(count)) await add(name);
}

describe('leases that a node took by itself', () => {
  test('are told 25 in a request', async () => {
    await lived(30);
    expect(await flushed()).toMatchObject({ reported: 30, failures: [] });
    expect(paths()).toEqual([routes.batch.path, routes.batch.path]);
    expect(service.sent.map(({ body }) => body.items.length)).toEqual([25, 5]);
  });

  test('are told by a batch also where it is one, since its answer says what holds in the pool', async () => {
    await lived(1);
    await flushed();
    expect(paths()).toEqual([routes.batch.path]);
  });

  test('are told singly to a service of before, which is asked by a batch again after ten minutes', async () => {
    service.knowsBatches = false;
    await lived(2);
    expect(await flushed()).toMatchObject({ reported: 2, failures: [] });
    expect(paths()).toEqual([routes.batch.path, routes.report.path, routes.report.path]);
    service.knowsBatches = true;
    service.sent.length = 0;
    for (const name of names(2)) await remove(name);
    await flushed();
    expect(paths()).toEqual([routes.release.path, routes.release.path]);
    service.sent.length = 0;
    here.clock.now += 10 * 60_000;
    for (const name of ['late', 'later', 'last']) await add(name);
    service.sent.length = 0;
    await flushed();
    expect(paths()).toEqual([routes.batch.path]);
  });

  test('are told again where the answer was lost, and are one lease each', async () => {
    await lived(3);
    await remove('c2');
    service.fate = ({ path }) => (path === routes.batch.path ? 'answer lost' : undefined);
    expect((await flushed()).failures).toMatchObject([{ error: { code: 'service.unavailable' } }]);
    service.fate = () => undefined;
    expect(await flushed()).toMatchObject({ reported: 2, released: 1, failures: [] });
    expect(records().outbox.behind().count).toBe(0);
  });

  test('stay in the outbox where the service did not get to them, or knows a problem that this plugin does not', async () => {
    await lived(3);
    const items: BatchOutcome[] = [
      { reported: { incarnation: 1 } },
      { problem: { code: 'service.busy', detail: 'ran out of time' } },
      { problem: { code: 'of.later', detail: 'something new' } },
    ];
    instead.set(routes.batch, async () => ({ items, pools: [] }));
    const { reported, failures } = await flushed();
    expect([reported, failures.map(({ error }) => error.code)]).toEqual([1, ['service.busy', 'service.fault']]);
    expect(records().outbox.behind().count).toBe(2);
  });

  test('that a DEL ended while they were reported are released with the next ones, and reported once', async () => {
    await lived(2);
    const answer = service.fetch;
    service.fetch = async (url, init) => {
      service.fetch = answer;
      const answered = await answer(url, init);
      await remove('c0');
      return answered;
    };
    expect(await flushed()).toMatchObject({ reported: 2, released: 0 });
    service.sent.length = 0;
    expect(await flushed()).toMatchObject({ released: 1, failures: [] });
    const [{ body }] = service.sent as [Sent];
    expect(body.items).toEqual([{ release: expect.anything() }]);
  });
});
