/** A journal that is lost while the agent waits for an answer: the next one knows nothing of what lives, and nothing is freed by that (I2). */
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { callOf } from '../../functions/world.ts';
import { AgentScene, MINUTE_MS } from './agent-scene.ts';

let scene: AgentScene;
afterEach(() => scene.node.remove());

/** As whoever finds it damaged does; another container's ADD begins the next one. */
function putAside(): void {
  const { dataDir } = scene.node;
  const [directory = ''] = readdirSync(dataDir).filter((name) => !name.includes('.damaged-'));
  renameSync(join(dataDir, directory), join(dataDir, `${directory}.damaged-1-1`));
}

/** The journal is lost when a request of that path is on its way. */
function losesJournalAt(path: string, then: () => Promise<unknown>): void {
  const { fetch } = scene.service;
  let isLost = false;
  scene.service.fetch = async (url, init) => {
    const answer = await fetch(url, init);
    if (!isLost && String(url).endsWith(path)) {
      isLost = true;
      putAside();
      await then();
    }
    return answer;
  };
  scene.startAgent();
}

test.each(['', ', and another one begins'])('while a lease is held again%s: it stays held', async (another) => {
  scene = await AgentScene.begin();
  await declareDeath(scene.here.environment(), callOf('operator'), {
    node: 'i-1',
    reason: 'a mistake',
    alsoIfAlive: true,
  });
  losesJournalAt(routes.report.path, async () => (another === '' ? undefined : scene.add('c')));
  await scene.roundsFor(10 * MINUTE_MS);
  expect(await scene.held()).toEqual(expect.arrayContaining(['a', 'b']));
});

test('while a lease is reported that a node took by itself: it stays held', async () => {
  scene = await AgentScene.begin('delegated');
  await scene.add('c');
  losesJournalAt(routes.batch.path, async () => {});
  await scene.roundsFor(MINUTE_MS);
  expect(await scene.held()).toEqual(['a', 'b', 'c']);
});

test('while a container that lives is added again: it stays held', async () => {
  scene = await AgentScene.begin();
  losesJournalAt(routes.allocate.path, async () => {});
  expect(await scene.call('ADD', 'a')).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('the journal was lost while container a was added again'),
  });
  expect(await scene.held()).toEqual(['a', 'b']);
});
