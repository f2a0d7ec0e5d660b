/** A DEL that failed, whose request arrives after the container was added again: what the container then holds stays (I2). */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { ownedPool } from '../../functions/owned-pool.ts';
import { operatorsPool, type World, world } from '../../functions/world.ts';
import type { FakeApi } from '../fake-api.ts';
import { configuration, Node } from '../in-process.ts';
import { type Sent, type Service, serviceFor } from '../service.ts';

const api = {
  endpoint: 'http://lessor.test',
  identity: { accessKeyId: 'AKIDTESTTESTTESTTEST', secretAccessKey: 'secret', sessionToken: 'token' },
} as unknown as FakeApi;

let here: World;
let node: Node;
let service: Service;
beforeEach(() => {
  here = world();
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
});
afterEach(() => node.remove());

const makePool = {
  shared: () => operatorsPool(here, { addresses: 16, blockSize: 8 }),
  node: () => ownedPool(here, { blocks: 8, blockSize: 8 }),
} as const;

/** Container by nonce, as the table has it. */
async function held(pool: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let block = 0n; block < 8n; block += 1n)
    for (const { held, holding } of (await here.store.leases.readBlock({ pool, block })).values())
      if (held && holding) found.set(holding.nonce, holding.attachment.containerId);
  return found;
}

/** Each call is a process of its own. */
const callsIn = (pool: string) => (verb: string, container: string) =>
  node.call(verb, container, {
    stdin: configuration({ ranges: undefined, pool, routes: undefined }),
    surroundings: {
      fetch: service.fetch,
      now: () => here.clock.now,
      sleep: async (milliseconds) => {
        here.clock.now += milliseconds;
      },
    },
  });

test.each([
  ['failed', 'shared'],
  ['failed', 'node'],
  ['was killed', 'shared'],
  ['was killed', 'node'],
] as const)(
  'a DEL that %s, where the affinity is "%s", frees nothing of the same container later',
  async (end, affinity) => {
    const { id, name } = await makePool[affinity]();
    const call = callsIn(name);
    await call('ADD', 'a');
    const late: Sent[] = [];
    service.fate = (sent) => {
      if (sent.path !== routes.release.path) return undefined;
      late.push(sent);
      return 'unreachable';
    };
    const { fetch } = service;
    if (end === 'failed') await call('DEL', 'a');
    else {
      service.fetch = (...sent) => fetch(...sent).catch(() => new Promise(() => {}));
      void call('DEL', 'a');
      await vi.waitUntil(() => late.length > 0);
      service.fetch = fetch;
    }
    service.fate = () => undefined;
    here.clock.now += 60_000;
    expect(await call('ADD', 'a')).toMatchObject({ exitCode: 0 });
    const { nonce = '', acknowledged } = node.entry('a') ?? {};
    expect(acknowledged).toBeDefined();
    for (const { path, body } of late)
      await service.fetch(`${api.endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) });
    expect((await held(id)).get(nonce)).toBe('a');
    // And nothing of the first one is left, whether its request arrived or not.
    expect(await call('DEL', 'a')).toMatchObject({ exitCode: 0 });
    expect(await held(id)).toEqual(new Map());
    expect([node.attachments(), node.slots(), node.outbox().releases]).toEqual([[], [], []]);
  },
);

test.each(['shared', 'node'] as const)(
  'an ADD that is answered after a DEL was killed gives its address back, where the affinity is "%s": its nonce is never used again',
  async (affinity) => {
    const { id, name } = await makePool[affinity]();
    const call = callsIn(name);
    const { fetch } = service;
    let arrived = 0;
    let answer = () => {};
    const isAnswered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    service.fetch = async (...sent) => {
      const response = await fetch(...sent);
      arrived += 1;
      await isAnswered;
      return response;
    };
    const adding = call('ADD', 'a');
    await vi.waitUntil(() => arrived === 1);
    service.fetch = () => {
      arrived += 1;
      return new Promise(() => {});
    };
    void call('DEL', 'a');
    await vi.waitUntil(() => arrived === 2);
    answer();
    expect(await adding).toMatchObject({ exitCode: 1, printed: { code: 11 } });
    service.fetch = fetch;
    expect((await call('DEL', 'a')).exitCode).toBe(0);
    expect(await held(id)).toEqual(new Map());
  },
);
