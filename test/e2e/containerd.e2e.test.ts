/**
 * containerd, asked as the kubelet asks it, runs sandboxes on a list of plugins of which the first one asks `lessor` for
 * addresses. It is killed, namespaces are taken away behind its back, and a pool is full.
 */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../cni-shim/cni/annotations.ts';
import { prerequisites } from '../../local/nodes/node-network.ts';
import { type Containerd, missingForContainerd, newestCniVersion, openContainerd } from '../support/containerd.ts';
import { eventually } from '../support/plugin-node.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';

const { cniDirectory = '', missing } = prerequisites();
const PODS = 'pods';
/** Five addresses beside the gateway's. */
const FIVE = 'five';
/** One pool, of two nodes that have a journal each. */
const CHOSEN = 'chosen';
const ELSEWHERE = 'elsewhere';
const MANY = 50;

describe.runIf(available('containerd', [...missing, ...missingForContainerd()]))('sandboxes of containerd', () => {
  let testBed: TestBed;
  let config: string;
  let containerd: Containerd;

  beforeAll(async () => {
    testBed = await openTestBed({ inlinePoolCooldownSeconds: 0 });
    const { plugin, directory } = testBed;
    const { namespace, environment } = await testBed.addNode('node');
    config = environment.LESSOR_CONFIG ?? '';
    const cniVersion = newestCniVersion(cniDirectory);
    if (cniVersion === '1.0.0')
      process.stderr.write('this containerd, or this bridge, knows no STATUS: it is not asked\n');
    const pool = (name: string, octet: number, more: object) =>
      testBed.operator.ask('createPool', {
        body: {
          vrf: 'default',
          name,
          ranges: [[{ subnet: `10.${octet}.0.0/24` }]],
          cooldownSeconds: 0,
          ...more,
        } as never,
      });
    await pool('blue', 94, { identitySeconds: 3600 });
    await pool('green', 95, { namespaces: ['default'] });
    await pool('bank', 96, { namespaces: ['bank'] });
    const { environment: other } = await testBed.addNode('other', testBed.stack.nodes[1]);
    const choosing = (name: string, bridge: string, node: string | undefined) => ({
      cniVersion,
      name,
      plugins: [
        {
          ...{ type: 'bridge', bridge, capabilities: { [ANNOTATIONS]: true } },
          ipam: { type: 'lessor', config: node, pool: 'blue' },
        },
      ],
    });
    const network = (name: string, bridge: string, ranges: unknown) => ({
      cniVersion,
      name,
      plugins: [{ type: 'bridge', bridge, isGateway: true, ipam: { type: 'lessor', config, ranges } }],
    });
    mkdirSync(join(directory, 'containerd'));
    containerd = await openContainerd({
      namespace,
      directory: join(directory, 'containerd'),
      pluginDirectories: [dirname(plugin), cniDirectory],
      networks: [
        // The first one is that of which containerd says whether it is ready.
        network(FIVE, 'cni1', [[{ subnet: '10.93.0.0/29' }]]),
        network(PODS, 'cni0', [[{ subnet: '10.92.0.0/24' }], [{ subnet: 'fd00:92::/120' }]]),
        choosing(CHOSEN, 'cni2', config),
        choosing(ELSEWHERE, 'cni3', other.LESSOR_CONFIG),
      ],
    });
  });
  afterAll(async () => {
    await containerd?.stop();
    await testBed?.close();
  });

  const inNode = (...words: string[]) => containerd.namespaces.run(...words);
  const lessor = async (...words: string[]) =>
    JSON.parse(await inNode(testBed.plugin, ...words, '--json', '--config', config));
  const withoutPrefix = (addresses: readonly string[]) => addresses.map((address) => address.split('/')[0] ?? '');

  /** Addresses by sandbox, as the table has them. */
  const held = async (pool = PODS) => {
    const { leases } = await testBed.operator.ask('listLeases', { path: { pool } });
    const rows = leases.filter(({ state }) => state === 'held');
    return new Map(rows.map(({ attachment, addresses }) => [attachment.containerId, withoutPrefix(addresses)]));
  };
  interface Journal {
    readonly attachments: readonly { containerId: string; addresses: string[]; state: string }[];
    readonly toReport: number;
    readonly toRelease: number;
  }
  const journal = async (): Promise<Journal> => (await lessor('status')).journals[0];
  /** Network namespaces of sandboxes. */
  const namespaces = async () => (await inNode('ls', '/run/netns')).split('\n').filter((name) => name !== '');
  const takeAway = (names: readonly string[]) =>
    Promise.all(names.map((name) => inNode('ip', 'netns', 'delete', name)));
  /** What processes on the node run, by the names of the executables. */
  const executables = async () => {
    const paths = await inNode('sh', '-c', 'for process in /proc/[0-9]*; do readlink $process/exe; done');
    return paths.split('\n').map((path) => path.slice(path.lastIndexOf('/') + 1));
  };

  const runMany = (prefix: string, count: number, network = PODS) =>
    Array.from({ length: count }, (_, index) => containerd.cri.run(`${prefix}-${index}`, network));
  /** Addresses by sandbox, as containerd has them, of those that run. */
  const running = async (ids: readonly string[]) => {
    const all = await Promise.all(ids.map(async (id) => [id, await containerd.cri.status(id)] as const));
    return new Map(all.flatMap(([id, { isReady, addresses }]) => (isReady ? [[id, addresses]] : [])));
  };
  const remove = async (id: string) => {
    await containerd.cri.stop(id);
    await containerd.cri.remove(id);
  };
  /** As the kubelet does it: whatever is listed is stopped and removed, again where that failed. */
  const removeAll = () =>
    eventually(async () => {
      const left = await containerd.cri.list();
      await Promise.allSettled(left.map(({ id }) => remove(id)));
      return left.length === 0 ? true : undefined;
    });

  /** @throws AssertionError where one address is there twice, or table and journal have something else */
  async function expectHeld(addresses: ReadonlyMap<string, readonly string[]>, pool = PODS): Promise<void> {
    const all = [...addresses.values()].flat();
    expect(new Set(all).size).toBe(all.length);
    expect(await held(pool)).toEqual(addresses);
    const { attachments } = await journal();
    expect(new Map(attachments.map((one) => [one.containerId, withoutPrefix(one.addresses)]))).toEqual(addresses);
    expect(new Set(attachments.map(({ state }) => state))).toEqual(new Set(['acknowledged']));
  }

  afterEach(async () => {
    expect(await containerd.cri.list()).toEqual([]);
    expect(await held()).toEqual(new Map());
    expect(await journal()).toMatchObject({ attachments: [], toReport: 0, toRelease: 0 });
    expect(await namespaces()).toEqual([]);
    expect(await inNode('ip', 'link', 'show', 'type', 'veth')).toBe('');
    expect(await executables()).not.toContain('busybox');
  });

  it('get an address of each family, which is on their interface, and give it back', async () => {
    const id = await containerd.cri.run('web', PODS);
    const { isReady, addresses } = await containerd.cri.status(id);
    expect(isReady).toBe(true);
    expect(addresses).toEqual([
      expect.stringMatching(/^10\.92\.0\.\d+$/),
      expect.stringMatching(/^fd00:92::[0-9a-f]+$/),
    ]);
    await expectHeld(new Map([[id, addresses]]));
    const { netns } = await containerd.inside(id);
    const shown = await inNode('ip', '-n', netns, '-o', 'address', 'show', 'dev', 'eth0', 'scope', 'global');
    expect([...shown.matchAll(/inet6? (\S+)\//g)].map(([, address]) => address)).toEqual(addresses);
    await containerd.cri.stop(id);
    expect(await held()).toEqual(new Map());
    await containerd.cri.remove(id);
  });

  it('get the pool and the address that their annotations name, and are told why not', async () => {
    const addressOf = async (id: string) => (await containerd.cri.status(id)).addresses[0];
    const green = await containerd.cri.run('green', CHOSEN, { 'lessor.dev/pools': 'bank,green', 'example.com/a': 'b' });
    expect(await addressOf(green)).toMatch(/^10\.95\.0\./);
    const asked = await containerd.cri.run('asked', CHOSEN, { 'lessor.dev/addresses': '10.94.0.77' });
    expect(await addressOf(asked)).toBe('10.94.0.77');
    const refused = (annotations: object) => containerd.cri.run('refused', CHOSEN, { ...annotations });
    await expect(refused({ 'lessor.dev/pools': 'bank' })).rejects.toThrow(
      'bank: there is none of this name that the pod may use',
    );
    await expect(refused({ 'lessor.dev/pool': 'green' })).rejects.toThrow('did you mean lessor.dev/pools?');
    // Without the capability in the configuration nothing is passed on.
    const plain = await containerd.cri.run('plain', PODS, { 'lessor.dev/pools': 'green' });
    expect(await addressOf(plain)).toMatch(/^10\.92\.0\./);
    await Promise.all([green, asked, plain].map(remove));
    await removeAll();
  });

  it('of one identity have its address one after the other, on whichever node; the next one waits and is told for whom', async () => {
    const launcher = (name: string, network: string) =>
      containerd.cri.run(name, network, { 'lessor.dev/identity': 'vm-1' });
    const first = await launcher('launcher-a', CHOSEN);
    const { addresses } = await containerd.cri.status(first);
    await expect(launcher('launcher-b', ELSEWHERE)).rejects.toThrow(
      /Identity vm-1 of namespace default in pool blue \(10\.94\.0\.\d+\/24\) is held by pod default\/launcher-a on node/,
    );
    await remove(first);
    await removeAll();
    const second = await launcher('launcher-b', ELSEWHERE);
    expect((await containerd.cri.status(second)).addresses).toEqual(addresses);
    await remove(second);
  });

  it(`are ${MANY} at once, stay when containerd is killed, and leave nothing, though namespaces are deleted behind its back`, async () => {
    const ids = await Promise.all(runMany('many', MANY));
    const addresses = await running(ids);
    expect(addresses.size).toBe(MANY);
    await expectHeld(addresses);

    await containerd.kill();
    await containerd.start();
    expect(await running(ids)).toEqual(addresses);
    await expectHeld(addresses);

    await takeAway((await namespaces()).slice(0, 10));
    await Promise.all(ids.map(remove));
  });

  it(`leave nothing when containerd is killed while it starts ${MANY}`, async () => {
    const started = Promise.allSettled(runMany('cut', MANY));
    await eventually(async () => ((await held()).size >= 10 ? true : undefined));
    await containerd.kill();
    const ready = (await started).filter(({ status }) => status === 'fulfilled');
    expect(ready.length).toBeLessThan(MANY);
    // Plugins outlive who started them.
    await eventually(async () => ((await executables()).includes('bridge') ? undefined : true));
    await containerd.start();
    await removeAll();
    const forgotten = await held();
    await takeAway(await namespaces());
    const { ended, failures } = await lessor('reconcile', '--grace', '0');
    expect([ended.length, failures]).toEqual([forgotten.size, []]);
  });

  it('of which containerd forgets everything are released without a DEL by reconcile', async () => {
    const ids = await Promise.all(runMany('forgotten', 8));
    await containerd.kill();
    await containerd.forget();
    const kept = await namespaces();
    await takeAway(kept.slice(1));
    const { ended, released, failures } = await lessor('reconcile', '--grace', '0');
    expect([ended.length, released, failures]).toEqual([ids.length - 1, [], []]);
    expect((await held()).size).toBe(1);
    await containerd.start();
    expect(await containerd.cri.list()).toEqual([]);
    await takeAway(kept.slice(0, 1));
    expect(await lessor('reconcile', '--grace', '0')).toMatchObject({ ended: [expect.anything()], failures: [] });
  });

  it('that die while containerd is away are released by the agent, and a DEL that comes later asks for nothing', async () => {
    const ids = await Promise.all(runMany('dying', 8));
    const addresses = await running(ids);
    const [dead, living] = [ids.slice(0, 4), ids.slice(4)];
    const about = await Promise.all(dead.map((id) => containerd.inside(id)));
    await containerd.kill();
    await inNode('kill', '-KILL', ...about.map(({ pid }) => pid));
    await takeAway(about.map(({ netns }) => netns));

    const log = join(testBed.directory, 'agent.log');
    const agent = await containerd.namespaces.start(log, testBed.plugin, 'agent', '--config', config, '--grace', '0');
    await eventually(async () => ((await held()).size === living.length ? true : undefined));
    await agent.kill('TERM');
    const others = new Map([...addresses].filter(([id]) => living.includes(id)));
    await expectHeld(others);

    await containerd.start();
    expect(await running(ids)).toEqual(others);
    testBed.stack.wire.reset();
    await Promise.all(dead.map(remove));
    expect(testBed.stack.wire.total({ function: 'release' })).toBe(0);
    await expectHeld(others);
    await Promise.all(living.map(remove));
    expect(testBed.stack.wire.total({ function: 'release' })).toBeGreaterThanOrEqual(living.length);
  });

  it('cannot be ended where the plugin was taken away before them: they and their address stay until it is back', async () => {
    const id = await containerd.cri.run('left-behind', PODS);
    const addresses = await running([id]);
    const link = join(testBed.directory, 'containerd/bin/lessor');
    rmSync(link);
    await expect(containerd.cri.stop(id)).rejects.toThrow(/failed to find plugin "lessor"/);
    await expect(containerd.cri.remove(id)).rejects.toThrow(/failed to find plugin "lessor"/);
    await expectHeld(addresses);
    symlinkSync(testBed.plugin, link);
    await remove(id);
  });

  it('go on running where the pool is full; others are refused in a few words, until one is removed', async () => {
    const outcomes = await Promise.allSettled(runMany('full', 8, FIVE));
    const ids = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const addresses = await running(ids);
    expect(addresses.size).toBe(5);
    await expectHeld(addresses, FIVE);
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    expect(errors).toHaveLength(3);

    expect(await containerd.cri.conditions()).toMatchObject({ RuntimeReady: true, NetworkReady: true });
    await expect(containerd.cri.run('late', FIVE)).rejects.toThrow('five');
    expect(await running(ids)).toEqual(addresses);

    const [first = '', ...others] = ids;
    await remove(first);
    const next = await containerd.cri.run('next', FIVE);
    expect(await running([next, ...others])).toEqual(
      new Map([...addresses].map(([id, its]) => [id === first ? next : id, its])),
    );
    await Promise.all([next, ...others].map(remove));
    expect(await held(FIVE)).toEqual(new Map());
    for (const error of errors) {
      // What the kubelet shows in the pod's events.
      const said = error.slice(error.indexOf('(add): ') + '(add): '.length);
      expect(said).toMatch(/^lessor: .*\bfive\b.*10\.93\.0\.0\/29.*delete pods/i);
      expect(said.length, said).toBeLessThan(200);
    }
  });
});
