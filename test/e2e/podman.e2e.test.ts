/** Podman, a runtime of its own kind, runs containers on a list of plugins of which the first one asks `lessor` for addresses. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Operator } from '../../local/demo/operator.ts';
import { prerequisites } from '../../local/nodes/node-network.ts';
import { documentedNetwork } from '../layouts/documented-networks.ts';
import { eventually } from '../support/plugin-node.ts';
import { missingForPodman, openPodman, type Podman } from '../support/podman.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';

const { cniDirectory, missing } = prerequisites();
const NETWORK = 'containers';
const GATEWAYS = ['10.91.0.1', 'fd00:91::1'];

describe.runIf(available('Podman', [...missing, ...missingForPodman()]))('containers of Podman', () => {
  let testBed: TestBed;
  let operator: Operator;
  let podman: Podman;

  beforeAll(async () => {
    testBed = await openTestBed({ inlinePoolCooldownSeconds: 8 });
    const { plugin, directory } = testBed;
    operator = testBed.operator;
    const { namespace, environment } = await testBed.addNode('node');
    // What cleans up behind a container has none of its starter's environment.
    const config = environment.LESSOR_CONFIG;
    const network = documentedNetwork('containers');
    const plugins = network.plugins.map((plugin) =>
      plugin.ipam === undefined ? plugin : { ...plugin, ipam: { ...(plugin.ipam as object), config } },
    );
    mkdirSync(join(directory, 'podman'));
    podman = await openPodman({
      namespace,
      directory: join(directory, 'podman'),
      pluginDirectories: [dirname(plugin), cniDirectory ?? ''],
      network: { ...network, plugins },
    });
  });
  afterAll(async () => {
    await podman?.stop();
    await testBed?.close();
  });

  afterEach(async () => {
    await podman.run('rm', '--all', '--force', '--time', '0');
    expect(await held()).toEqual(new Map());
  });

  const leases = async () => (await operator.ask('listLeases', { path: { pool: NETWORK } })).leases;
  /** Addresses by container. */
  const held = async () => {
    const rows = (await leases()).filter(({ state }) => state === 'held');
    return new Map(rows.map(({ attachment, addresses }) => [attachment.containerId, addresses]));
  };
  const idOf = (name: string) => podman.run('inspect', '--format', '{{.ID}}', name);
  /** What is on the container's interface, without the link-local address. */
  const addressesIn = async (name: string) => {
    const printed = await podman.run(
      'exec',
      name,
      '/busybox',
      'ip',
      '-o',
      'address',
      'show',
      'dev',
      'eth0',
      'scope',
      'global',
    );
    return [...printed.matchAll(/inet6? (\S+)/g)].map(([, address]) => address);
  };
  const reaches = async (name: string, address: string) =>
    (await podman.call('exec', name, '/busybox', 'ping', '-c', '1', '-W', '5', address)).ok;

  it('get an address of each family, reach each other and the gateway, and give the addresses back when they are removed', async () => {
    for (const name of ['web', 'db']) expect(await podman.start(name)).toMatchObject({ ok: true });
    const [web = [], db = []] = [await addressesIn('web'), await addressesIn('db')];
    const ids = [await idOf('web'), await idOf('db')];
    expect(await held()).toEqual(
      new Map([
        [ids[0], web],
        [ids[1], db],
      ]),
    );
    for (const [from, to] of [
      ['web', db],
      ['db', web],
    ] as const) {
      for (const goal of [...to.map((address) => address?.split('/')[0] ?? ''), ...GATEWAYS])
        expect(await reaches(from, goal), `${from} reaches ${goal}`).toBe(true);
    }
    const shown = JSON.parse(
      await podman.run('inspect', '--format', `{{json .NetworkSettings.Networks.${NETWORK}}}`, 'web'),
    );
    expect([shown.Gateway, shown.IPv6Gateway]).toEqual(GATEWAYS);
    expect([`${shown.IPAddress}/24`, `${shown.GlobalIPv6Address}/120`]).toEqual(web);

    await podman.run('rm', '--force', '--time', '0', 'web');
    expect(await held()).toEqual(new Map([[ids[1], db]]));
    await podman.run('rm', '--force', '--time', '0', 'db');
    expect(await held()).toEqual(new Map());
  });

  it('get an address again when they are stopped and started, and hold none meanwhile', async () => {
    expect(await podman.start('phoenix')).toMatchObject({ ok: true });
    const id = await idOf('phoenix');
    const expectAddresses = async () => expect(await held()).toEqual(new Map([[id, await addressesIn('phoenix')]]));
    await expectAddresses();
    await podman.run('stop', '--time', '0', 'phoenix');
    expect(await held()).toEqual(new Map());
    await podman.run('start', 'phoenix');
    expect(await idOf('phoenix')).toBe(id);
    await expectAddresses();
    await podman.run('restart', '--time', '0', 'phoenix');
    await expectAddresses();
    expect(await reaches('phoenix', GATEWAYS[0] ?? '')).toBe(true);
  });

  it('hold nothing any more when they end by themselves or are killed', async () => {
    expect(await podman.start('brief', { command: ['/busybox', 'true'] })).toMatchObject({ ok: true });
    expect(await podman.start('victim')).toMatchObject({ ok: true });
    const victim = await idOf('victim');
    await eventually(async () => ([...(await held()).keys()].join() === victim ? true : undefined));
    await podman.run('kill', 'victim');
    await eventually(async () => ((await held()).size === 0 ? true : undefined));
  });

  it('get the addresses that are asked for, again after a stop and before they have cooled, and nobody else gets them meanwhile', async () => {
    const flags = ['--ip', '10.91.0.77', '--ip6', 'fd00:91::aa'];
    const addresses = ['10.91.0.77/24', 'fd00:91::aa/120'];
    expect(await podman.start('fixed', { flags })).toMatchObject({ ok: true });
    expect(await addressesIn('fixed')).toEqual(addresses);
    const envious = await podman.start('envious', { flags: ['--ip', '10.91.0.77'] });
    expect(envious).toMatchObject({ ok: false, stderr: expect.stringContaining('10.91.0.77') });
    expect(envious.stderr).toContain(`is held by container ${await idOf('fixed')}`);
    await podman.run('stop', '--time', '0', 'fixed');
    expect(await held()).toEqual(new Map());
    await podman.run('start', 'fixed');
    expect(await addressesIn('fixed')).toEqual(addresses);
    await podman.run('rm', '--force', '--time', '0', 'fixed');
    expect(await podman.call('start', 'envious')).toMatchObject({
      ok: false,
      stderr: expect.stringMatching(/10\.91\.0\.77.* cools/),
    });
    await eventually(async () => ((await podman.call('start', 'envious')).ok ? true : undefined));
    expect(await addressesIn('envious')).toEqual(['10.91.0.77/24', 'fd00:91::4d/120']);
  });
});
