/** A node with blocks of its own while the API cannot be reached, with the service's own use cases behind it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openOutage } from '../../../cni-shim/api/outage.ts';
import { reconcile } from '../../../cni-shim/sync/reconcile.ts';
import { routes } from '../../../core/contract/routes.ts';
import { blockFromText } from '../../../core/protocol/slot-ref.ts';
import { fenceBlock } from '../../../functions/use-cases/blocks/fence-block.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { operatorsPool, type World, world } from '../../functions/world.ts';
import { endingAt } from '../../store/ending.ts';
import { configuration, NETWORK, Node } from '../in-process.ts';
import { api, POOL, servedNode, TRIED_AGAIN_MS } from '../served-node.ts';
import { type Service, serviceFor } from '../service.ts';

let here: World;
let node: Node;
let service: Service;
const away = () => 'unreachable' as const;
const reached = () => undefined;
const { around, stdin, call, add, remove, records, client, flushed } = servedNode(() => ({ here, node, service }));
/** Container by slot, as the table has it. */
async function held(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (let block = 0n; block < 64n; block += 1n) {
    for (const [slot, state] of await here.store.leases.readBlock({ pool: POOL, block }))
      if (state.held) found[`${block.toString(16)}.${slot}`] = state.holding?.attachment.containerId ?? '';
  }
  return found;
}

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 64, blockSize: 8, cooldownSeconds: 0, name: 'green' });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
  await add('first');
});
afterEach(() => node.remove());

describe('while the API cannot be reached, a node with a block of its own', () => {
  beforeEach(() => {
    service.fate = away;
  });

  test('goes on starting pods, each with an address of its own, and tells the service afterwards', async () => {
    const addresses = [];
    for (const container of ['a', 'b', 'c']) addresses.push(await add(container));
    expect(new Set(addresses).size).toBe(3);
    expect(Object.values(await held())).toEqual(['first']);
    expect(node.outbox().reports).toEqual(['a@eth0', 'b@eth0', 'c@eth0']);
    service.fate = reached;
    expect(await flushed()).toMatchObject({ reported: 3, released: 0, failures: [] });
    expect(Object.values(await held()).sort()).toEqual(['a', 'b', 'c', 'first']);
    expect(node.outbox()).toEqual({ reports: [], releases: [] });
  });

  test('waits for one answer only: the next calls do without, until it is time to try again', async () => {
    await add('a');
    const tries = service.sent.length;
    await add('b');
    await remove('b');
    expect(service.sent).toHaveLength(tries);
    here.clock.now += TRIED_AGAIN_MS;
    await add('c');
    expect(service.sent.length).toBeGreaterThan(tries);
  });

  test('answers a repeated ADD with the same address', async () => {
    expect(await add('a')).toBe(await add('a'));
    service.fate = reached;
    here.clock.now += TRIED_AGAIN_MS;
    const before = await add('a');
    expect(Object.values(await held()).sort()).toEqual(['a', 'first']);
    expect(await add('a')).toBe(before);
    expect(node.outbox().reports).toEqual([]);
  });

  test('goes on stopping pods, whose addresses nobody gets before the service has released them', async () => {
    await remove('first');
    await remove('first');
    expect(Object.values(await held())).toEqual(['first']);
    const others = [];
    for (let count = 0; count < 7; count += 1) others.push(await add(`c${count}`));
    expect(new Set(others).size).toBe(7);
    expect((await call('ADD', 'one-too-many')).printed).toMatchObject({ code: 11 });
    service.fate = reached;
    expect(await flushed()).toMatchObject({ reported: 7, released: 1, failures: [] });
    expect(Object.values(await held())).not.toContain('first');
    expect(node.outbox()).toEqual({ reports: [], releases: [] });
  });

  test('leaves nothing of a pod that came and went meanwhile', async () => {
    await add('a');
    await remove('a');
    service.fate = reached;
    expect(await flushed()).toMatchObject({ reported: 0, released: 1 });
    expect(Object.values(await held())).toEqual(['first']);
    expect(node.slots()).toHaveLength(1);
  });

  test('tells the service with the next DEL where no agent runs', async () => {
    await add('a');
    service.fate = reached;
    here.clock.now += TRIED_AGAIN_MS;
    await remove('first');
    expect(Object.values(await held())).toEqual(['a']);
    expect(node.outbox()).toEqual({ reports: [], releases: [] });
  });

  test.each(['ADD', 'DEL'])('fails with code 11 where its journal was lost, and so %s would guess', async (verb) => {
    node.loseJournal();
    expect((await call(verb, 'a')).printed).toMatchObject({ code: 11 });
  });

  test('fails with code 11 after a reboot, since it may have been declared dead meanwhile', async () => {
    node.bootId = 'boot-2';
    expect((await call('ADD', 'a')).printed).toMatchObject({ code: 11 });
  });

  test('fails with code 11 where an address is asked for', async () => {
    const asking = { stdin, surroundings: around(), env: { CNI_ARGS: 'IP=10.1.0.5' } };
    expect((await node.call('ADD', 'a', asking)).printed).toMatchObject({ code: 11 });
  });
});

test('a report whose slot still cools keeps no other waiting', async () => {
  service.fate = away;
  for (const container of ['a', 'b']) await add(container);
  const { local } = node.entry('a') ?? {};
  const key = { pool: POOL, block: blockFromText(local?.slot.block ?? '0'), slot: local?.slot.slot ?? 0 };
  const before = { attachment: { network: NETWORK, containerId: 'old', ifname: 'eth0' }, nonce: 'f'.repeat(32) };
  await here.store.leases.hold(key, { ...before, node: 'i-1', incarnation: 1, heldAt: here.clock.now }, 1);
  const by = { containerId: 'old', ifname: 'eth0', node: 'i-1', nonce: before.nonce };
  await here.store.leases.release(key, by, endingAt(here.clock.now + 30_000));
  service.fate = reached;
  const { reported, failures } = await flushed();
  expect([reported, failures.map(({ error }) => error.code)]).toEqual([1, ['address.cooling']]);
  here.clock.now += 30_001;
  expect(await flushed()).toMatchObject({ reported: 1, failures: [] });
});

test('a pod whose DEL has released nothing yet when its report arrives leaves no lease', async () => {
  service.fate = away;
  await add('a');
  const entry = node.entry('a');
  service.fate = ({ path }) => {
    if (path === routes.report.path && entry !== undefined) records().journal.forget(entry);
    return undefined;
  };
  expect(await flushed()).toMatchObject({ failures: [] });
  expect(Object.values(await held())).toEqual(['first']);
});

test('an ADD whose answer was lost lives with the slot that it proposed, and is the same lease when it is reported', async () => {
  service.fate = ({ path }) => (path === routes.allocate.path ? 'answer lost' : undefined);
  await add('a');
  const before = await held();
  expect(Object.values(before).sort()).toEqual(['a', 'first']);
  service.fate = reached;
  expect(await flushed()).toMatchObject({ reported: 1 });
  expect(await held()).toEqual(before);
});

test('a slot with which an unreported container lives is given back by the ADD to which the service grants it', async () => {
  service.fate = away;
  const living = await add('a');
  service.fate = reached;
  here.clock.now += TRIED_AGAIN_MS;
  // An ADD of an earlier try has the service look for any free slot of the block.
  const { proposal } = node.entry('a') ?? {};
  const named = `${proposal?.pool}.${proposal?.block}.${proposal?.slot}`;
  expect(node.slots()).toContain(named);
  const searching = { ...around(), fetch: proposingNothing(service.fetch) };
  const granted = await node.call('ADD', 'b', { stdin, surroundings: searching });
  expect(granted.printed.ips[0].address).not.toBe(living);
  expect(await flushed()).toMatchObject({ failures: [] });
  expect(node.outbox().reports).toEqual([]);
  expect(Object.entries(await held()).filter(([, container]) => container === 'a')).toHaveLength(1);
});

/** As if the plugin had not proposed: the service chooses, and the slot that it finds first may be one that is lived with. */
const proposingNothing =
  (send: typeof fetch): typeof fetch =>
  (url, init) => {
    if (!String(url).endsWith(routes.allocate.path)) return send(url, init);
    const { proposal: _, generation: __, ...rest } = JSON.parse(String(init?.body));
    return send(url, { ...init, body: JSON.stringify(rest) });
  };

test('a block that is given back is not lived in, whoever looks first', async () => {
  const state = records().cacheOf(POOL);
  const [block] = state?.blocks ?? [];
  if (block === undefined) throw new Error('no block');
  node.loseEntry('first');
  expect(records().returnedBlocks.giveBack(POOL, block)).toBe(true);
  service.fate = away;
  expect((await call('ADD', 'a')).printed).toMatchObject({ code: 11 });
});

test('a report is refused where the block was taken from the node on evidence, and the container is said to be lost', async () => {
  service.fate = away;
  await add('a');
  const { local } = node.entry('a') ?? {};
  const key = { pool: POOL, block: blockFromText(local?.slot.block ?? '0') };
  await fenceBlock(here.environment(), key, { generation: local?.generation ?? 0, forced: true });
  service = serviceFor(here.environment(), 'i-1');
  const { reported, failures } = await flushed();
  expect([reported, failures.map(({ error }) => error.code)]).toEqual([0, ['lease.lost']]);
  expect(await held()).toEqual({});
  expect(node.outbox().reports).toEqual(['a@eth0']);
});

test.each(['away', 'there'])(
  'a slot that is lived with is nobody else’s where the journal was lost, the API being %s',
  async (api) => {
    service.fate = away;
    const living = await add('a');
    node.loseJournal();
    if (api === 'there') {
      service.fate = reached;
      here.clock.now += TRIED_AGAIN_MS;
    }
    const given: unknown[] = [];
    for (let count = 0; count < 8; count += 1) given.push((await call('ADD', `c${count}`)).printed.ips?.[0].address);
    expect(given).not.toContain(living);
  },
);

test('an ADD whose container is deleted meanwhile gives its address back, and is no outage', async () => {
  service.fate = ({ path }) => {
    const entry = path === routes.allocate.path ? node.entry('a') : undefined;
    if (entry !== undefined) records().journal.forget(entry);
    return undefined;
  };
  expect((await call('ADD', 'a')).printed).toMatchObject({ code: 11, msg: expect.stringContaining('was deleted') });
  expect(Object.values(await held())).toEqual(['first']);
  expect(openOutage(records(), around().now).current()).toBeUndefined();
});

test('a node without blocks of its own says 11 to an ADD, and a DEL succeeds', async () => {
  here = world();
  const pool = await operatorsPool(here, { addresses: 16, blockSize: 8 });
  service = serviceFor(here.environment(), 'i-1');
  node.loseJournal();
  const shared = configuration({ ranges: undefined, pool: pool.name, routes: undefined });
  const ask = (verb: string, id: string) => node.call(verb, id, { stdin: shared, surroundings: around() });
  expect((await ask('ADD', 'first')).exitCode).toBe(0);
  service.fate = away;
  expect((await ask('ADD', 'a')).printed).toMatchObject({ code: 11 });
  expect((await ask('DEL', 'first')).exitCode).toBe(0);
  const heldThere = async () => {
    const blocks = await Promise.all([0n, 1n].map((block) => here.store.leases.readBlock({ pool: pool.id, block })));
    return blocks.flatMap((slots) => [...slots.values()]).filter((slot) => slot.held).length;
  };
  expect([node.outbox().releases.length, await heldThere()]).toEqual([1, 1]);
  service.fate = reached;
  here.clock.now += TRIED_AGAIN_MS;
  expect(await flushed()).toMatchObject({ released: 1, failures: [] });
  expect(await heldThere()).toBe(0);
});

test('entries that are lost take their journal’s name with them: a reconcile frees no container that lives', async () => {
  const before = await held();
  node.loseJournal();
  await add('after');
  const { released, failures } = await reconcile({ api: client(), bootId: node.bootId, candidates: [records()] });
  expect([released, failures]).toEqual([[], []]);
  expect(await held()).toMatchObject(before);
});
