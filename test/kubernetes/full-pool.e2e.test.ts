/**
 * A pool that is full, an outage, an agent that is killed, and recovery: the compiled plugin and agent, the whole service, and a small
 * Kubernetes API server by TLS, looked at with kubectl where there is one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { isTainted } from '../../cni-shim/kubernetes/node-object.ts';
import { demoNetwork } from '../../local/demo/demo-network.ts';
import { operatorClient } from '../../local/demo/operator.ts';
import { callPlugin } from '../../local/nodes/cni-runtime.ts';
import { type LocalStack, startStack } from '../../local/stack/stack.ts';
import { ApiWeather } from '../e2e/api-weather.ts';
import { errorOf, eventually, type PluginNode, pluginNode } from '../support/plugin-node.ts';
import { ApiServer } from './api-server.ts';
import { rulesOfChart } from './rights.ts';
import { noKubectl, type ServedApi, serveApi } from './served.ts';
import { kubeletsConditions, OTHERS_TAINT } from './voice-scene.ts';

const NODE = 'worker-1';
/** One block of four addresses: this node's. */
const ranges = [[{ subnet: '10.79.0.0/16', rangeStart: '10.79.1.0', rangeEnd: '10.79.1.3', gateway: '10.79.0.1' }]];
const configuration = { ...demoNetwork, ipam: { ...demoNetwork.ipam, ranges } };

let stack: LocalStack;
let weather: ApiWeather;
let node: PluginNode;
let executable: string;
let served: ServedApi;
const cluster = new ApiServer(rulesOfChart());
const agents: { readonly process: ChildProcess; readonly ended: Promise<number | null>; output: string }[] = [];

beforeAll(async () => {
  executable = (await buildPlugin()).path;
  stack = await startStack();
  const operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  await operator.ask('createPool', {
    body: { name: demoNetwork.name, affinity: 'node', blockSize: 4, cooldownSeconds: 0, ranges },
  });
  weather = await ApiWeather.over(stack.endpoint);
  node = await pluginNode({ ...stack, endpoint: weather.endpoint }, stack.nodes[0]);
  served = await serveApi(cluster, true);
  cluster.put('nodes', {
    metadata: { name: NODE },
    spec: { taints: [OTHERS_TAINT] },
    status: { conditions: kubeletsConditions },
  });
});
afterAll(async () => {
  for (const { process } of agents) process.kill('SIGKILL');
  node?.remove();
  await served?.stop();
  await weather?.stop();
  await stack?.stop();
});

const call = (verb: 'ADD' | 'DEL', pod: string) =>
  callPlugin(
    { plugin: executable, cniDirectory: undefined, namespace: undefined, environment: node.environment },
    {
      verb,
      containerId: pod,
      ifname: 'eth0',
      netns: `/var/run/netns/${pod}`,
      configuration,
      args: { K8S_POD_NAMESPACE: 'shop', K8S_POD_NAME: pod, K8S_POD_UID: `uid-of-${pod}` },
    },
  );

function startAgent() {
  const argv = [`--kubernetes=${served.directory}`, '--taint-after=2', '--untaint-after=2', `--name=${NODE}`];
  const env = {
    PATH: process.env.PATH,
    ...node.environment,
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(served.port),
  };
  // What it does with namespaces is none of this test: the pods have none.
  const started = spawn(executable, ['agent', '--listen=127.0.0.1:0', '--grace=86400', ...argv], { env });
  const agent = {
    process: started,
    ended: new Promise<number | null>((ended) => started.once('close', ended)),
    output: '',
  };
  started.stdout.on('data', (chunk: Buffer) => {
    agent.output += chunk.toString();
  });
  agents.push(agent);
  return agent;
}

const taints = () => cluster.get('nodes', NODE).spec.taints ?? [];
const condition = () =>
  cluster.get('nodes', NODE).status.conditions.find(({ type }: { type: string }) => type === 'LessorNoAddresses');
const becomes = (status: string, tainted: boolean) =>
  eventually(() => (condition()?.status === status && isTainted({ taints: taints() }) === tainted) || undefined);
const lines = async (...what: string[]) =>
  (await served.describe(...what)).split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));

it('condition, taint and events come with a full pool, outlive a killed agent, and go with the first DEL', async () => {
  const first = startAgent();
  await becomes('False', false);
  for (const pod of ['web-0', 'web-1', 'web-2', 'web-3']) expect(await call('ADD', pod)).toMatchObject({ ok: true });
  expect(errorOf(await call('ADD', 'web-4'))).toMatchObject({ code: 101 });
  await becomes('True', true);
  expect(condition()).toMatchObject({ reason: 'PoolExhausted', message: expect.stringContaining('pool.exhausted') });
  await eventually(() => cluster.list('events').find(({ involvedObject }) => involvedObject.name === 'web-4'));
  if (noKubectl().length === 0) {
    cluster.put('pods', { metadata: { name: 'web-4', namespace: 'shop' }, spec: { nodeName: NODE, containers: [] } });
    expect(await lines('pod', 'web-4', '--namespace=shop')).toContainEqual(
      expect.stringMatching(/^Warning AddressRefused \S+ lessor pool\.exhausted: Pool my-bridge-network /),
    );
    expect(await lines('node', NODE)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^LessorNoAddresses True .* PoolExhausted network my-bridge-network: pool\.exhausted/),
        expect.stringMatching(/lessor\.dev\/no-addresses:NoSchedule$/),
      ]),
    );
  }
  first.process.kill('SIGKILL');
  await first.ended;
  expect(await call('DEL', 'web-0')).toMatchObject({ ok: true });
  expect(isTainted({ taints: taints() })).toBe(true);

  startAgent();
  await becomes('False', false);
  expect(taints()).toEqual([OTHERS_TAINT]);
  expect(await call('ADD', 'web-4')).toMatchObject({ ok: true });
  expect(cluster.wrong).toEqual([]);
});

it('an outage taints the node once a pod fails for it, and a release that waits for the service is no address yet', async () => {
  await weather.becomes('refused');
  expect(errorOf(await call('ADD', 'web-5'))).toMatchObject({ code: 11 });
  await becomes('True', true);
  expect(await call('DEL', 'web-1')).toMatchObject({ ok: true });
  await weather.becomes('clear');
  await becomes('False', false);
  expect(await call('ADD', 'web-5')).toMatchObject({ ok: true });
});

it('an agent that is told to stop leaves nothing of itself behind, though the Kubernetes API was away meanwhile', async () => {
  const last = agents.at(-1);
  if (last === undefined) throw new Error('no agent runs');
  served.fate = () => 'hang';
  expect(errorOf(await call('ADD', 'web-6'))).toMatchObject({ code: 101 });
  await eventually(() => last.output.includes('does not take what this node says') || undefined);
  served.fate = () => 'answer';
  await becomes('True', true);
  await eventually(() => last.output.includes('takes what this node says again') || undefined);
  last.process.kill('SIGTERM');
  expect(await last.ended).toBe(0);
  expect(taints()).toEqual([OTHERS_TAINT]);
  expect(cluster.get('nodes', NODE).status.conditions).toEqual(kubeletsConditions);
  const said = last.output.split('\n').filter((line) => line.includes('what this node says'));
  expect(said.map((line) => JSON.parse(line).level)).toEqual(['warn', 'info']);
  expect(agents.map(({ output }) => output).join('')).not.toContain(served.token);
  expect(cluster.wrong).toEqual([]);
});
