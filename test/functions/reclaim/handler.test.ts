/** The scheduled function: what its reclaim leaves to its recount. */
import { beforeAll, describe, expect, it } from 'vitest';
import { environment } from '../../../core/contract/environment.ts';
import { countChanges } from '../../../functions/use-cases/changes/count-changes.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { intercepted } from '../intercepted.ts';
import { slowStore, timeFrom } from '../slow-store.ts';
import { add, addOf, callOf, operatorsPool, proposal, world } from '../world.ts';

const named = { vrf: 'default', name: 'blue' };
/** As the function has it. */
const TIME_MS = 300_000;

let scheduled: typeof import('../../../functions/reclaim/handler.ts').scheduled;
beforeAll(async () => {
  Object.assign(process.env, { [environment.poolsTable]: 'Pools', [environment.leasesTable]: 'Leases' });
  ({ scheduled } = await import('../../../functions/reclaim/handler.ts'));
});

/** So many dead nodes, and a pool whose counter says one lease too many. */
async function deadAndDrifted(nodes: number) {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 4096, blockSize: 16 });
  const warm = here.environment();
  for (let n = 0; n < nodes; n += 1) {
    const node = `i-${n}`;
    await add(warm, node, addOf(n, { pool: named, proposal: proposal(pool, n >> 4, n & 15) }));
    await declareDeath(warm, callOf('user/ann'), { node, reason: 'a rack burned', alsoIfAlive: true });
  }
  const drifted = await operatorsPool(here, { addresses: 4, blockSize: 4, name: 'green' });
  await countChanges(warm, 's', [{ pool: drifted.id, after: 'shop', sequence: '1' }]);
  here.clock.now += 60 * 60 * 1000;
  const heldAsCounted = async () => (await here.store.counters.read({ pool: drifted.id }))?.held;
  return { here, heldAsCounted };
}

describe('the scheduled function', () => {
  it('recounts although more nodes died than it can reclaim in one run, and ends in time', async () => {
    const { here, heldAsCounted } = await deadAndDrifted(600);
    const { store } = slowStore(here, 2_000);
    const { remainingMs } = timeFrom(here, TIME_MS);
    const report = await scheduled(
      here.environment({ store }),
      { getRemainingTimeInMillis: remainingMs },
      async () => {},
    );
    expect(report.nodes.length).toBeGreaterThan(10);
    expect(report.waiting).toBeGreaterThan(0);
    expect(report.recounted).toBe(1);
    expect(await heldAsCounted()).toBe(0);
    expect(remainingMs()).toBeGreaterThan(0);
  });

  it('recounts although a node cannot be reclaimed, and then fails', async () => {
    const { here, heldAsCounted } = await deadAndDrifted(2);
    const store = intercepted(here.store, (name, [id], proceed) => {
      if (name === 'readNode' && id === 'i-0') throw new Error('DynamoDB throttles');
      return proceed();
    });
    const { remainingMs } = timeFrom(here, TIME_MS);
    const context = { getRemainingTimeInMillis: remainingMs };
    await expect(scheduled(here.environment({ store }), context, async () => {})).rejects.toThrow('throttles');
    expect(await heldAsCounted()).toBe(0);
  });
});
