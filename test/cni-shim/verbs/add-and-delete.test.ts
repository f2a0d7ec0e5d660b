import { describe, expect, test } from 'vitest';
import { LessorError, problemBody } from '../../../core/contract/problems.ts';
import type { FakeApi, Fate } from '../fake-api.ts';
import { withFreshNode } from '../fresh-node.ts';
import { configuration, type Node } from '../in-process.ts';

let api: FakeApi;
let node: Node;

withFreshNode((fresh) => {
  ({ api, node } = fresh);
});

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const answerOnce = (first: Fate) => {
  let asked = false;
  api.fate = () => {
    const fate = asked ? 'answer' : first;
    asked = true;
    return fate;
  };
};
const problem = (code: ConstructorParameters<typeof LessorError>[0], detail: string): Fate => {
  const body = problemBody(new LessorError(code, detail), 'request-7');
  return { status: body.status, body: JSON.stringify(body) };
};

describe('the first ADD on a node', () => {
  test('journals a nonce and proposes nothing, since it knows no block yet', async () => {
    const { exitCode, printed } = await node.add('c1');
    expect(exitCode).toBe(0);
    expect(printed).toEqual({
      cniVersion: '0.3.1',
      ips: [{ version: '4', address: '10.244.1.10/16', gateway: '10.244.0.1' }],
      routes: [{ dst: '0.0.0.0/0' }],
      dns: {},
    });
    const [request] = api.allocations();
    expect(request).toMatchObject({
      attachment: { network: 'my-bridge-network', containerId: 'c1', ifname: 'eth0' },
      attempt: 1,
      boot: 'boot-1',
      pool: { vrf: 'default', name: 'my-bridge-network' },
    });
    expect(request).not.toHaveProperty('proposal');
    expect(request).not.toHaveProperty('incarnation');
    expect(node.entry('c1')?.nonce).toBe(request?.nonce);
  });

  test('notes what it was told: blocks, incarnation and the slot that it was given', async () => {
    api.incarnation = 7;
    await node.add('c1');
    expect(node.poolCache).toMatchObject({ incarnation: 7, bootId: 'boot-1', cursor: { block: '0', slot: 0 } });
    expect(node.slots()).toEqual(['0000000000000001.0.0']);
    expect(node.entry('c1')?.acknowledged?.addresses).toEqual([{ address: '10.244.1.10/16', gateway: '10.244.0.1' }]);
  });

  test('tells the pod that the runtime names', async () => {
    const args =
      'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-0;K8S_POD_UID=u-1;K8S_POD_INFRA_CONTAINER_ID=c1';
    await node.add('c1', { env: { CNI_ARGS: args } });
    expect(api.allocations()[0]?.pod).toEqual({ namespace: 'shop', name: 'cart-0', uid: 'u-1' });
  });
});

describe('a warm ADD', () => {
  test('proposes the slot behind the last one, with the incarnation', async () => {
    await node.add('c1');
    await node.add('c2');
    expect(api.allocations()[1]).toMatchObject({
      attempt: 1,
      boot: 'boot-1',
      incarnation: 1,
      proposal: { pool: '0000000000000001', block: '0', slot: 1 },
    });
  });

  test('does not come back to a released slot while others have rested longer', async () => {
    await node.add('c1');
    await node.del('c1');
    await node.add('c2');
    expect(api.allocations()[1]?.proposal).toMatchObject({ slot: 1 });
  });

  test('takes the slot that the service chose where the proposed one is gone, and remembers that', async () => {
    await node.add('c1');
    api.occupy('my-bridge-network', 1);
    const { printed } = await node.add('c2');
    expect(printed.ips[0].address).toBe('10.244.1.12/16');
    expect(node.slots()).toEqual(['0000000000000001.0.0', '0000000000000001.0.2']);
    expect(node.entry('c2')?.acknowledged?.slot.slot).toBe(2);
    expect(Object.keys(node.poolCache?.taken['0'] ?? {})).toEqual(['1']);
  });

  test('never proposes a gateway', async () => {
    const stdin = configuration({ ranges: [[{ subnet: '10.9.0.0/24', gateway: '10.9.0.2' }]] });
    await node.add('c1', { stdin });
    await node.add('c2', { stdin });
    expect(api.allocations()[1]?.proposal).toMatchObject({ slot: 2 });
  });

  test('proposes nothing where every slot is in use here, and lets the service choose', async () => {
    const stdin = configuration({
      ranges: [[{ subnet: '10.9.0.0/24', rangeStart: '10.9.0.10', rangeEnd: '10.9.0.11' }]],
    });
    await node.add('c1', { stdin });
    await node.add('c2', { stdin });
    const { exitCode, printed } = await node.add('c3', { stdin });
    expect(exitCode).toBe(1);
    expect(printed).toMatchObject({ code: 101, details: expect.stringContaining('more ranges') });
    expect(api.allocations()[2]).not.toHaveProperty('proposal');
  });
});

describe('an ADD that is repeated', () => {
  test('asks again with the same nonce and slot, and is counted, so that the answer is the truth', async () => {
    await node.add('c1');
    const again = await node.add('c1');
    const [first, second] = api.allocations();
    expect(second).toMatchObject({ nonce: first?.nonce, attempt: 2, proposal: { block: '0', slot: 0 } });
    expect(again.printed.ips[0].address).toBe('10.244.1.10/16');
    expect(api.leases('my-bridge-network').size).toBe(1);
  });

  test('after a lost answer gets the address that is held already', async () => {
    await node.add('c0');
    answerOnce('lose');
    const { exitCode } = await node.add('c1');
    expect(exitCode).toBe(0);
    const [, first, second] = api.allocations();
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    expect(second?.nonce).toBe(first?.nonce);
    expect(api.leases('my-bridge-network').size).toBe(2);
  });

  test('by another process is counted on, over its end', async () => {
    api.fate = () => problem('service.busy', 'too many at once: repeat');
    await node.add('c1');
    const sent = api.allocations().length;
    api.fate = () => 'answer';
    await node.add('c1');
    // One may have been counted whose time was up before it was sent.
    expect(api.allocations().at(-1)?.attempt).toBeGreaterThan(sent);
  });

  test('8 times at once for one container is one lease with one nonce', async () => {
    await node.add('warm');
    const called = await Promise.all(Array.from({ length: 8 }, () => node.add('c1')));
    expect(new Set(called.map(({ printed }) => printed.ips[0].address)).size).toBe(1);
    const requests = api.allocations().slice(1);
    expect(new Set(requests.map(({ nonce }) => nonce)).size).toBe(1);
    expect(requests.filter(({ attempt }) => attempt === 1)).toHaveLength(1);
    expect(node.slots()).toHaveLength(2);
  });
});

describe('what an earlier boot or another configuration left', () => {
  test.each(['pool', 'blocks', 'former', 'taken', 'cursor'] as const)(
    'counts as nothing where a state without %s is left',
    async (part) => {
      await node.add('c1');
      const { [part]: _, ...rest } = node.poolCache ?? ({} as never);
      node.writePoolCache(JSON.stringify(rest));
      await node.add('c2');
      expect(api.allocations()[1]).not.toHaveProperty('proposal');
    },
  );

  test('is not proposed after a reboot: the node may have been declared dead meanwhile', async () => {
    await node.add('c1');
    node.bootId = 'boot-2';
    await node.add('c2');
    const request = api.allocations()[1];
    expect(request).not.toHaveProperty('proposal');
    expect(request).not.toHaveProperty('incarnation');
  });

  test('still names the nonce of a container that is added again after a reboot, but not its slot', async () => {
    await node.add('c1');
    node.bootId = 'boot-2';
    await node.add('c1');
    const [first, second] = api.allocations();
    expect(second).toMatchObject({ nonce: first?.nonce, attempt: 2 });
    expect(second).not.toHaveProperty('proposal');
    expect(node.entry('c1')?.bootId).toBe('boot-2');
  });

  test('is not used with other ranges', async () => {
    await node.add('c1');
    const stdin = configuration({ ranges: [[{ subnet: '10.9.0.0/24' }]] });
    const { printed } = await node.add('c2', { stdin });
    expect(api.allocations()[1]).not.toHaveProperty('proposal');
    expect(printed).toMatchObject({ code: 7, msg: 'lessor: The pool exists with other ranges' });
  });

  test.each([
    ['an empty state', ''],
    ['a torn state', '{"format":1,"bootId":"boot-1"'],
    ['a state of another layout', '{"format":99,"bootId":"boot-1"}'],
  ])('%s is as good as none', async (_, text) => {
    await node.add('c1');
    node.writePoolCache(text);
    expect((await node.add('c2')).exitCode).toBe(0);
    expect(api.allocations()[1]).not.toHaveProperty('proposal');
    expect(node.poolCache?.format).toBe(3);
  });
});

describe('DEL', () => {
  test('releases by nonce and slot and forgets', async () => {
    await node.add('c1');
    const { nonce } = node.entry('c1') ?? {};
    expect(await node.del('c1')).toEqual({ exitCode: 0, stdout: '', printed: undefined });
    expect(api.releases()).toEqual([
      {
        attachment: { network: 'my-bridge-network', containerId: 'c1', ifname: 'eth0' },
        nonce,
        slot: { pool: '0000000000000001', block: '0', slot: 0 },
        acknowledged: true,
      },
    ]);
    expect([node.slots(), node.attachments()]).toEqual([[], []]);
    expect(api.leases('my-bridge-network').size).toBe(0);
  });

  test('may be repeated, and needs neither a namespace nor an earlier ADD', async () => {
    await node.add('c1');
    await node.del('c1');
    const repeated = await node.del('c1', { env: { CNI_NETNS: undefined } });
    const unknown = await node.del('c2', { env: { CNI_NETNS: '' } });
    expect([repeated.exitCode, unknown.exitCode]).toEqual([0, 0]);
    // What an intact journal does not know costs nothing.
    expect(api.releases()).toHaveLength(1);
    node.loseJournal();
    expect((await node.del('c2', { env: { CNI_NETNS: '' } })).exitCode).toBe(0);
    expect(api.releases()[1]).toEqual({
      attachment: { network: 'my-bridge-network', containerId: 'c2', ifname: 'eth0' },
      acknowledged: false,
    });
  });

  test('releases by owner where the whole journal is lost', async () => {
    await node.add('c1');
    node.loseJournal();
    expect((await node.del('c1')).exitCode).toBe(0);
    expect(api.leases('my-bridge-network').size).toBe(0);
  });

  test('keeps everything for the repeat where the service refuses', async () => {
    await node.add('c1');
    const before = { entry: node.entry('c1'), slots: node.slots() };
    api.fate = () => ({ status: 403, body: '{"message":"Forbidden"}' });
    const { exitCode, printed } = await node.del('c1');
    expect(exitCode).toBe(1);
    expect(printed).toMatchObject({ cniVersion: '0.3.1' });
    expect({ entry: node.entry('c1'), slots: node.slots() }).toEqual({
      ...before,
      entry: { ...before.entry, ended: true },
    });
    api.fate = () => 'answer';
    expect((await node.del('c1')).exitCode).toBe(0);
    expect(api.leases('my-bridge-network').size).toBe(0);
  });

  test('succeeds while the API cannot be reached, and the address stays held until the service is told', async () => {
    await node.add('c1');
    const slots = node.slots();
    api.fate = () => ({ status: 503, body: '{"message":"Service Unavailable"}' });
    expect((await node.del('c1')).exitCode).toBe(0);
    expect((await node.del('c1')).exitCode).toBe(0);
    expect([node.attachments(), node.slots(), node.outbox().releases.length]).toEqual([[], slots, 1]);
    expect(api.leases('my-bridge-network').size).toBe(1);
    api.fate = () => 'answer';
    await node.add('c2');
    expect(node.slots()).toHaveLength(2);
    await node.del('c2');
    expect([node.outbox().releases, node.slots()]).toEqual([[], []]);
    expect(api.leases('my-bridge-network').size).toBe(0);
  });

  test('frees what an ADD may hold whose answers were all lost', async () => {
    api.fate = () => 'lose';
    const { exitCode, printed } = await node.add('c1');
    expect([exitCode, printed.code]).toEqual([1, 11]);
    expect(api.leases('my-bridge-network').size).toBe(1);
    api.fate = () => 'answer';
    await node.del('c1');
    expect(api.releases()[0]).toMatchObject({ nonce: api.allocations()[0]?.nonce, acknowledged: false });
    expect(api.leases('my-bridge-network').size).toBe(0);
    expect(node.attachments()).toEqual([]);
  });

  test('while an ADD is under way makes that ADD give its address back', async () => {
    const answer = later<Fate>();
    api.fate = ({ path }) => (path === '/v1/leases' ? answer.promise : 'answer');
    const adding = node.add('c1', { limits: { attempt: 20_000, total: 20_000 } });
    await api.arrived(1);
    await node.del('c1');
    answer.resolve('answer');
    const { printed } = await adding;
    expect(printed).toMatchObject({ code: 11, msg: expect.stringContaining('c1 was deleted') });
    expect(api.leases('my-bridge-network').size).toBe(0);
    expect(node.attachments()).toEqual([]);
  });

  test('while an ADD repeats itself ends that ADD', async () => {
    const answer = later<Fate>();
    api.fate = ({ path }) => (path === '/v1/leases' ? answer.promise : 'answer');
    const adding = node.add('c1', { limits: { attempt: 20_000, total: 20_000 } });
    await api.arrived(1);
    await node.del('c1');
    answer.resolve('lose');
    const { printed } = await adding;
    expect(printed).toMatchObject({ code: 11, msg: expect.stringContaining('c1 was deleted') });
    expect(api.allocations()).toHaveLength(1);
    expect(api.releases()[1]).toMatchObject({ nonce: api.allocations()[0]?.nonce, acknowledged: false });
    expect(api.leases('my-bridge-network').size).toBe(0);
    expect(node.attachments()).toEqual([]);
  });

  test('is not hindered by an unreadable entry, as a power cut leaves one', async () => {
    await node.add('c1');
    node.write("UPDATE lease SET entry = ''");
    expect((await node.del('c1')).exitCode).toBe(0);
    expect(node.attachments()).toEqual([]);
    expect(api.leases('my-bridge-network').size).toBe(0);
  });
});

describe('a journal that is lost while an ADD is under way', () => {
  test('has that ADD give its address back: nothing lives without an entry', async () => {
    const answer = later<Fate>();
    api.fate = ({ path }) => (path === '/v1/leases' ? answer.promise : 'answer');
    const adding = node.add('c1', { limits: { attempt: 20_000, total: 20_000 } });
    await api.arrived(1);
    node.loseJournal();
    answer.resolve('answer');
    expect((await adding).printed).toMatchObject({ code: 11 });
    expect([node.attachments(), node.slots(), api.leases('my-bridge-network').size]).toEqual([[], [], 0]);
    api.fate = () => 'answer';
    expect((await node.add('c1')).exitCode).toBe(0);
    expect(node.entry('c1')?.acknowledged).toBeDefined();
    expect(node.slots()).toEqual(['0000000000000001.0.0']);
  });
});
