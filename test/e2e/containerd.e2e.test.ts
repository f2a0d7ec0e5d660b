/** containerd, asked as the kubelet asks it, runs sandboxes on a list of plugins of which the first one asks `lessor` for addresses. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { prerequisites } from '../../local/nodes/node-network.ts';
import { type Containerd, missingForContainerd, openContainerd } from '../support/containerd.ts';
import { available } from '../support/prerequisite.ts';
import { openTestBed, type TestBed } from '../support/test-bed.ts';

const { cniDirectory, missing } = prerequisites();
const PODS = 'pods';

describe.runIf(available('containerd', [...missing, ...missingForContainerd()]))('sandboxes of containerd', () => {
  let testBed: TestBed;
  let config: string;
  let containerd: Containerd;

  beforeAll(async () => {
    testBed = await openTestBed({ inlinePoolCooldownSeconds: '0' });
    const { plugin, directory } = testBed;
    const { namespace, environment } = await testBed.addNode('node');
    config = environment.LESSOR_CONFIG ?? '';
    const network = (name: string, bridge: string, ranges: unknown) => ({
      cniVersion: '1.0.0',
      name,
      plugins: [{ type: 'bridge', bridge, isGateway: true, ipam: { type: 'lessor', config, ranges } }],
    });
    mkdirSync(join(directory, 'containerd'));
    containerd = await openContainerd({
      namespace,
      directory: join(directory, 'containerd'),
      pluginDirectories: [dirname(plugin), cniDirectory ?? ''],
      networks: [network(PODS, 'cni0', [[{ subnet: '10.92.0.0/24' }], [{ subnet: 'fd00:92::/120' }]])],
    });
  });
  afterAll(async () => {
    await containerd?.stop();
    await testBed?.close();
  });

  /** What the table has, by container. */
  const held = async () => {
    const { leases } = await testBed.operator.ask('listLeases', { path: { pool: PODS } });
    const rows = leases.filter(({ state }) => state === 'held');
    return new Map(
      rows.map(({ attachment, addresses }) => [
        attachment.containerId,
        addresses.map((address) => address.split('/')[0]),
      ]),
    );
  };
  const namespaces = async () => (await containerd.namespaces.run('ls', '/run/netns')).split('\n').filter(Boolean);

  afterEach(async () => {
    expect(await held()).toEqual(new Map());
    expect(await namespaces()).toEqual([]);
  });

  it('get an address of each family and give them back', async () => {
    const { cri } = containerd;
    const id = await cri.run('web');
    const status = await cri.status(id);
    expect(status).toMatchObject({ isReady: true });
    expect(await held()).toEqual(new Map([[id, status.addresses]]));
    await cri.stop(id);
    await cri.remove(id);
    expect(await cri.list()).toEqual([]);
  });
});
