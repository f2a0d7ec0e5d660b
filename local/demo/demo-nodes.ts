/** Two nodes of the demonstration: each with its identity, its own configuration file, state directory and, as root, network namespace. */
import { join } from 'node:path';
import { LessorError } from '../../core/contract/problems.ts';
import type { Identity } from '../aws/identities.ts';
import { type CniAnswer, type CniCall, type CniProcess, type CniRuntime, startPlugin } from '../nodes/cni-runtime.ts';
import { writeNodeFiles } from '../nodes/node-files.ts';
import { openNodeNetwork, prerequisites } from '../nodes/node-network.ts';
import { openRunDirectory } from '../run-directory.ts';
import type { LocalStack } from '../stack/stack.ts';
import { demoNetwork } from './demo-network.ts';
import { type Operator, operatorClient } from './operator.ts';
import { writeScripts } from './scripts.ts';

export interface DemoNode {
  /** `node-a` */
  readonly name: string;
  /** The EC2 instance as which the service knows it. */
  readonly id: string;
  readonly runtime: CniRuntime;
}

export interface DemoPod {
  readonly name: string;
  readonly node: DemoNode;
  readonly containerId: string;
  readonly namespace: string | undefined;
  readonly netns: string;
}

export interface DemoNodes {
  readonly nodes: readonly [DemoNode, DemoNode];
  readonly operator: Operator;
  /** Undefined: pods are real; else what is missing for that. */
  readonly leftOut: string | undefined;
  addPod(node: DemoNode, name: string): DemoPod;
  call(verb: 'ADD' | 'DEL', pod: DemoPod): Promise<CniAnswer>;
  /** Connects the two nodes' bridges, once both are there. */
  wire(): void;
  reaches(from: DemoPod, address: string): boolean;
  /** Where the scripts are with which a person may try it. */
  readonly directory: string;
  /** Ends calls that run. Whoever exits without it leaves nothing either, unless killed. */
  stop(): Promise<void>;
}

export async function openDemoNodes(stack: LocalStack, plugin: string): Promise<DemoNodes> {
  const { path: directory, remove } = openRunDirectory('demo');
  const { cniDirectory, missing } = prerequisites();
  const network = cniDirectory === undefined ? undefined : openNodeNetwork(stack.endpoint, directory);
  const open = async (name: string, identity: Identity): Promise<DemoNode> => {
    const namespace = await network?.addNode(name);
    const config = writeNodeFiles(join(directory, name), stack, identity);
    return {
      name,
      id: identity.nodeId ?? name,
      runtime: { plugin, cniDirectory, namespace, environment: { LESSOR_CONFIG: config } },
    };
  };
  const calls = pluginCalls();
  const removeAll = () => {
    process.removeListener('exit', removeAll);
    network?.stop();
    remove();
  };
  process.once('exit', removeAll);
  const stop = async () => {
    await calls.stop();
    removeAll();
  };
  try {
    const [first, second] = stack.nodes;
    const nodes = [await open('node-a', first), await open('node-b', second)] as const;
    writeScripts(directory, stack, nodes[0].runtime);
    return {
      nodes,
      operator: operatorClient(stack.endpoint, stack.region, stack.operator),
      leftOut: network === undefined ? missing.join(', ') : undefined,
      addPod(node, name) {
        const pod = network?.addPod(name);
        const netns = pod?.path ?? `/var/run/netns/${name}`;
        return { name, node, containerId: `${name}-${Date.now().toString(36)}`, namespace: pod?.namespace, netns };
      },
      call: calls.call,
      wire: () => {
        const [a, b] = nodes.map(({ runtime }) => runtime.namespace);
        if (network && a && b) network.wire(a, b, demoNetwork.bridge);
      },
      reaches: (from, address) => from.namespace !== undefined && network?.reaches(from.namespace, address) === true,
      directory,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function pluginCalls() {
  const running = new Set<CniProcess>();
  let stopped = false;
  return {
    call: async (verb: 'ADD' | 'DEL', pod: DemoPod): Promise<CniAnswer> => {
      if (stopped) throw new LessorError('service.unavailable', `${verb} of ${pod.name} comes too late: all is ended`);
      const plugin = startPlugin(pod.node.runtime, callOf(pod, verb));
      running.add(plugin);
      return plugin.ended.finally(() => running.delete(plugin));
    },
    /** Takes no more, and ends those that run: they would write their state anew after it is removed. */
    stop: async () => {
      stopped = true;
      const ending = [...running];
      for (const plugin of ending) plugin.killAll();
      await Promise.allSettled(ending.map(({ ended }) => ended));
    },
  };
}

const callOf = ({ name, containerId, netns }: DemoPod, verb: 'ADD' | 'DEL'): CniCall => ({
  verb,
  containerId,
  ifname: 'eth0',
  netns,
  configuration: demoNetwork,
  args: { K8S_POD_NAMESPACE: 'demo', K8S_POD_NAME: name, K8S_POD_UID: `uid-of-${name}` },
});
