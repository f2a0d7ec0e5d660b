/** Many ADDs of a node that begin at once, before it knows a slot to ask for. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { openTurn } from '../../../cni-shim/verbs/turn.ts';
import { routes } from '../../../core/contract/routes.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { create } from '../../functions/pool-requests.ts';
import { operatorsPool, type World, world } from '../../functions/world.ts';
import { machineUnderNode } from '../../support/machine-under-node.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, NETWORK, Node } from '../in-process.ts';
import { type Service, serviceFor } from '../service.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;
const AT_ONCE = 20;

let here: World;
let node: Node;
let service: Service;
beforeEach(() => {
  here = world();
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
});
afterEach(() => node.remove());

/** Whoever sleeps is woken once all have begun; the API answers no earlier. */
function surroundings() {
  let begun = 0;
  const waking: (() => void)[] = [];
  const arrive = () =>
    new Promise<void>((woken) => {
      waking.push(woken);
      begun += 1;
      if (begun >= AT_ONCE) for (const wake of waking.splice(0)) wake();
    });
  return {
    fetch: (async (url, init) => {
      await arrive();
      return service.fetch(url, init);
    }) as typeof fetch,
    now: () => here.clock.now,
    sleep: async (milliseconds: number) => {
      here.clock.now += milliseconds / AT_ONCE;
      await arrive();
      await setImmediate();
    },
  };
}

function openHere() {
  const records = openRecords({ ...machineUnderNode(), ...node.here, now: () => here.clock.now }, node.dataDir);
  return openTurn(records, NETWORK, () => here.clock.now);
}

async function storm(
  pool: string | undefined,
  namespaces: readonly string[] = [],
): Promise<{ addresses: Set<string>; withoutProposal: number; asked: number }> {
  const stdin = configuration({ ranges: undefined, pool, routes: undefined });
  const around = surroundings();
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) => {
      const namespace = namespaces[index % namespaces.length];
      const env =
        namespace === undefined ? {} : { CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=p` };
      return node.call('ADD', `c${index}`, { stdin, surroundings: around, env });
    }),
  );
  const asked = service.sent.filter(({ path }) => path === routes.allocate.path);
  return {
    addresses: new Set(answers.map(({ printed }) => printed.ips?.[0].address)),
    withoutProposal: asked.filter(({ body }) => body.proposal === undefined).length,
    asked: asked.length,
  };
}

describe('of many ADDs at once, on a node that knows no slot', () => {
  test('one searches in a pool whose blocks belong to nodes, and each other one asks for a slot of what it found', async () => {
    await ownedPool(here, { blocks: 4, blockSize: 32, name: 'green' });
    const { addresses, withoutProposal, asked } = await storm('green');
    expect([addresses.size, addresses.has(undefined as never), withoutProposal, asked]).toEqual([
      AT_ONCE,
      false,
      1,
      AT_ONCE,
    ]);
  });

  test('one of each namespace searches where the service chooses the pool by the namespace', async () => {
    await create(here.environment(), { default: true });
    const { addresses, withoutProposal } = await storm(undefined, ['shop', 'bank']);
    expect([addresses.size, withoutProposal]).toEqual([AT_ONCE, 2]);
  });

  test('one searches for each further block', async () => {
    await ownedPool(here, { blocks: 8, blockSize: 8, name: 'green' });
    const { addresses, withoutProposal } = await storm('green');
    expect([addresses.size, withoutProposal]).toEqual([AT_ONCE, 3]);
  });

  test('one searches in a shared pool', async () => {
    const pool = await operatorsPool(here, { addresses: 64, blockSize: 64 });
    const { addresses, withoutProposal } = await storm(pool.name);
    expect([addresses.size, withoutProposal]).toEqual([AT_ONCE, 1]);
  });
});

test('an ADD that waits for its turn is ended by a DEL, and asks nobody', async () => {
  await ownedPool(here, { blocks: 1, blockSize: 8, name: 'green' });
  const stdin = configuration({ ranges: undefined, pool: 'green', routes: undefined });
  expect(openHere().take('another')).toBe(true);
  const around = { fetch: service.fetch, now: () => here.clock.now };
  const sleep = async (milliseconds: number) => {
    here.clock.now += milliseconds;
    // Its parent was cut off, and the runtime cleans up.
    expect(await node.call('DEL', 'c', { stdin, surroundings: around })).toMatchObject({ exitCode: 0 });
  };
  const called = await node.call('ADD', 'c', { stdin, surroundings: { ...around, sleep } });
  expect(called.printed).toMatchObject({ code: 11 });
  expect(service.sent.filter(({ path }) => path === routes.allocate.path)).toEqual([]);
  expect([node.entries(), node.outbox().releases]).toEqual([[], []]);
});

test('an ADD leaves the turn behind whatever comes of it', async () => {
  const stdin = configuration({ ranges: undefined, pool: 'unknown', routes: undefined });
  const around = { fetch: service.fetch, now: () => here.clock.now };
  expect(await node.call('ADD', 'c', { stdin, surroundings: around })).toMatchObject({ exitCode: 1 });
  expect(node.rows("SELECT key FROM meta WHERE key LIKE 'turn %'")).toEqual([]);
});

describe('the turn to search', () => {
  test('is one ADD’s at a time, and the next one’s when it ended', () => {
    const turn = openHere();
    expect([turn.take('a'), turn.take('b')]).toEqual([true, false]);
    turn.end('b');
    expect(turn.take('b')).toBe(false);
    turn.end('a');
    expect(turn.take('b')).toBe(true);
  });

  test.each([
    ['is killed', 4_000],
    ['had another clock', -1],
  ])('is not lost with an ADD that %s', (_, milliseconds) => {
    expect(openHere().take('a')).toBe(true);
    here.clock.now += milliseconds;
    expect(openHere().take('b')).toBe(true);
  });
});
