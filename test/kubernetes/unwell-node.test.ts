/** That a node speaks to Kubernetes, or did, costs it nothing else: not where its disk fails, its log cannot be read, or it is told to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveAgent } from '../../cni-shim/agent/serve-agent.ts';
import { MINUTE_MS, NODE, VoiceScene } from './voice-scene.ts';

let scene: VoiceScene;
beforeEach(async () => {
  scene = await VoiceScene.begin();
});
afterEach(() => scene.node.remove());

type Surroundings = ReturnType<VoiceScene['surroundings']>;
const failing = (code: string) => Object.assign(new Error(code), { code, syscall: 'read' });

/** The agent until it has logged that a round failed, or went on for a while. */
async function agentLines(
  surroundings: Surroundings,
  kubernetes?: Parameters<typeof serveAgent>[1]['kubernetes'],
): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  await serveAgent(
    { ...surroundings, sleep: () => sleep(1) },
    {
      config: scene.node.config,
      listen: '127.0.0.1:0',
      graceMs: 0,
      name: NODE,
      version: '1.2.3',
      write(line) {
        lines.push(JSON.parse(line));
        if (/a round failed|does not take/.test(line)) stop();
      },
      stopped,
      kubernetes,
    },
  );
  return lines;
}

const inAPod = (surroundings: Surroundings): Surroundings => ({
  ...surroundings,
  env: { ...surroundings.env, KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '1' },
});
const speaking = { directory: '/none', times: { setAfterMs: 0, clearAfterMs: 0 }, taints: true };
const said = (lines: Record<string, unknown>[]) => lines.map(({ message }) => message);

test.each([
  ['not to speak', undefined],
  ['to speak', speaking],
])(
  'an agent that is %s to Kubernetes runs on while the disk fails, and ends as it is told to',
  async (_, kubernetes) => {
    await scene.exhaust();
    const openDatabase = () => {
      throw failing('SQLITE_IOERR');
    };
    const lines = said(await agentLines(inAPod({ ...scene.surroundings(), openDatabase }), kubernetes));
    expect(lines).toContainEqual(expect.stringMatching(/^a round failed: .*SQLITE_IOERR/));
    expect(lines.at(-1)).toBe('the agent stopped');
  },
);

test('an agent whose log cannot be read speaks to Kubernetes all the same', async () => {
  await scene.exhaust();
  const { files, ...surroundings } = scene.surroundings();
  const unreadable = (path: string) => {
    if (path.includes('.log')) throw failing('EACCES');
    return files.read(path);
  };
  const lines = said(await agentLines(inAPod({ ...surroundings, files: { ...files, read: unreadable } }), speaking));
  expect(lines).toContain('the Kubernetes API does not take what this node says');
  expect(lines.at(-1)).toBe('the agent stopped');
});

test('an agent that is told to stop waits for nobody who asked the service and was killed, so that its taint goes in time', async () => {
  await scene.exhaust();
  await scene.looksFor(MINUTE_MS);
  expect(scene.isTainted()).toBe(true);
  scene.pass(MINUTE_MS);
  scene.records().setMeta('verdict asked my-bridge-network', String(scene.here.clock.now));
  scene.stopped = Promise.resolve();
  scene.startAgent();
  const toldAt = scene.here.clock.now;
  await scene.voice.look();
  expect(await scene.voice.end()).toBe(true);
  expect(scene.here.clock.now - toldAt).toBeLessThan(1_000);
  expect(scene.isTainted()).toBe(false);
});
