/** ADDs whose slot the service passed over, with the service's own use cases behind the plugin: what is kept of them, and who gets what. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { knownNode } from '../../../cni-shim/node/identity.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { LessorError, problemBody } from '../../../core/contract/problems.ts';
import { routes } from '../../../core/contract/routes.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { type World, world } from '../../functions/world.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { type Service, serviceFor } from '../service.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
const POOL = 'a'.repeat(16);

let here: World;
let node: Node;
let service: Service;

const around = (fetching: typeof fetch = service.fetch) => ({
  fetch: fetching,
  now: () => here.clock.now,
  sleep: async (milliseconds: number) => {
    here.clock.now += milliseconds;
  },
});
const stdin = configuration({ ranges: undefined, pool: 'green', routes: undefined });
const call = (verb: string, container: string, fetching?: typeof fetch) =>
  node.call(verb, container, { stdin, surroundings: around(fetching) });
const records = () => openRecords({ ...machineUnderNode(), ...node.here, ...around() }, node.dataDir);
const slotOf = (container: string) => {
  const { acknowledged, proposal } = node.entry(container) ?? {};
  return acknowledged?.slot ?? proposal;
};
/** Slot by container, as the table has it. */
async function held(): Promise<Record<string, number>> {
  const blocks = await Promise.all([0n, 1n].map((block) => here.store.leases.readBlock({ pool: POOL, block })));
  return Object.fromEntries(
    blocks
      .flatMap((slots) => [...slots])
      .flatMap(([slot, { held: is, holding }]) => (is ? [[holding?.attachment.containerId ?? '', slot]] : [])),
  );
}
/** The next allocation is refused so, and reaches nobody. */
const refusing =
  (error: LessorError): typeof fetch =>
  async (url, init) => {
    if (new URL(String(url)).pathname !== routes.allocate.path) return service.fetch(url, init);
    const problem = problemBody(error);
    return Response.json(problem, { status: problem.status });
  };

async function begin(blocks: number): Promise<void> {
  here = world();
  await ownedPool(here, { blocks, blockSize: 8, cooldownSeconds: 30, name: 'green' });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
  expect((await call('ADD', 'first')).exitCode).toBe(0);
}
beforeEach(() => begin(1));
afterEach(() => node.remove());

describe('an ADD that the service refuses', () => {
  test.each([
    new LessorError('pool.quota', 'Namespace shop has its 5 addresses'),
    new LessorError('pool.exhausted', 'Pool green is exhausted'),
    new LessorError('pool.cooling', 'Only cooling addresses are left in pool green'),
    new LessorError('auth.denied', 'The caller may not do this'),
    new LessorError('service.fault', 'The service failed: its log has the cause under the request id'),
  ])('is never followed by the slot that was proposed: $code', async (error) => {
    const { exitCode } = await call('ADD', 'a', refusing(error));
    expect(exitCode).toBe(1);
    expect(node.entry('a')?.local).toBeUndefined();
    expect(node.outbox().reports).toEqual([]);
    expect(Object.keys(await held())).toEqual(['first']);
  });

  test('is kept as refused, with code and time, until an answer comes', async () => {
    await call('ADD', 'a', refusing(new LessorError('pool.quota', 'Namespace shop has its 5 addresses')));
    expect(node.entry('a')?.refused).toEqual({
      code: 'pool.quota',
      why: 'Namespace shop has its 5 addresses',
      at: here.clock.now,
    });
    expect((await call('ADD', 'a')).exitCode).toBe(0);
    expect(node.entry('a')).toMatchObject({ acknowledged: { addresses: [expect.anything()] } });
    expect(node.entry('a')?.refused).toBeUndefined();
  });
});

test('a slot that the service grants is taken from a sibling that only proposed it, and both get an address', async () => {
  let other: Awaited<ReturnType<typeof call>> | undefined;
  // Between the proposal of a and its request, b is granted the very slot by a search of the service.
  const overtaken: typeof fetch = async (url, init) => {
    const isAllocation = new URL(String(url)).pathname === routes.allocate.path;
    if (isAllocation && other === undefined) {
      const searching: typeof fetch = (to, { body, ...rest } = {}) => {
        const { proposal: _, generation: __, ...asked } = JSON.parse(String(body));
        return service.fetch(to, { ...rest, body: JSON.stringify(asked) });
      };
      other = await call('ADD', 'b', searching);
    }
    return service.fetch(url, init);
  };
  const a = await call('ADD', 'a', overtaken);
  expect([a.exitCode, other?.exitCode]).toEqual([0, 0]);
  const [ofA, ofB] = [slotOf('a')?.slot, slotOf('b')?.slot];
  expect(await held()).toMatchObject({ a: ofA, b: ofB });
  expect(ofA).not.toBe(ofB);
  expect(node.slots()).toHaveLength(3);
});

test('a slot that cools is passed over while the API is there, and is nobody’s', async () => {
  const before = await held();
  expect((await call('DEL', 'first')).exitCode).toBe(0);
  for (let count = 0; count < 6; count += 1) expect((await call('ADD', `c${count}`)).exitCode).toBe(0);
  // Six others and the one that cools leave none: the gateway has no slot.
  const last = await call('ADD', 'last');
  const given = Object.values(await held());
  expect(given).not.toContain(before.first);
  if (last.exitCode === 1) expect(node.entry('last')?.local).toBeUndefined();
  expect(node.outbox().reports).toEqual([]);
});

test('a slot of a full block is used again in an outage once it has cooled, and not before', async () => {
  for (let count = 0; count < 7; count += 1) expect((await call('ADD', `c${count}`)).exitCode).toBe(0);
  const address = (await call('ADD', 'first')).printed.ips[0].address;
  expect((await call('DEL', 'first')).exitCode).toBe(0);
  service.fate = () => 'unreachable';
  expect((await call('ADD', 'too-soon')).printed).toMatchObject({ code: 11 });
  here.clock.now += 31_001;
  const { exitCode, printed } = await call('ADD', 'again');
  expect([exitCode, printed.ips?.[0].address]).toEqual([0, address]);
});

test('an ADD that finds each slot in use or cooling when the API goes away lives with the first that has cooled', async () => {
  for (let count = 0; count < 7; count += 1) expect((await call('ADD', `c${count}`)).exitCode).toBe(0);
  const address = (await call('ADD', 'first')).printed.ips[0].address;
  expect((await call('DEL', 'first')).exitCode).toBe(0);
  service.fate = () => 'unreachable';
  here.clock.now += 21_000;
  const patient = { stdin, surroundings: around(), limits: { attempt: 300, total: 20_000 } };
  const { exitCode, printed } = await node.call('ADD', 'waits', patient);
  expect([exitCode, printed.ips?.[0].address]).toEqual([0, address]);
  // What was asked under the first nonce may still be carried out: it is released, and the slot is reported under the second.
  const { releases, reports } = node.outbox();
  expect([releases.length, reports.length]).toEqual([1, 1]);
  expect((await node.call('ADD', 'too-many', patient)).printed).toMatchObject({ code: 11 });
});

test('a DEL under another network’s name frees nothing, and the log says where the container is', async () => {
  const renamed = configuration({ ranges: undefined, pool: 'green', routes: undefined }, { name: 'renamed' });
  const logFile = `${node.directory}/calls.log`;
  node.writeConfig({ logFile });
  const sent = service.sent.length;
  expect((await node.call('DEL', 'first', { stdin: renamed, surroundings: around() })).exitCode).toBe(0);
  expect(service.sent).toHaveLength(sent);
  expect(Object.keys(await held())).toEqual(['first']);
  const last = JSON.parse(readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '');
  expect(last).toMatchObject({ verb: 'DEL', note: expect.stringContaining('my-bridge-network') });
});

test('a DEL of a node that finds no credentials succeeds, and is told later', async () => {
  const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, HOME: node.directory };
  const cut: typeof fetch = async () => {
    throw Object.assign(new Error('cut'), { code: 'ECONNREFUSED' });
  };
  const poor = { stdin, env, surroundings: around(cut) };
  expect((await node.call('ADD', 'a', poor)).printed).toMatchObject({ code: 103 });
  expect((await node.call('DEL', 'first', poor)).exitCode).toBe(0);
  expect([Object.keys(await held()), node.outbox().releases.length]).toEqual([['first'], 1]);
  here.clock.now += 10_001;
  expect((await call('ADD', 'b')).exitCode).toBe(0);
  expect((await call('DEL', 'b')).exitCode).toBe(0);
  expect([await held(), node.outbox().releases]).toEqual([{}, []]);
});

test('a DEL at which the service fails succeeds, and is told later: nobody refused it, and it is no outage', async () => {
  const failed = problemBody(new LessorError('service.fault', 'The service failed'));
  const failing: typeof fetch = async () => Response.json(failed, { status: failed.status });
  expect((await call('DEL', 'first', failing)).exitCode).toBe(0);
  expect([Object.keys(await held()), node.outbox().releases.length]).toEqual([['first'], 1]);
  // The next call asks the service, without waiting for anything.
  const sent = service.sent.length;
  expect((await call('ADD', 'b')).exitCode).toBe(0);
  expect(service.sent.length).toBe(sent + 1);
  expect((await call('DEL', 'b')).exitCode).toBe(0);
  expect([await held(), node.outbox().releases]).toEqual([{}, []]);
});

describe('a node that the service takes for another one', () => {
  test('gives back what it is granted, with an error that names both', async () => {
    node.remove();
    await begin(2);
    expect(knownNode(records())).toBe('i-1');
    service = serviceFor(here.environment(), 'i-2');
    const { exitCode, printed } = await call('ADD', 'a');
    expect([exitCode, `${printed.msg} ${printed.details}`]).toEqual([
      1,
      expect.stringMatching(/this journal is of node i-1, and the service takes the caller for i-2/),
    ]);
    expect(Object.keys(await held())).toEqual(['first']);
    service = serviceFor(here.environment(), 'i-1');
    expect((await call('ADD', 'b')).exitCode).toBe(0);
  });
});
