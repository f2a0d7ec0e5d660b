/** What `kubectl describe` shows of a node without addresses and of a pod that waits for one: by kubectl itself. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { noKubectl, type ServedApi, serveApi } from './served.ts';
import { MINUTE_MS, NODE, VoiceScene } from './voice-scene.ts';

describe.skipIf(!available('kubectl describe', noKubectl(), 'may be missing'))('kubectl', () => {
  let scene: VoiceScene;
  let served: ServedApi;
  beforeEach(async () => {
    scene = await VoiceScene.begin();
    served = await serveApi(scene.cluster);
    scene.cluster.put('pods', {
      metadata: { name: 'web-3', namespace: 'shop' },
      spec: { nodeName: NODE, containers: [{ name: 'web', image: 'web' }] },
      status: { phase: 'Pending' },
    });
  });
  afterEach(async () => {
    scene.node.remove();
    await served.stop();
    expect(scene.cluster.wrong).toEqual([]);
  });

  /** Columns apart by one space, and no times. */
  const lines = (text: string): string[] => text.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));

  test('describe shows the taint, the condition and the event of a node without addresses, and nothing of it afterwards', async () => {
    await scene.exhaust();
    await scene.looksFor(5 * MINUTE_MS, ['web-3']);
    const shown = lines(await served.describe('node', NODE));
    expect(shown).toEqual(
      expect.arrayContaining([
        'example.com/kept=for-databases:NoSchedule',
        'lessor.dev/no-addresses:NoSchedule',
        expect.stringMatching(
          /^LessorNoAddresses True .* PoolExhausted network my-bridge-network: pool\.exhausted: Pool green in VRF default \(10\.1\.0\.0\/16\) is exhausted: delete pods, or add ranges to the pool$/,
        ),
        expect.stringMatching(/^Ready True .* KubeletReady kubelet says so$/),
        expect.stringMatching(/^Warning NoAddresses \S+ lessor network my-bridge-network: pool\.exhausted: /),
      ]),
    );
    await scene.remove('web-0');
    await scene.looksFor(5 * MINUTE_MS);
    const after = lines(await served.describe('node', NODE));
    expect(after.filter((line) => line.includes('lessor.dev/no-addresses:NoSchedule'))).toEqual([]);
    expect(after).toEqual(
      expect.arrayContaining([expect.stringMatching(/^LessorNoAddresses False .* AddressesAvailable /)]),
    );
  });

  test('describe shows code, pool and remedy on the pod that was refused, and how often', async () => {
    await scene.exhaust();
    await scene.looksFor(5 * MINUTE_MS, ['web-3']);
    const shown = lines(await served.describe('pod', 'web-3', '--namespace=shop'));
    expect(shown.find((line) => line.includes('AddressRefused'))).toMatch(
      /^Warning AddressRefused \S+ \(x\d+ over \S+\) lessor pool\.exhausted: Pool green in VRF default \(10\.1\.0\.0\/16\) is exhausted: delete pods, or add ranges to the pool \(network my-bridge-network\)$/,
    );
  });
});
