/** What an agent says of its node, as operators see it in the list. */
import { expect, test } from 'vitest';
import { serveAgent } from '../../../cni-shim/agent/serve-agent.ts';
import { routes } from '../../../core/contract/routes.ts';
import { listNodes } from '../../../functions/use-cases/nodes/list-nodes.ts';
import { callOf } from '../../functions/world.ts';
import { AgentScene } from './agent-scene.ts';

test('name, version and Region of the node are in the list: the Region is where it is, not where the API is', async () => {
  const scene = await AgentScene.begin();
  try {
    const { node, service } = scene;
    const stopped = new Promise<void>((resolve) => {
      service.fate = ({ path }) => {
        // It is sent before the agent looks into what else there is to do.
        if (path === routes.ownLeases.path) resolve();
        return undefined;
      };
    });
    const surroundings = { ...scene.surroundings, env: { ...node.env, AWS_REGION: 'eu-west-1' } };
    node.writeConfig({ endpoint: 'http://lessor.test', region: 'eu-central-1' });
    const told = { name: 'worker-1', version: '1.2.3', listen: '127.0.0.1:0', graceMs: 0, write: () => {} };
    await serveAgent(surroundings, { ...told, config: node.config, stopped });
    const { nodes } = await listNodes(scene.here.environment(), callOf('ann'), { limit: 10 });
    expect(nodes).toMatchObject([{ node: 'i-1', name: 'worker-1', version: '1.2.3', region: 'eu-west-1' }]);
  } finally {
    scene.node.remove();
  }
});
