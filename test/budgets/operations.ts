/** What single operations cost, each in a deployment of its own. */
import * as z from 'zod/mini';
import { batchRequest } from '../../core/contract/batch.ts';
import type { Store } from '../../core/store.ts';
import { batch } from '../../functions/use-cases/leases/batch.ts';
import { checkLease } from '../../functions/use-cases/leases/check-lease.ts';
import { ownLeases } from '../../functions/use-cases/leases/own-leases.ts';
import { reportLease } from '../../functions/use-cases/leases/report-lease.ts';
import { declareDeath } from '../../functions/use-cases/nodes/declare-death.ts';
import { heartbeat } from '../../functions/use-cases/nodes/heartbeat.ts';
import { readiness } from '../../functions/use-cases/questions/readiness.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import {
  add,
  addOf,
  attachmentOf,
  callOf,
  del,
  delOf,
  nonceOf,
  operatorsPool,
  proposal,
  world,
} from '../functions/world.ts';
import type { Costs, Meter } from './meter.ts';

/** Each operation with its cost, in the order of the table in docs/budgets.md. */
export async function* operations(store: Store, meter: Meter): AsyncGenerator<[string, Costs]> {
  const here = world(store);
  const shared = await operatorsPool(here, { addresses: 1024, blockSize: 64, name: 'operations' });
  const owned = await operatorsPool(here, { addresses: 1024, blockSize: 64, name: 'owned' });
  const state = await store.pools.readPool(owned.id);
  if (state) await store.pools.changePool({ ...state, definition: { ...owned, affinity: 'node' }, version: 2 });
  const pool = { vrf: 'default', name: 'operations' };
  const deps = here.environment();
  const of = async (name: string, work: () => Promise<unknown>): Promise<[string, Costs]> => {
    meter.read();
    await work();
    return [name, meter.read()];
  };
  const at = (n: number) => ({ pool, incarnation: 1, proposal: proposal(shared, 0, n) });
  await add(deps, 'i-1', addOf(1, { pool, proposal: proposal(shared, 0, 1) }));
  yield of('ADD, warm', () => add(deps, 'i-1', addOf(2, at(2))));
  yield of('ADD, an environment that has seen neither pool nor node', () =>
    add(here.environment(), 'i-1', addOf(3, at(3))),
  );
  yield of('ADD, repeated after a lost answer', () => add(deps, 'i-1', addOf(2, at(2))));
  yield of('ADD, the proposed slot is taken', () => add(deps, 'i-1', addOf(4, at(3))));
  const slot = proposal(shared, 0, 2);
  yield of('DEL, address known', () => del(deps, 'i-1', delOf(2, { slot, acknowledged: true })));
  yield of('DEL, repeated', () => del(deps, 'i-1', delOf(2, { slot, acknowledged: true })));
  yield of('DEL, address unknown, 16 blocks joined', () => del(deps, 'i-1', delOf(3)));
  const mine = { vrf: 'default', name: 'owned' };
  const start = (node: string, n: number) =>
    add(deps, node, addOf(n, { attachment: attachmentOf(`${n}-owned`), nonce: nonceOf(n), pool: mine }));
  const { slot: own } = await start('i-3', 5);
  yield of('first ADD of a node, with a block of its own: register, claim, allocate', () => start('i-2', 6));
  const offline = { attachment: attachmentOf('7-owned'), nonce: nonceOf(7), boot: 'boot-1' };
  const free = { ...own, slot: (own.slot + 1) % 64 };
  yield of('report of a lease that a node took by itself', () =>
    reportLease(deps, callOf('i-3'), { ...offline, slot: free, generation: 1 }),
  );
  const told = (from: number, what: (n: number) => object) =>
    batch(
      deps,
      callOf('i-3'),
      z.parse(batchRequest, { items: Array.from({ length: 25 }, (_, n) => what(from + n)) }),
      (error) => {
        throw error;
      },
    );
  const byItself = (n: number) => ({ attachment: attachmentOf(`${n}-owned`), nonce: nonceOf(n) });
  const slotOf = (n: number) => ({ ...own, slot: n });
  yield of('25 leases that a node took by itself, in one batch', () =>
    told(8, (n) => ({ report: { ...byItself(n), boot: 'boot-1', slot: slotOf(n), generation: 1 } })),
  );
  yield of('the releases of 25 of them, in one batch', () =>
    told(8, (n) => ({ release: { ...byItself(n), slot: slotOf(n), acknowledged: true } })),
  );
  yield of('CHECK of one slot', () =>
    checkLease(deps, callOf('i-1'), { attachment: attachmentOf(1), slots: [proposal(shared, 0, 1)] }),
  );
  yield of('STATUS of a pool that is named', () => readiness(deps, callOf('i-1'), { pool }));
  yield of('a node says that it is up', () =>
    heartbeat(deps, callOf('i-1'), { boot: 'boot-1', name: 'n', version: '1' }),
  );
  const single = await operatorsPool(here, { addresses: 64, blockSize: 64, name: 'single' });
  for (let n = 0; n < 63; n += 1)
    await add(deps, 'i-4', addOf(n, { pool: { vrf: 'default', name: 'single' }, proposal: proposal(single, 0, n) }));
  yield of('a node’s own leases, one block with 63 of them', () => ownLeases(deps, callOf('i-4'), undefined));
  await declareDeath(deps, callOf('user/ann'), { node: 'i-2', reason: 'its power supply burned', alsoIfAlive: true });
  yield of('reclaim of a dead node’s block', () => reclaim(deps));
}
