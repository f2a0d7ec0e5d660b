/** Nodes of a cluster for which the deployment says so are declared dead for silence, and no other one is. */
import { describe, expect, it } from 'vitest';
import type { ListedNode } from '../../../../core/protocol/node.ts';
import { heartbeat } from '../../../../functions/use-cases/nodes/heartbeat.ts';
import { join } from '../../../../functions/use-cases/nodes/membership.ts';
import { declareSilent } from '../../../../functions/use-cases/reclaim/declare-silent.ts';
import { judgeSilence, silenceGuards, watchSince } from '../../../../functions/use-cases/reclaim/judge-silence.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { counted } from '../../intercepted.ts';
import { add, addOf, callOf, START, world } from '../../world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = START + 1000 * HOUR;
const CLUSTER = 'on-prem';
const after = new Map([[CLUSTER, 4 * HOUR]]);
const LONG_AGO = NOW - 900 * HOUR;

const node = (id: string, over: Partial<ListedNode> = {}): ListedNode => ({
  ...{ id, cluster: CLUSTER, incarnation: 1, alive: true, lifeAt: LONG_AGO, heartbeatAt: NOW - MINUTE },
  ...over,
});
const without = ({ heartbeatAt: _, ...rest }: ListedNode): ListedNode => rest;
const INSTANCE = 'i-0123456789abcdef0';
const silent = node('silent', { heartbeatAt: NOW - 5 * HOUR });
const others = Array.from({ length: 20 }, (_, n) => node(`up-${n}`));

interface Scene {
  readonly nodes?: readonly ListedNode[];
  readonly complete?: boolean;
  readonly since?: number;
  readonly asksEc2?: boolean;
  readonly guards?: NonNullable<Parameters<typeof judgeSilence>[3]['guards']>;
}
function declared({ nodes = [silent, ...others], complete = true, since = LONG_AGO, ...around }: Scene): string[] {
  const { clusters } = judgeSilence({ nodes, complete }, after, { since, now: NOW }, { asksEc2: false, ...around });
  return clusters.flatMap((cluster) => cluster.declared.map(({ id }) => id));
}

it('A node of the cluster that was silent for longer than the deployment says is declared dead', () => {
  expect(declared({})).toEqual(['silent']);
});

/** In each, that guard alone stands between the node and its death. */
const scenes: [keyof typeof silenceGuards, string, Scene][] = [
  ['ofService', 'wholeList', { complete: false }],
  [
    'ofService',
    'asManyAsUsual',
    {
      nodes: [
        silent,
        ...others,
        ...others.map((one) => ({ ...one, id: `${one.id}-x`, cluster: 'x', heartbeatAt: NOW - 2 * HOUR })),
      ],
    },
  ],
  ['ofCluster', 'watchedSoLong', { since: NOW - 3 * HOUR }],
  [
    'ofCluster',
    'clusterHeard',
    { nodes: [node('silent', { heartbeatAt: NOW - 30 * HOUR }), ...others.map((one) => ({ ...one, cluster: 'x' }))] },
  ],
  [
    'ofCluster',
    'clusterHeard',
    {
      nodes: [
        silent,
        node('up'),
        ...['a', 'b', 'c'].map((id) => node(id, { heartbeatAt: NOW - 2 * HOUR })),
        ...others.map((one) => ({ ...one, cluster: 'x' })),
      ],
    },
  ],
  [
    'ofCluster',
    'clusterHeard',
    {
      nodes: [
        node('silent', { heartbeatAt: NOW - 40 * HOUR }),
        node('up'),
        ...['a', 'b', 'c'].map((id) => node(id, { heartbeatAt: NOW - 30 * HOUR })),
        ...others.map((one) => ({ ...one, cluster: 'x' })),
      ],
    },
  ],
  ['ofNode', 'saidItWasUp', { nodes: [node('silent', { heartbeatAt: LONG_AGO - HOUR }), ...others] }],
  ['ofNode', 'saidItWasUp', { nodes: [without(node('silent')), ...others] }],
  ['ofNode', 'silentSoLong', { nodes: [node('silent', { heartbeatAt: NOW - 3 * HOUR }), ...others] }],
  ['ofNode', 'unknownToEc2', { nodes: [{ ...silent, knownToEc2At: LONG_AGO }, ...others] }],
  [
    'ofNode',
    'unknownToEc2',
    { nodes: [{ ...silent, instance: { state: 'running', region: 'eu-central-1', at: NOW } }, ...others] },
  ],
  ['ofNode', 'ec2WasAsked', { asksEc2: true, nodes: [{ ...silent, id: INSTANCE }, ...others] }],
];

describe('no node is declared dead for silence', () => {
  it('where no node at all was heard of, and then the watch begins anew', () => {
    const nodes = [silent, ...others.map((one) => ({ ...one, heartbeatAt: NOW - 25 * HOUR }))];
    const judged = (guards: Scene['guards'] = silenceGuards) =>
      judgeSilence({ nodes, complete: true }, after, { since: LONG_AGO, now: NOW }, { asksEc2: false, guards });
    expect([judged().ours, declared({ nodes })]).toEqual(['no node at all was heard of in the last 30 minutes', []]);
    const { somebodyHeard: _, asManyAsUsual: __, ...rest } = silenceGuards.ofService;
    expect(judged({ ...silenceGuards, ofService: rest }).ours).toBeUndefined();
  });

  it.each(scenes)('where %s %s says so, and without that guard it would be', (kind, name, scene) => {
    expect(declared(scene)).toEqual([]);
    const { [name as never]: _, ...rest } = silenceGuards[kind];
    const all = declared({ ...scene, guards: { ...silenceGuards, [kind]: rest } });
    expect(all.filter((id) => ['silent', INSTANCE].includes(id))).toHaveLength(1);
  });

  it('before EC2 was asked for it where it is an instance and EC2 is asked, and then by what EC2 says', () => {
    const instance = { ...silent, id: INSTANCE };
    const asked = { ...instance, instance: { state: 'not-found', region: 'eu-central-1', at: NOW } } as const;
    const rack = { ...silent, id: 'role/racks/rack-7' };
    const judged = (node: ListedNode, asksEc2: boolean) => declared({ nodes: [node, ...others], asksEc2 });
    expect([judged(instance, true), judged(instance, false)]).toEqual([[], [INSTANCE]]);
    expect([judged(asked, true), judged(rack, true)]).toEqual([[INSTANCE], [rack.id]]);
  });

  it('of another cluster, or of none, or whose life is over', () => {
    for (const over of [{ cluster: 'prod' }, { alive: false }])
      expect(declared({ nodes: [{ ...silent, ...over }, ...others] })).toEqual([]);
    const { cluster: _, ...clusterless } = silent;
    expect(declared({ nodes: [clusterless, ...others] })).toEqual([]);
  });

  it('beyond a tenth of its cluster in one run, the longest silent first', () => {
    const nodes = [1, 2, 3, 4].map((n) => node(`silent-${n}`, { heartbeatAt: NOW - (4 + n) * HOUR }));
    expect(declared({ nodes: [...nodes, ...others] })).toEqual(['silent-4', 'silent-3']);
  });
});

it('A watch begins anew after a gap in which nodes may have been heard by nobody', () => {
  expect(watchSince(undefined, NOW)).toBe(NOW);
  expect(watchSince({ since: LONG_AGO, at: NOW - 15 * MINUTE }, NOW)).toBe(LONG_AGO);
  expect(watchSince({ since: LONG_AGO, at: NOW - 16 * MINUTE }, NOW)).toBe(NOW);
});

describe('the scheduled run', () => {
  /** Twenty nodes of the cluster that say every 10 minutes that they are up, and one that stops. */
  async function cluster() {
    const here = world(memoryStore(), { deadAfterSilence: new Map([[CLUSTER, 60]]) });
    const ids = Array.from({ length: 20 }, (_, n) => `i-${n}`);
    const call = (id: string) => ({ ...callOf(id), cluster: CLUSTER });
    for (const id of ['i-gone', ...ids]) await join(here.environment(), call(id), [], 'boot-1');
    const say = (id: string) => heartbeat(here.environment(), call(id), { boot: 'boot-1' });
    here.clock.now += MINUTE;
    await say('i-gone');
    const run = () => declareSilent(here.environment(), { remainingMs: () => 100_000 });
    const pass = async (minutes: number, { runs = true, said = true } = {}) => {
      const deaths: string[] = [];
      for (let passed = 0; passed < minutes; passed += 5) {
        if (said) for (const id of ids) await say(id);
        if (runs) deaths.push(...((await run())?.deaths ?? []).map((death) => death.node));
        here.clock.now += 5 * MINUTE;
      }
      return deaths;
    };
    return { here, pass, run, ids };
  }

  it('declares who is silent for so long, by silence, once, and says when it was heard of last', async () => {
    const { here, pass } = await cluster();
    expect(await pass(60)).toEqual([]);
    expect(await pass(30)).toEqual(['i-gone']);
    expect((await here.store.nodes.listDeaths({ limit: 9 })).deaths).toMatchObject([
      { node: 'i-gone', incarnation: 1, declaredBy: 'silence', reason: expect.stringContaining('last heard of at') },
    ]);
    expect(await here.store.nodes.readNode('i-gone')).toMatchObject({ alive: false });
    expect(await pass(60)).toEqual([]);
  });

  it('declares nobody after the service was away, until all could be heard for as long', async () => {
    const { pass, here } = await cluster();
    expect(await pass(30)).toEqual([]);
    expect(await pass(48 * 60, { runs: false, said: false })).toEqual([]);
    expect(await pass(60)).toEqual([]);
    expect(await here.store.nodes.readNode('i-gone')).toMatchObject({ alive: true });
    expect(await pass(30)).toEqual(['i-gone']);
  });

  it('declares nobody where its runs went on, but no node could be heard', async () => {
    const { here, pass } = await cluster();
    await pass(30);
    expect(await pass(48 * 60, { said: false })).toEqual([]);
    expect(await pass(55)).toEqual([]);
    expect(await here.store.nodes.readNode('i-gone')).toMatchObject({ alive: true });
  });

  it('spares a node that leases although its agent is silent', async () => {
    const { here, pass } = await cluster();
    expect(await pass(60)).toEqual([]);
    await add(here.environment(), 'i-gone', addOf(1));
    expect(await pass(55)).toEqual([]);
  });

  it('spares a node whose role has lost the cluster, from its next heartbeat on', async () => {
    const { here, pass } = await cluster();
    await heartbeat(here.environment(), callOf('i-gone'), { boot: 'boot-1' });
    expect(await here.store.nodes.readListed('i-gone')).not.toHaveProperty('cluster');
    expect(await pass(120)).toEqual([]);
  });

  it('goes on to the next where one that is silent for longer leases, or cannot be looked at', async () => {
    const { here, pass } = await cluster();
    const call = { ...callOf('i-leases'), cluster: CLUSTER };
    await join(here.environment(), call, [], 'boot-1');
    await here.store.nodes.noteHeartbeat('i-leases', { incarnation: 1, heartbeatAt: here.clock.now });
    await here.store.nodes.noteListed('i-broken', { incarnation: 1, cluster: CLUSTER }, START);
    await here.store.nodes.noteHeartbeat('i-broken', { incarnation: 1, heartbeatAt: START + 1 });
    here.clock.now += MINUTE;
    const again = { ...callOf('i-gone'), cluster: CLUSTER };
    await heartbeat(here.environment(), again, { boot: 'boot-1' });
    const { readNode } = here.store.nodes;
    const broken = (id: string) => (id === 'i-broken' ? Promise.reject(new Error('no answer')) : readNode(id));
    here.store.nodes.readNode = broken;
    expect(await pass(55)).toEqual([]);
    await add(here.environment(), 'i-leases', addOf(1));
    expect(await pass(30)).toEqual(['i-gone']);
  });

  it('costs a deployment that does not opt in nothing', async () => {
    const plain = world();
    const { store, requests } = counted(plain.store);
    expect(await declareSilent(plain.environment({ store }), { remainingMs: () => 100_000 })).toBeUndefined();
    expect(requests).toEqual([]);
  });
});
