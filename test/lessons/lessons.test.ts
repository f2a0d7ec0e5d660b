/** What users of other systems suffered from, each as a test: the issues in which they say so are named beside it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { whoHas } from '../../functions/use-cases/questions/who-has.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { dyingStore } from '../../simulation/dying-store.ts';
import { serviceFor } from '../cni-shim/service.ts';
import { intercepted } from '../functions/intercepted.ts';
import { type LocalTables, localTables } from '../store/local-tables.ts';
import { type LessonWorld, lessonWorld, MINUTE_MS } from './lesson-world.ts';

let local: LocalTables;
let lesson: LessonWorld;
beforeAll(async () => {
  local = await localTables();
});
afterAll(() => local?.stop());
beforeEach(async () => {
  lesson = await lessonWorld(local.endpoint);
});

const range = (from: string, to: string) => ({
  subnet: '10.9.0.0/16',
  rangeStart: from,
  rangeEnd: to,
  gateway: '10.9.0.1',
});
const ONE_ADDRESS = { ranges: [[range('10.9.1.0', '10.9.1.0')]] };
const FOUR_ADDRESSES = { ranges: [[range('10.9.1.0', '10.9.1.3')]] };
const MANY = { ranges: [[range('10.9.1.0', '10.9.8.255')]] };
const OWNED = { ranges: [[range('10.9.1.0', '10.9.1.63')]], blockSize: 16, affinity: 'node' };

describe('A lease', () => {
  /**
   * A node crashed, its address was leased to another pod, and the late DEL freed it: whereabouts#75. A repeated DEL freed another
   * pod's address: cilium PR #10066.
   */
  it('is released by its owner, and by nobody who had the address before', async () => {
    await lesson.pool('blue', ONE_ADDRESS);
    const [first, second] = [lesson.node('i-1'), lesson.node('i-2')];
    const [a, b] = [lesson.container('a', 'blue'), lesson.container('b', 'blue')];
    await first.add(a);
    first.isCutOff = true;
    await first.del(a);
    await lesson.declareDead('i-1');
    await reclaim(lesson.here.environment());
    lesson.here.clock.now += MINUTE_MS;
    await second.add(b);
    first.isCutOff = false;
    for (let round = 0; round < 3; round += 1) {
      lesson.here.clock.now += MINUTE_MS;
      await first.machine.round();
    }
    await first.del(a);
    expect(first.machine.outbox().releases).toEqual([]);
    expect(await lesson.held('blue')).toEqual(['b@i-2']);
  });

  /** Two pods of a StatefulSet have one name while one goes and the next comes: whereabouts#176. */
  it('is of one sandbox, and of no other pod that has the same name', async () => {
    await lesson.pool('blue', FOUR_ADDRESSES);
    const [first, second] = [lesson.node('i-1'), lesson.node('i-2')];
    const [old, next] = [lesson.container('old', 'blue', 'web-0'), lesson.container('next', 'blue', 'web-0')];
    await first.add(old);
    await second.add(next);
    await first.del(old);
    await first.machine.round();
    expect(await lesson.held('blue')).toEqual(['next@i-2']);
    await lesson.declareDead('i-1');
    await reclaim(lesson.here.environment());
    expect(await lesson.held('blue')).toEqual(['next@i-2']);
  });

  /** One family was had and the other one not, and it leaked: projectcalico/cni-plugin#908, spiderpool#1045, kube-ovn PR #6738. */
  it('has both addresses of a dual-stack pod or none, wherever the service is killed', async () => {
    const both = [
      [range('10.9.1.0', '10.9.1.3')],
      [{ subnet: 'fd00:9::/64', rangeStart: 'fd00:9::10', rangeEnd: 'fd00:9::13' }],
    ];
    await lesson.pool('blue', { ranges: both });
    const addresses = [0, 1, 2, 3].flatMap((index) => [`10.9.1.${index}`, `fd00:9::1${index}`]);
    const holders = async () => {
      const found = addresses.map((address) => whoHas(lesson.here.environment(), { vrf: 'default', text: address }));
      return (await Promise.all(found)).map(({ state, lease }) =>
        state === 'held' ? lease?.attachment.containerId : undefined,
      );
    };
    let containers = 0;
    for (let survived = 0; survived < 4; survived += 1)
      for (const moment of ['before', 'after'] as const) {
        const node = lesson.node(`i-${containers}`);
        const container = lesson.container(`c${containers++}`, 'blue');
        const store = dyingStore(lesson.here.store, { survived, moment });
        const dying = serviceFor(lesson.here.environment({ store }), node.machine.id);
        const whole = node.service.fetch;
        node.service.fetch = (...request) => dying.fetch(...request).catch(() => whole(...request));
        expect(await node.add(container)).toHaveLength(2);
        const now = await holders();
        for (let pair = 0; pair < now.length; pair += 2) expect(now[pair]).toBe(now[pair + 1]);
        node.service.fetch = whole;
        await node.del(container);
        expect((await holders()).filter((one) => one !== undefined)).toEqual([]);
        lesson.here.clock.now += MINUTE_MS;
      }
  });

  /** The answer was lost, and the retry got a second address: host-local fails there, others leaked. */
  it('is the same one for an ADD that is repeated after its answer was lost', async () => {
    await lesson.pool('blue', FOUR_ADDRESSES);
    const node = lesson.node('i-1');
    const container = lesson.container('a', 'blue');
    node.service.fate = ({ path }) =>
      path.endsWith('/allocate') || path.includes('leases') ? 'answer lost' : undefined;
    await expect(node.add(container)).rejects.toThrow();
    const [before] = await lesson.held('blue');
    node.service.fate = () => undefined;
    const address = await node.add(container);
    expect([before, await lesson.held('blue')]).toEqual(['a@i-1', ['a@i-1']]);
    expect(await node.add(container)).toEqual(address);
  });
});

describe('What is freed', () => {
  /**
   * A chained plugin failed again and again; each retry was a new sandbox of a pod that lived on, and no DEL came: containerd#12130.
   * Calico and whereabouts compare pods, and never found those addresses.
   */
  it('is what sandboxes had that are gone, though their pod lives', async () => {
    await lesson.pool('blue', FOUR_ADDRESSES);
    const node = lesson.node('i-1');
    for (const retry of ['one', 'two', 'three']) {
      await node.add(lesson.container(retry, 'blue', 'web-0'));
      node.machine.sandboxEnds(retry);
    }
    await node.add(lesson.container('four', 'blue', 'web-0'));
    for (let passed = 0; passed < 2 * MINUTE_MS; passed += 10_000) {
      lesson.here.clock.now += 10_000;
      await node.machine.round();
    }
    expect(await lesson.held('blue')).toEqual(['four@i-1']);
  });

  /** Addresses of living pods were freed while the API server was down, or by a stale name of a node: vpc-cni#431, calico#12257. */
  it('is nothing of which nobody can prove that it is dead: not what is silent, nor what cannot be asked for', async () => {
    await lesson.pool('blue', FOUR_ADDRESSES);
    const node = lesson.node('i-1');
    await node.add(lesson.container('a', 'blue'));
    node.isCutOff = true;
    for (let day = 0; day < 30; day += 1) {
      lesson.here.clock.now += 24 * 60 * MINUTE_MS;
      await node.machine.round();
      await reclaim(lesson.here.environment());
    }
    node.isCutOff = false;
    node.service.fate = ({ method }) => (method === 'GET' ? 'unreachable' : undefined);
    lesson.here.clock.now += 24 * 60 * MINUTE_MS;
    await node.machine.round();
    expect(await lesson.held('blue')).toEqual(['a@i-1']);
  });

  /** The lowest free address went to the next pod at once, while others still had it in their caches: whereabouts, calico#4152. */
  it('is not given to the next container before it has cooled, 30 s if nobody says otherwise', async () => {
    await lesson.pool('blue', FOUR_ADDRESSES);
    const node = lesson.node('i-1');
    const had = new Set<string>();
    for (const id of ['a', 'b', 'c', 'd']) {
      for (const address of await node.add(lesson.container(id, 'blue'))) had.add(address);
      await node.del(lesson.container(id, 'blue'));
    }
    expect(had.size).toBe(4);
    await expect(lesson.node('i-2').add(lesson.container('e', 'blue'))).rejects.toThrow(/cool/);
    lesson.here.clock.now += 31_000;
    expect(await lesson.node('i-3').add(lesson.container('f', 'blue'))).toHaveLength(1);
  });
});

describe('Nodes', () => {
  /** One Lease for the whole cluster, one object for all addresses of a pool: whereabouts#144, whereabouts#110, pynetbox#338. */
  it('share no lock and no item of a pool: each ADD writes its own slot, and nothing else', async () => {
    await lesson.pool('blue', MANY);
    const written: string[] = [];
    const store = intercepted(lesson.here.store, (name, [first], proceed) => {
      if (!/^(read|list)/.test(name))
        written.push(
          `${name} ${JSON.stringify(first, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`,
        );
      return proceed();
    });
    const deps = lesson.here.environment({ store });
    const nodes = Array.from({ length: 8 }, (_, index) => {
      const node = lesson.node(`i-${index}`);
      node.service.fetch = serviceFor(deps, node.machine.id).fetch;
      return node;
    });
    await Promise.all(nodes.map((node) => node.add(lesson.container('first', 'blue'))));
    written.length = 0;
    for (const id of ['a', 'b', 'c']) await Promise.all(nodes.map((node) => node.add(lesson.container(id, 'blue'))));
    expect(written.filter((one) => !one.startsWith('hold'))).toEqual([]);
    const leased = await lesson.held('blue');
    expect(leased).toHaveLength(32);
    // Some come upon a slot that another one took first: that is a try, and no lock.
    expect(new Set(written).size).toBeGreaterThanOrEqual(24);
  });

  /** A remote API is a weak point: peers with blocks on the node survive its outage (Cilium, the VPC CNI), and so do ours. */
  it('go on adding and deleting while the API is away, where they have blocks; else an ADD says at once to try again', async () => {
    await lesson.pool('green', OWNED);
    await lesson.pool('blue', {
      ranges: [[{ subnet: '10.8.0.0/16', rangeStart: '10.8.1.0', rangeEnd: '10.8.1.3', gateway: '10.8.0.1' }]],
    });
    const node = lesson.node('i-1');
    await node.add(lesson.container('before', 'green'));
    node.isCutOff = true;
    const meanwhile = ['a', 'b', 'c'].map((id) => lesson.container(id, 'green'));
    for (const container of meanwhile) expect(await node.add(container)).toHaveLength(1);
    for (const container of meanwhile.slice(1)) await node.del(container);
    await expect(node.add(lesson.container('d', 'blue'))).rejects.toThrow(/"code":11/);
    node.isCutOff = false;
    for (let round = 0; round < 3; round += 1) {
      lesson.here.clock.now += MINUTE_MS;
      await node.machine.round();
    }
    expect(await lesson.held('green')).toEqual(['a@i-1', 'before@i-1']);
    expect(await lesson.held('blue')).toEqual([]);
  });
});
