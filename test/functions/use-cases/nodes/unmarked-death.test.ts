/** A declaration that was interrupted between its record and its mark: who declared was not answered, and nothing is freed by it. */
import { describe, expect, it } from 'vitest';
import { declareDeath, listDeaths } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { auditTrail } from '../../../../functions/use-cases/questions/audit-trail.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { intercepted } from '../../intercepted.ts';
import { add, addOf, callOf, operatorsPool, refusalOf, START, world } from '../../world.ts';

const DAY_MS = 86_400_000;
const pool = { vrf: 'default', name: 'blue' };
const request = { node: 'i-1', reason: 'it burned', alsoIfAlive: true };

/** Node i-1 runs in its second boot, with a lease, and its death is recorded and not marked. */
async function interrupted() {
  const here = world();
  await operatorsPool(here, { addresses: 16, blockSize: 4 });
  const lease = (container: number, boot: number) =>
    add(here.environment(), 'i-1', addOf(container, { pool, boot: `boot-${boot}` }));
  await lease(1, 1);
  const { slot, incarnation } = await lease(2, 2);
  const store = intercepted(here.store, (name, _, proceed) =>
    name === 'markDead' ? Promise.reject(new Error('the function was stopped here')) : proceed(),
  );
  await expect(declareDeath(here.environment({ store }), callOf('user/ann'), request)).rejects.toThrow('stopped');
  const key = { pool: slot.pool, block: BigInt(`0x${slot.block}`), slot: slot.slot };
  const isHeld = async () => (await here.store.leases.readSlot(key))?.held;
  const deaths = async () => (await listDeaths(here.environment(), { limit: 9 })).deaths;
  const sweeps = async () => (await reclaim(here.environment())).nodes;
  return { here, lease, incarnation, isHeld, deaths, sweeps };
}

describe('a declaration that was interrupted before its mark', () => {
  it('does not count because a late request of an earlier boot began another life: what lives goes on to have its address', async () => {
    const { lease, isHeld, deaths, sweeps } = await interrupted();
    await lease(1, 1);
    expect(await sweeps()).toEqual([]);
    await lease(3, 2);
    expect([await sweeps(), await isHeld()]).toEqual([[], true]);
    expect(await deaths()).toEqual([]);
  });

  it('does not count because an earlier version went by it: what lives is not looked for again, and the death is shown', async () => {
    const { here, lease, isHeld, deaths, sweeps } = await interrupted();
    await lease(1, 1);
    await here.store.nodes.recordSweep({ node: 'i-1', declaredAt: START }, { freed: 1, sweptAt: START + 1000 });
    here.clock.now += DAY_MS;
    expect([await sweeps(), await isHeld()]).toEqual([[], true]);
    expect(await deaths()).toMatchObject([{ node: 'i-1', freed: 1 }]);
  });

  it('is withdrawn once its mark can never come, is in the audit as begun, and costs no reads from then on', async () => {
    const { here, lease, deaths, sweeps } = await interrupted();
    expect([await sweeps(), (await deaths()).length]).toEqual([[], 1]);
    await lease(1, 1);
    await sweeps();
    expect(await deaths()).toEqual([]);
    const span = { from: new Date(START).toISOString(), to: new Date(START + DAY_MS).toISOString(), limit: 9 };
    const { entries } = await auditTrail(here.environment(), callOf('user/ann'), span);
    expect(entries).toMatchObject([{ action: 'node.declared-dead', outcome: 'begun' }]);
    const asked: string[] = [];
    const store = intercepted(here.store, (name, _, proceed) => {
      asked.push(name);
      return proceed();
    });
    await reclaim(here.environment({ store }));
    expect(asked).not.toContain('readNode');
  });

  it('counts by a repeat, which is another declaration, and then it is the only one', async () => {
    const { here, incarnation, isHeld, deaths, sweeps } = await interrupted();
    here.clock.now += 1000;
    const again = await declareDeath(here.environment(), callOf('user/bob'), request);
    expect(again).toMatchObject({ incarnation, declaredBy: 'user/bob' });
    expect(await sweeps()).toMatchObject([{ node: 'i-1', incarnation, freed: 2 }]);
    expect([await isHeld(), await deaths()]).toMatchObject([false, [{ declaredBy: 'user/bob' }]]);
  });
});

describe('a declaration', () => {
  it('of a node whose next life begins meanwhile is refused, and ends nothing', async () => {
    const { here, lease, isHeld, sweeps } = await interrupted();
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'markDead') await lease(3, 3);
      return proceed();
    });
    here.clock.now += 1000;
    const refusal = await refusalOf(declareDeath(here.environment({ store }), callOf('user/ann'), request));
    expect(refusal).toMatchObject({ code: 'node.alive' });
    expect(refusal.message).toContain('began another life');
    expect([await sweeps(), await isHeld()]).toEqual([[], true]);
  });

  it('whose mark was written though its first answer was lost is told as done', async () => {
    const { here, incarnation } = await interrupted();
    const store = intercepted(here.store, async (name, _, proceed) => {
      if (name === 'markDead') await proceed();
      return proceed();
    });
    here.clock.now += 1000;
    expect(await declareDeath(here.environment({ store }), callOf('user/bob'), request)).toMatchObject({
      ...{ incarnation, declaredBy: 'user/bob' },
    });
  });

  it('of another life in the very millisecond of one that was interrupted has a record of its own', async () => {
    const { here, lease, deaths } = await interrupted();
    const { incarnation } = await lease(3, 3);
    await declareDeath(here.environment(), callOf('user/bob'), request);
    expect(await here.store.nodes.readNode('i-1')).toMatchObject({ alive: false, incarnation });
    expect((await deaths()).map((death) => death.incarnation)).toContain(incarnation);
  });

  it('that was told as done stays a death when the next life is declared over by a clock that is behind', async () => {
    const here = world();
    await operatorsPool(here, { addresses: 16, blockSize: 4 });
    const leaseAndDie = async (boot: number, by: string) => {
      await add(here.environment(), 'i-1', addOf(boot, { pool, boot: `boot-${boot}` }));
      await declareDeath(here.environment(), callOf(by), request);
    };
    await leaseAndDie(1, 'user/ann');
    here.clock.now -= 300;
    await leaseAndDie(2, 'user/bob');
    expect((await reclaim(here.environment())).nodes).toMatchObject([{ node: 'i-1', incarnation: 2, freed: 2 }]);
    const { deaths } = await listDeaths(here.environment(), { limit: 9 });
    expect(deaths.map(({ incarnation, declaredBy }) => [incarnation, declaredBy])).toEqual([
      [1, 'user/ann'],
      [2, 'user/bob'],
    ]);
  });
});
