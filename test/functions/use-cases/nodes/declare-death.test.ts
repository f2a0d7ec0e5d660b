/** An operator declares a node dead: which declarations are taken, and what a repeat comes to. */
import { describe, expect, it } from 'vitest';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { heartbeat } from '../../../../functions/use-cases/nodes/heartbeat.ts';
import { foreseeDeath } from '../../../../functions/use-cases/questions/foresee-death.ts';
import { counted, intercepted } from '../../intercepted.ts';
import { add, addOf, callOf, operatorsPool, proposal, refusalOf, START, world } from '../../world.ts';

const MINUTE_MS = 60_000;
const blue = { vrf: 'default', name: 'blue' };
const request = { node: 'i-1', reason: 'it burned' };

/** Node i-1 has a lease since START. */
async function leased() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 8, blockSize: 4 });
  // The same environment each time: a warm ADD leases without a write to the node.
  const warm = here.environment();
  const lease = (container: number, slot = container) =>
    add(warm, 'i-1', addOf(container, { pool: blue, incarnation: 1, proposal: proposal(pool, 0, slot) }));
  await lease(0);
  const declare = (over: { alsoIfAlive?: boolean } = {}) =>
    declareDeath(here.environment(), callOf('user/ann'), { ...request, ...over });
  const foresee = (over: { alsoIfAlive?: boolean } = {}) =>
    foreseeDeath(here.environment(), callOf('user/ann'), { ...request, ...over });
  const deaths = async () => (await here.store.nodes.listDeaths({ limit: 9 })).deaths.length;
  return { here, lease, declare, foresee, deaths };
}

describe('a declaration of a node that was heard of within the last 15 minutes', () => {
  it.each(['a heartbeat', 'a warm ADD', 'a join'])('by %s is refused, says when, and changes nothing', async (how) => {
    const { here, lease, declare, foresee, deaths } = await leased();
    here.clock.now += how === 'a join' ? 5 * MINUTE_MS : 60 * MINUTE_MS;
    const at = new Date(how === 'a join' ? START : here.clock.now).toISOString();
    if (how === 'a heartbeat') await heartbeat(here.environment(), callOf('i-1'), { boot: 'boot-1' });
    if (how === 'a warm ADD') await lease(1);
    const node = await here.store.nodes.readNode('i-1');
    here.clock.now += 9 * MINUTE_MS;
    expect(await foresee()).toMatchObject({ heardOfAt: at, refused: true });
    expect(await foresee({ alsoIfAlive: true })).toMatchObject({ heardOfAt: at, refused: false });
    const refusal = await refusalOf(declare());
    expect(refusal).toMatchObject({ code: 'node.alive', facts: { heardOfAt: at } });
    expect(refusal.message).toContain(`Node i-1 was heard of at ${at}`);
    expect(refusal.remedy).toContain('alsoIfAlive: true');
    expect([await here.store.nodes.readNode('i-1'), await deaths()]).toEqual([node, 0]);
  });

  it('is taken where the operator insists, and then looks at nothing', async () => {
    const { here } = await leased();
    const { store, requests } = counted(here.store);
    const insisting = { ...request, alsoIfAlive: true };
    expect(await declareDeath(here.environment({ store }), callOf('user/ann'), insisting)).toMatchObject({
      node: 'i-1',
      incarnation: 1,
    });
    expect(requests).toEqual(['readNode', 'recordDeath', 'markDead', 'noteListedDead']);
  });

  it('is taken when the node has been silent for longer, and the dry run says so', async () => {
    const { here, declare, foresee, deaths } = await leased();
    here.clock.now += 15 * MINUTE_MS;
    expect(await foresee()).toMatchObject({ heardOfAt: new Date(START).toISOString(), refused: false });
    expect(await declare()).toMatchObject({ node: 'i-1', declaredBy: 'user/ann' });
    expect(await deaths()).toBe(1);
  });
});

it('A declaration that is repeated answers the record that is there, whether or not it insists', async () => {
  const { here, declare, deaths } = await leased();
  const first = await declare({ alsoIfAlive: true });
  here.clock.now += MINUTE_MS;
  expect([await declare(), await declare({ alsoIfAlive: true })]).toEqual([first, first]);
  expect(await deaths()).toBe(1);
});

it('A declared life is shown as over in the list, and a failure to show it takes no declaration back', async () => {
  const { here, declare } = await leased();
  expect(await here.store.nodes.readListed('i-1')).toMatchObject({ alive: true, incarnation: 1, lifeAt: START });
  await declare({ alsoIfAlive: true });
  expect(await here.store.nodes.readListed('i-1')).toMatchObject({ alive: false, incarnation: 1 });
  const other = await leased();
  const store = intercepted(other.here.store, (name, _, proceed) =>
    name === 'noteListedDead' ? Promise.reject(new Error('throttled')) : proceed(),
  );
  const death = await declareDeath(other.here.environment({ store }), callOf('user/ann'), {
    ...request,
    alsoIfAlive: true,
  });
  expect(death.incarnation).toBe(1);
  expect(await other.here.store.nodes.readNode('i-1')).toMatchObject({ alive: false });
});
