/** Many ADDs of a node that begin at once, before it knows a slot to ask for. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openOutage } from '../../../cni-shim/api/outage.ts';
import { refusal } from '../../../cni-shim/machine/refusal.ts';
import { openRecords } from '../../../cni-shim/node/node-records.ts';
import { openTurn, TO_ASK, toSearch } from '../../../cni-shim/verbs/turn.ts';
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
const ANSWER_MS = 20;

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
      here.clock.now += ANSWER_MS;
      return service.fetch(url, init);
    }) as typeof fetch,
    now: () => here.clock.now,
    // How often somebody looks while another is answered is up to the machine: it is no time that passes.
    sleep: async () => {
      await arrive();
      await setImmediate();
    },
  };
}

const records = () => openRecords({ ...machineUnderNode(), ...node.here, now: () => here.clock.now }, node.dataDir);
const openHere = (turn = toSearch(NETWORK)) => openTurn(records(), turn, () => here.clock.now);

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

/** As many others have it as may. */
function takeAll(turn: { readonly row: string; readonly most: number }): void {
  for (let other = 0; other < turn.most; other += 1) expect(openHere(turn).take(`another ${other}`)).toBe(true);
}

test.each([
  ['search', toSearch(NETWORK)],
  ['ask', TO_ASK],
])('an ADD that waits for its turn to %s is ended by a DEL, and asks nobody', async (_, turn) => {
  await ownedPool(here, { blocks: 1, blockSize: 8, name: 'green' });
  const stdin = configuration({ ranges: undefined, pool: 'green', routes: undefined });
  takeAll(turn);
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

test('an ADD that waits for its turn to ask lives with its own slot as soon as an outage is known', async () => {
  await ownedPool(here, { blocks: 1, blockSize: 8, name: 'green' });
  const stdin = configuration({ ranges: undefined, pool: 'green', routes: undefined });
  const around = { fetch: service.fetch, now: () => here.clock.now };
  expect(await node.call('ADD', 'first', { stdin, surroundings: around })).toMatchObject({ exitCode: 0 });
  const asked = service.sent.length;
  takeAll(TO_ASK);
  const sleep = async (milliseconds: number) => {
    here.clock.now += milliseconds;
    openOutage(records(), around.now).failed(refusal('service.unavailable', 'cut', 'none'));
  };
  expect(await node.call('ADD', 'c', { stdin, surroundings: { ...around, sleep } })).toMatchObject({ exitCode: 0 });
  expect(node.outbox().reports).toHaveLength(1);
  expect(service.sent).toHaveLength(asked);
});

test('of many ADDs at once no more ask at a time than the service is to be asked by', async () => {
  const pool = await operatorsPool(here, { addresses: 64, blockSize: 64 });
  const stdin = configuration({ ranges: undefined, pool: pool.name, routes: undefined });
  const around = { fetch: service.fetch, now: () => here.clock.now };
  expect(await node.call('ADD', 'first', { stdin, surroundings: around })).toMatchObject({ exitCode: 0 });
  const ids = Array.from({ length: TO_ASK.most + 8 }, (_, index) => `c${index}`);
  let waiting = 0;
  let asking = 0;
  let most = 0;
  let open = () => {};
  const crowded = new Promise<void>((opened) => {
    open = opened;
  });
  const arrive = () => {
    if (asking + waiting >= ids.length) open();
  };
  const fetch: typeof globalThis.fetch = async (url, init) => {
    asking += 1;
    most = Math.max(most, asking);
    arrive();
    // Nobody is answered before each of the others asks as well, or waits.
    await crowded;
    const answer = await service.fetch(url, init);
    asking -= 1;
    return answer;
  };
  const sleep = async () => {
    waiting += 1;
    arrive();
    await crowded;
    await setImmediate();
    waiting -= 1;
  };
  const surroundings = { ...around, fetch, sleep };
  const answers = await Promise.all(ids.map((id) => node.call('ADD', id, { stdin, surroundings })));
  expect(new Set(answers.map(({ printed }) => printed.ips?.[0].address)).size).toBe(ids.length);
  expect(most).toBe(TO_ASK.most);
});

test('an ADD leaves its turns behind whatever comes of it', async () => {
  const stdin = configuration({ ranges: undefined, pool: 'unknown', routes: undefined });
  const around = { fetch: service.fetch, now: () => here.clock.now };
  expect(await node.call('ADD', 'c', { stdin, surroundings: around })).toMatchObject({ exitCode: 1 });
  expect(node.rows("SELECT key FROM meta WHERE key LIKE 'turn %' OR key = 'asking'")).toEqual([]);
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

test('the turn to ask is as many ADDs’ at a time as may ask', () => {
  takeAll(TO_ASK);
  const turn = openHere(TO_ASK);
  expect(turn.take('one more')).toBe(false);
  turn.end('another 0');
  expect([turn.take('one more'), turn.take('and one')]).toEqual([true, false]);
});
