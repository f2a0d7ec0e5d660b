/** Delegated leasing beside all else: an older service, a GC, an outage, a reboot, and a lease that is lost for good. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { type World, world } from '../../functions/world.ts';
import { configuration, Node } from '../in-process.ts';
import { api, POOL, servedNode, TRIED_AGAIN_MS } from '../served-node.ts';
import { type Service, serviceFor } from '../service.ts';

let here: World;
let node: Node;
let service: Service;

const { add, remove, held, around, records, flushed } = servedNode(() => ({ here, node, service }));
const paths = () => service.sent.map(({ path }) => path);
const sentTo = (path: string) => service.sent.filter((one) => one.path === path);

beforeEach(async () => {
  here = world();
  await ownedPool(here, { blocks: 4, blockSize: 8, cooldownSeconds: 30, leasing: 'delegated' });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
  await add('first');
  service.sent.length = 0;
});
afterEach(() => node.remove());

describe('where the service is of before again', () => {
  test('an ADD that asks is answered, whatever it says beside, and the next one asks too', async () => {
    service.knowsBatches = false;
    for (const number of Array(7).keys()) await add(`c${number}`);
    expect(service.sent).toEqual([]);
    expect(await flushed()).toMatchObject({ reported: 7, failures: [] });
    await add('more');
    const [asked] = sentTo(routes.allocate.path);
    expect(asked?.body.addresses).toBeUndefined();
    expect(node.entry('more')?.acknowledged).toBeDefined();
    service.sent.length = 0;
    await add('next');
    expect(paths()[0]).toBe(routes.allocate.path);
    expect(new Set(node.attachments()).size).toBe(10);
  });
});

test('a GC releases nothing that the runtime calls valid, though its release has waited for long', async () => {
  await add('kept');
  const kept = node.entry('kept');
  if (kept === undefined) throw new Error('no entry');
  await flushed();
  // As an agent that takes it for dead.
  records().outbox.retire({ ...kept, ...node.entry('kept') }, here.clock.now);
  await add('gone');
  here.clock.now += 31_000;
  const valid = ['first', 'kept'].map((containerId) => ({ containerId, ifname: 'eth0' }));
  const stdin = configuration(
    { ranges: undefined, pool: 'green', routes: undefined },
    { cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid },
  );
  const env = { CNI_CONTAINERID: undefined, CNI_IFNAME: undefined, CNI_NETNS: undefined };
  expect(await node.call('GC', '', { stdin, env, surroundings: around() })).toMatchObject({ exitCode: 0 });
  expect(await held()).toContain('kept');
  expect(node.attachments()).toEqual(['first@eth0']);
});

test('a call tells the service at most once in half a minute where it goes on refusing', async () => {
  await add('lost');
  const { slot } = node.entry('lost')?.local ?? {};
  const holding = {
    attachment: { network: 'n', containerId: 'other', ifname: 'eth0' },
    nonce: 'f'.repeat(32),
    node: 'i-2',
    incarnation: 1,
    heldAt: 0,
  };
  await here.store.leases.hold({ pool: POOL, block: BigInt(`0x${slot?.block}`), slot: slot?.slot ?? 0 }, holding, 1);
  here.clock.now += 31_000;
  for (const name of ['a', 'b', 'c', 'd']) {
    here.clock.now += 1_000;
    await add(name);
  }
  expect(sentTo(routes.batch.path)).toHaveLength(1);
  here.clock.now += 31_000;
  await add('e');
  expect(sentTo(routes.batch.path)).toHaveLength(2);
});

test('an outage that was seen is over once a batch was answered', async () => {
  service.fate = () => 'unreachable';
  here.clock.now += 10 * 60_000;
  await add('a');
  expect(records().meta('outage')).toBeDefined();
  service.fate = () => undefined;
  here.clock.now += TRIED_AGAIN_MS;
  // Another network's ADD may have heard that leasing is delegated; this one's has not, so it is a DEL that tells.
  await remove('first');
  here.clock.now += 31_000;
  await remove('a');
  expect(paths()).toContain(routes.batch.path);
  expect(records().meta('outage')).toBeUndefined();
});

test('a slot that cools is not lived with where the node’s clock was set back a little', async () => {
  await add('gone');
  const gone = node.entry('gone')?.local?.slot;
  await remove('gone');
  expect(await flushed()).toMatchObject({ released: 1, failures: [] });
  here.clock.now -= 5_000;
  for (const number of Array(6).keys()) await add(`c${number}`);
  await add('more');
  expect(node.entry('more')?.local).toBeUndefined();
  expect(node.entry('more')?.acknowledged?.slot).not.toEqual(gone);
});
