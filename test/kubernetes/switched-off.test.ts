/** What a node does with what it told Kubernetes, once it is to tell it no more; and what `lessor status` says of it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kubernetesStatus, noteKubernetesStatus } from '../../cni-shim/agent/kubernetes-status.ts';
import { serveAgent } from '../../cni-shim/agent/serve-agent.ts';
import { runCommand } from '../../cni-shim/commands/command-line.ts';
import { leave } from '../../cni-shim/sync/leave.ts';
import { accessNode } from '../../cni-shim/sync/node-access.ts';
import { MINUTE_MS, NODE, VoiceScene } from './voice-scene.ts';

let scene: VoiceScene;
beforeEach(async () => {
  scene = await VoiceScene.begin();
  await scene.exhaust();
  await scene.looksFor(MINUTE_MS);
  expect(scene.isTainted()).toBe(true);
});
afterEach(() => scene.node.remove());

/** The agent as it starts, until it has logged that it runs. */
async function agentLines(over: Partial<Parameters<typeof serveAgent>[1]> = {}): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  await serveAgent(scene.surroundings(), {
    config: scene.node.config,
    listen: '127.0.0.1:0',
    graceMs: 0,
    name: NODE,
    version: '1.2.3',
    write: (line) => {
      lines.push(JSON.parse(line));
      if (line.includes('the agent runs')) stop();
    },
    stopped,
    ...over,
  });
  return lines;
}
/** But what the service, which this agent does not reach, is to blame for. */
const warnings = (lines: Record<string, unknown>[]) =>
  lines.filter(({ level, code }) => level === 'warn' && code === undefined);

test('an agent that is to tell Kubernetes nothing says once how to take away what was left', async () => {
  noteKubernetesStatus(scene.records(), scene.voice.status);
  expect(warnings(await agentLines())).toMatchObject([
    { remedy: `kubectl taint nodes ${NODE} lessor.dev/no-addresses:NoSchedule-` },
  ]);
  expect(warnings(await agentLines())).toEqual([]);
});

test('an agent that is no pod says so in one line, and goes on', async () => {
  const kubernetes = { directory: '/none', times: { setAfterMs: 0, clearAfterMs: 0 }, taints: true };
  expect(warnings(await agentLines({ kubernetes }))).toMatchObject([
    { message: 'Kubernetes is told nothing: it is not known where the Kubernetes API is' },
  ]);
});

test('a node that has left is not tainted again for what was refused before', async () => {
  for (const pod of ['web-0', 'web-1', 'web-2', 'web-3']) await scene.remove(pod);
  const access = accessNode(scene.surroundings(), { config: scene.node.config });
  await leave({ ...access, api: { ...access.api, ...scene.client() } }, [scene.records()]);
  await scene.looksFor(10 * MINUTE_MS);
  expect(scene.isTainted()).toBe(false);
});

test('no journal is made for it: one that an agent made would count as one that knows every container', async () => {
  scene.node.loseJournal();
  noteKubernetesStatus(scene.records(), scene.voice.status);
  expect([scene.records().knownJournalId, kubernetesStatus(scene.records())]).toEqual([undefined, undefined]);
});

test('status shows condition, taint, events and trouble', async () => {
  noteKubernetesStatus(scene.records(), { ...scene.voice.status, trouble: 'nodes is forbidden' });
  let out = '';
  const terminal = {
    print: (text: string) => {
      out += text;
    },
    complain: () => {},
  };
  await runCommand(['status', '--config', scene.node.config], { surroundings: scene.surroundings(), terminal });
  expect(out).toMatch(/^Kubernetes +worker-1 has the taint that keeps pods away; events \d+ sent, 0 left out$/m);
  expect(out).toMatch(/^ +LessorNoAddresses True, PoolExhausted: network my-bridge-network: pool\.exhausted: /m);
  expect(out).toMatch(/^ +it does not take what this node says: nodes is forbidden$/m);
});
