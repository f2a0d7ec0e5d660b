/** A node whose one block is used up while the API cannot be reached: pods come and go, of which the service never heard. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openOutage } from '../../../cni-shim/api/outage.ts';
import { refusal } from '../../../cni-shim/machine/refusal.ts';
import type { Plugin } from '../../../cni-shim/verbs/assemble.ts';
import { removeEntry } from '../../../cni-shim/verbs/del.ts';
import type { BatchItem } from '../../../core/contract/batch.ts';
import { routes } from '../../../core/contract/routes.ts';
import { allocate } from '../../../functions/use-cases/add/allocate.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { addOf, callOf, type World, world } from '../../functions/world.ts';
import { Node } from '../in-process.ts';
import { api, POOL, servedNode, TRIED_AGAIN_MS } from '../served-node.ts';
import { type Service, serviceFor } from '../service.ts';

const COOLDOWN_SECONDS = 5;
const SLOTS = 8;
/** The node counts a second more than the service. */
const COOLED_MS = 1000 * (COOLDOWN_SECONDS + 1);

let here: World;
let node: Node;
let service: Service;
const { around, call, add, remove, surroundings, records, client, flushed } = servedNode(() => ({
  here,
  node,
  service,
}));
const slots = async (block = 0n) => [...(await here.store.leases.readBlock({ pool: POOL, block })).values()];
const holders = async (block = 0n) =>
  (await slots(block)).flatMap(({ held, holding }) => (held ? [holding?.attachment.containerId] : [])).sort();

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 1, blockSize: SLOTS, cooldownSeconds: COOLDOWN_SECONDS, name: 'green' });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
  await add('first');
  service.fate = () => 'unreachable';
});
afterEach(() => node.remove());

/** A call that tried again every now and then, as there are many on a node: the next ones do without. */
const knowsOfTheOutage = () =>
  openOutage(records(), around().now).failed(refusal('service.unavailable', 'cut', 'none'));
/** Each other slot of the block has a pod. */
const fill = async () => {
  for (let pod = 1; pod < SLOTS; pod += 1) await add(`pod-${pod}`);
};

describe('while the API cannot be reached, a slot of which the service never heard', () => {
  // The first ADD waits for an answer, and so was asked.
  beforeEach(fill);

  test('goes to another pod once it has cooled, and afterwards the table has who lives', async () => {
    for (let round = 0; round < 3 * SLOTS; round += 1) {
      const [leaving, coming] = [`pod-${round + 2}`, `pod-${round + SLOTS}`];
      const before = node.entry(leaving)?.local?.addresses[0]?.address;
      knowsOfTheOutage();
      await remove(leaving);
      expect((await call('ADD', `early-${round}`)).printed).toMatchObject({ code: 11 });
      here.clock.now += COOLED_MS;
      expect(await add(coming)).toBe(before);
    }
    service.fate = () => undefined;
    expect(await flushed()).toMatchObject({ reported: SLOTS - 1, failures: [] });
    const living = node.entries().filter(({ local, acknowledged }) => (local ?? acknowledged) !== undefined);
    expect(await holders()).toEqual(living.map(({ attachment }) => attachment.containerId).sort());
  });

  test('is not given to a second pod where the service granted it to one meanwhile', async () => {
    knowsOfTheOutage();
    await remove('pod-2');
    service.fate = () => undefined;
    service.knowsBatches = false;
    // Who lives was told, and then it was over.
    await flushed(SLOTS - 2);
    const granted = await add('granted');
    service.fate = () => 'unreachable';
    here.clock.now += COOLED_MS;
    knowsOfTheOutage();
    const called = await call('ADD', 'one-too-many');
    expect(called.printed.ips?.[0].address).not.toBe(granted);
    expect(called.printed).toMatchObject({ code: 11 });
  });

  test('is not given to anybody before it has cooled where its pod ended without a DEL', async () => {
    const dead = node.entry('pod-2');
    knowsOfTheOutage();
    expect(dead && records().outbox.retireUnlessAdded(dead)).toBe(true);
    expect((await call('ADD', 'early')).printed).toMatchObject({ code: 11 });
  });

  test('is not told of by a DEL whose entry another process put aside meanwhile', async () => {
    here.clock.now += TRIED_AGAIN_MS;
    const late = node.entry('pod-2');
    if (late === undefined) throw new Error('pod-2 does not live');
    records().outbox.retire(late);
    service.sent.splice(0);
    service.fate = () => undefined;
    const plugin = {
      records: records(),
      outage: openOutage(records(), around().now),
      surroundings: surroundings(),
      observer: undefined,
      api: client(),
    };
    await removeEntry(plugin as unknown as Plugin, late);
    expect(service.sent).toEqual([]);
  });

  test('is not given to anybody where a request is under way under the nonce of its last pod', async () => {
    await remove('pod-1');
    here.clock.now += 60_000;
    expect((await call('ADD', 'one-too-many')).printed).toMatchObject({ code: 11 });
  });
});

test('a pod that came and went while nobody could be told is told of all the same: its address cools for everybody', async () => {
  await fill();
  await remove('pod-2');
  service.fate = () => undefined;
  expect(await flushed()).toMatchObject({ reported: SLOTS - 2, released: 1, failures: [] });
  const told = service.sent.flatMap(({ path, body }) => (path === routes.batch.path ? body.items : []));
  expect(told.filter(({ report }: BatchItem) => report !== undefined)).toHaveLength(SLOTS - 1);
  expect((await slots()).filter(({ held }) => !held)).toMatchObject([
    { reusableAt: here.clock.now + COOLDOWN_SECONDS * 1000 },
  ]);
});

test('a DEL after the outage tells of it too', async () => {
  await fill();
  service.fate = () => undefined;
  here.clock.now += TRIED_AGAIN_MS;
  await remove('pod-2');
  expect((await slots()).filter(({ held }) => !held)).toHaveLength(1);
});

test('a pod that lives unreported keeps its slot where a late request of an earlier boot began another life of the node', async () => {
  here = world();
  await ownedPool(here, { blocks: 4, blockSize: SLOTS, cooldownSeconds: COOLDOWN_SECONDS, name: 'green' });
  service = serviceFor(here.environment(), 'i-1');
  node.loseJournal();
  await add('online');
  service.fate = () => 'unreachable';
  const living = await add('offline');
  service.fate = ({ path }) => (path === routes.report.path ? 'unreachable' : undefined);
  const late = addOf(1, { pool: { vrf: 'default', name: 'green' }, boot: 'boot-0' });
  await allocate(here.environment(), callOf('i-1'), late);
  here.clock.now += TRIED_AGAIN_MS;
  // Who finds the block full is told that it is of an earlier life; who finds the next one full too may have it taken over.
  for (let pod = 0; pod < 2 * SLOTS + 2; pod += 1) expect(await add(`later-${pod}`)).not.toBe(living);
  service.fate = () => undefined;
  expect(await flushed()).toMatchObject({ reported: 1, failures: [] });
  expect((await Promise.all([0n, 1n, 2n, 3n].map(holders))).flat()).toContain('offline');
});
