/** Pods that choose by annotation, with the service's own use cases behind the plugin. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ANNOTATIONS } from '../../../cni-shim/cni/annotations.ts';
import { routes } from '../../../core/contract/routes.ts';
import { allocate } from '../../../functions/use-cases/add/allocate.ts';
import { create } from '../../functions/pool-requests.ts';
import { type World, world } from '../../functions/world.ts';
import { configuration, Node } from '../in-process.ts';
import { api, servedNode } from '../served-node.ts';
import { type Service, serviceFor, type UseCase } from '../service.ts';

let here: World;
let node: Node;
let service: Service;
const { around } = servedNode(() => ({ here, node, service }));

beforeEach(async () => {
  here = world();
  const pool = (name: string, octet: number, more: object = {}) =>
    create(here.environment(), { name, ranges: [[{ subnet: `10.${octet}.0.0/24` }]], ...more });
  await pool('blue', 1, { identitySeconds: 3600 });
  await pool('green', 2, { namespaces: ['shop'], identitySeconds: 3600 });
  await pool('bank', 3, { namespaces: ['bank'] });
  await pool('plain', 4);
  await pool('owned', 5, { affinity: 'node', blockSize: 16, namespaces: ['shop'], leasing: 'delegated' });
  node = new Node(api);
  service = serviceFor(here.environment(), 'i-1');
});
afterEach(() => node.remove());

const stdinWith = (annotations: object, rest: { ipam?: object; args?: object; ips?: string[] } = {}) =>
  configuration(
    { ranges: undefined, pool: 'blue', routes: undefined, ...rest.ipam },
    {
      runtimeConfig: { [ANNOTATIONS]: annotations, ...(rest.ips === undefined ? {} : { ips: rest.ips }) },
      ...(rest.args === undefined ? {} : { args: rest.args }),
    },
  );
const call = (verb: string, container: string, stdin: string, { pod = 'web', namespace = 'shop', on = node } = {}) =>
  on.call(verb, container, {
    stdin,
    env: { CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${pod}` },
    surroundings: around(),
  });
async function addressOf(container: string, stdin: string, who: Parameters<typeof call>[3] = {}) {
  const called = await call('ADD', container, stdin, who);
  if (called.exitCode !== 0)
    throw new Error(`${called.printed.code}: ${called.printed.msg}: ${called.printed.details}`);
  return called.printed.ips[0].address as string;
}
const pools = (text: string) => stdinWith({ 'lessor.dev/pools': text });

describe('a pod that names pools', () => {
  test('gets an address of the first that is for its namespace', async () => {
    expect(await addressOf('c1', pools('bank,green,blue'))).toMatch(/^10\.2\./);
  });

  test('may have what the configuration gives it anyway', async () => {
    expect(await addressOf('c1', pools('blue'))).toMatch(/^10\.1\./);
  });

  test.each([
    ['plain', 'which is for no namespace'],
    ['bank', 'which is for another namespace'],
    ['none', 'which is not there'],
  ])('may not have %s, %s, and is told nothing else of it', async (name) => {
    const error = addressOf('c1', pools(name));
    await expect(error).rejects.toThrow(/^7: /);
    await expect(error).rejects.toThrow(`(${name}: there is none of this name that the pod may use)`);
    await expect(error).rejects.toThrow("correct the pod's annotation lessor.dev/pools");
  });

  test('of no known namespace gets nothing beyond the configuration', async () => {
    const called = await node.call('ADD', 'c1', { stdin: pools('green'), surroundings: around() });
    expect(called.printed.msg).toContain('green: there is none of this name that the pod may use');
  });

  test('proposes slots there afterwards, and its neighbours without annotation theirs', async () => {
    for (const n of [1, 2]) {
      await addressOf(`g${n}`, pools('green'));
      await addressOf(`b${n}`, stdinWith({}));
    }
    const bodies = service.sent.filter(({ path }) => path === routes.allocate.path).map(({ body }) => body);
    expect(bodies.map(({ proposal }) => proposal !== undefined)).toEqual([false, false, true, true]);
    expect(bodies[2].proposal.pool).not.toBe(bodies[3].proposal.pool);
  });

  test('leases by itself where its pool is delegated', async () => {
    await addressOf('c1', pools('owned'));
    const before = service.sent.length;
    expect(await addressOf('c2', pools('owned'))).toMatch(/^10\.5\./);
    expect(service.sent.length).toBe(before);
  });

  test('is served although the configuration has ranges of its own, and gets those by no name', async () => {
    const ranges = { pool: undefined, ranges: [[{ subnet: '10.9.0.0/24' }]] };
    const stdin = (text: string) => stdinWith({ 'lessor.dev/pools': text }, { ipam: ranges });
    expect(await addressOf('c1', stdin('green'))).toMatch(/^10\.2\./);
    await expect(addressOf('c2', stdin('plain'))).rejects.toThrow('plain: ');
  });
});

describe('a pod that asks for addresses', () => {
  test('gets those, added to what the runtime asks for, each once', async () => {
    const stdin = stdinWith({ 'lessor.dev/addresses': '10.1.0.9' }, { ips: ['10.1.0.9/24'] });
    expect(await addressOf('c1', stdin)).toBe('10.1.0.9/24');
    expect(service.sent[0]?.body.addresses).toEqual(['10.1.0.9']);
  });

  test('of a pool whose blocks belong to nodes is refused, as always', async () => {
    const stdin = stdinWith({ 'lessor.dev/pools': 'owned', 'lessor.dev/addresses': '10.5.0.9' });
    await expect(addressOf('c1', stdin)).rejects.toThrow('cannot be requested from pool owned');
  });
});

describe('a pod of an identity', () => {
  const vm = (network: object | string = 'vm-1') =>
    stdinWith({ 'lessor.dev/identity': typeof network === 'string' ? network : JSON.stringify(network) });

  test('has its address after another pod of it, from another node and another journal, and waits before', async () => {
    const address = await addressOf('c1', vm(), { pod: 'launcher-a' });
    const other = new Node(api);
    const onOther = { pod: 'launcher-b', on: other };
    const first = service;
    service = serviceFor(here.environment(), 'i-2');
    try {
      await expect(addressOf('c2', vm(), onOther)).rejects.toThrow(
        /^11: .*Identity vm-1 of namespace shop in pool blue \(10\.1\.0\.\d+\/24\) is held by pod shop\/launcher-a on node i-1/,
      );
      expect((await call('DEL', 'c2', vm(), onOther)).exitCode).toBe(0);
      service = first;
      expect((await call('DEL', 'c1', vm(), { pod: 'launcher-a' })).exitCode).toBe(0);
      service = serviceFor(here.environment(), 'i-2');
      expect(await addressOf('c3', vm(), onOther)).toBe(address);
    } finally {
      other.remove();
    }
  });

  test('is another one on each network that it names', async () => {
    const stdin = vm({ 'my-bridge-network': 'vm-2' });
    await addressOf('c1', stdin);
    expect(service.sent[0]?.body.identity).toBe('vm-2');
  });

  test('is named for one attachment by the runtime', async () => {
    await addressOf(
      'c1',
      stdinWith({ 'lessor.dev/identity': 'vm-1' }, { args: { cni: { 'lessor.dev/identity': 'vm-3' } } }),
    );
    expect(service.sent[0]?.body.identity).toBe('vm-3');
  });

  test('is kept in the journal, so that its slot is asserted for it', async () => {
    await addressOf('c1', vm());
    expect(node.entry('c1')).toMatchObject({ identity: 'vm-1' });
  });

  test('proposes nothing and never lives with a slot of its node’s own choice', async () => {
    await addressOf('c0', pools('owned'));
    const stdin = stdinWith({ 'lessor.dev/pools': 'owned', 'lessor.dev/identity': 'vm-1' });
    await expect(addressOf('c1', stdin)).rejects.toThrow(/^7: .*Pool owned keeps no address for identity vm-1/);
    service.fate = () => 'unreachable';
    await expect(addressOf('c2', stdin)).rejects.toThrow(/^11: /);
  });
});

describe('a service of contract 1.5', () => {
  /** What it does not know it leaves out, since the plugin speaks a later version. */
  const old: UseCase = (deps, asked, body: Record<string, unknown>) => {
    const { podPools: _, identity: __, ...known } = body;
    return allocate(deps, asked, known as never);
  };

  test.each([
    ['lessor.dev/pools', 'green'],
    ['lessor.dev/identity', 'vm-1'],
  ])('cannot overlook %s: the plugin gives back what it got, and says so', async (key, value) => {
    const deps = here.environment();
    service = serviceFor(deps, 'i-1', new Map([[routes.allocate, old]]));
    const stdin = stdinWith({ [key]: value });
    await expect(addressOf('c1', stdin)).rejects.toThrow(`the service overlooked the annotation ${key}`);
    expect(service.sent.map(({ path }) => path)).toEqual([routes.allocate.path, routes.release.path]);
    const blocks = await here.store.leases.readBlock({ pool: '0000000000000000', block: 0n });
    expect([...blocks.values()].filter(({ held }) => held)).toEqual([]);
  });

  test.each([
    ['lessor.dev/pools', 'blue'],
    ['lessor.dev/identity', 'vm-1'],
  ])('that takes the place of a later one frees nothing that may be lived with: %s', async (key, value) => {
    const stdin = stdinWith({ [key]: value });
    await addressOf('c1', stdin);
    service = serviceFor(here.environment(), 'i-1', new Map([[routes.allocate, old]]));
    await expect(addressOf('c1', stdin)).rejects.toThrow(`the service overlooked the annotation ${key}`);
    const held = async () => {
      const blocks = [0n, 1n, 2n, 3n].map((block) => here.store.leases.readBlock({ pool: '0000000000000000', block }));
      return (await Promise.all(blocks)).flatMap((block) => [...block.values()].filter(({ held }) => held)).length;
    };
    expect(await held()).toBe(1);
    expect((await call('DEL', 'c1', stdin)).exitCode).toBe(0);
    expect(await held()).toBe(0);
  });

  test('gives the addresses that a pod asks for, which it knows of', async () => {
    service = serviceFor(here.environment(), 'i-1', new Map([[routes.allocate, old]]));
    expect(await addressOf('c1', stdinWith({ 'lessor.dev/addresses': '10.1.0.9' }))).toBe('10.1.0.9/24');
    const both = stdinWith({ 'lessor.dev/addresses': '10.1.0.8', 'lessor.dev/pools': 'blue' });
    await expect(addressOf('c2', both)).rejects.toThrow('the service overlooked the annotation lessor.dev/pools');
  });

  test('serves pods without annotations as ever', async () => {
    service = serviceFor(here.environment(), 'i-1', new Map([[routes.allocate, old]]));
    expect(await addressOf('c1', stdinWith({ 'example.com/a': 'b' }))).toMatch(/^10\.1\./);
  });
});
