/** Two nodes of the demonstration: each with its identity, its own configuration file, state directory and, as root, network namespace. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import color from 'picocolors';
import type { Identity } from '../aws/identities.ts';
import { type CniAnswer, type CniRuntime, callPlugin } from '../nodes/cni-runtime.ts';
import { writeNodeFiles } from '../nodes/node-files.ts';
import { openNodeNetwork, prerequisites } from '../nodes/node-network.ts';
import type { LocalStack } from '../stack/stack.ts';
import { demoNetwork } from './demo-network.ts';
import { type Operator, operatorClient } from './operator.ts';

export interface DemoNode {
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
  /** What a person may try while the stack is up. */
  invitation(): string;
  stop(): void;
}

export async function openDemoNodes(stack: LocalStack, plugin: string): Promise<DemoNodes> {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-'));
  const { cniDirectory, missing } = prerequisites();
  const network = cniDirectory === undefined ? undefined : openNodeNetwork(stack.endpoint, directory);
  const open = async (name: string, identity: Identity): Promise<DemoNode> => {
    const namespace = await network?.addNode(name);
    const config = writeNodeFiles(join(directory, name), stack, identity);
    return {
      id: identity.nodeId ?? name,
      runtime: { plugin, cniDirectory, namespace, environment: { LESSOR_CONFIG: config } },
    };
  };
  const stop = () => {
    network?.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const [first, second] = stack.nodes;
    const nodes = [await open('node-a', first), await open('node-b', second)] as const;
    const curlFile = join(directory, 'operator.curl');
    writeFileSync(curlFile, curlConfiguration(stack), { mode: 0o600 });
    const configurationFile = join(directory, 'network.json');
    writeFileSync(configurationFile, JSON.stringify(demoNetwork));
    return {
      nodes,
      operator: operatorClient(stack.endpoint, stack.region, stack.operator),
      leftOut: network === undefined ? missing.join(', ') : undefined,
      addPod(node, name) {
        const pod = network?.addPod(name);
        const netns = pod?.path ?? `/var/run/netns/${name}`;
        return { name, node, containerId: `${name}-${Date.now().toString(36)}`, namespace: pod?.namespace, netns };
      },
      call: (verb, { name, node, containerId, netns }) =>
        callPlugin(node.runtime, {
          verb,
          containerId,
          ifname: 'eth0',
          netns,
          configuration: demoNetwork,
          args: { K8S_POD_NAMESPACE: 'demo', K8S_POD_NAME: name, K8S_POD_UID: `uid-of-${name}` },
        }),
      wire: () => {
        const [a, b] = nodes.map(({ runtime }) => runtime.namespace);
        if (network && a && b) network.wire(a, b, demoNetwork.bridge);
      },
      reaches: (from, address) => from.namespace !== undefined && network?.reaches(from.namespace, address) === true,
      invitation: () => invitation(stack, nodes[0], { curlFile, configurationFile }),
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** For `curl --config`: so that no credential is on a command line. */
function curlConfiguration({ operator, region }: LocalStack): string {
  const lines = [
    'silent',
    `aws-sigv4 = "aws:amz:${region}:execute-api"`,
    `user = "${operator.accessKeyId}:${operator.secretAccessKey}"`,
  ];
  if (operator.sessionToken !== undefined) lines.push(`header = "x-amz-security-token: ${operator.sessionToken}"`);
  return `${lines.join('\n')}\n`;
}

function invitation(
  { endpoint }: LocalStack,
  { runtime }: DemoNode,
  { curlFile, configurationFile }: { curlFile: string; configurationFile: string },
): string {
  const call = (verb: string) =>
    `  LESSOR_CONFIG=${runtime.environment.LESSOR_CONFIG} CNI_COMMAND=${verb} CNI_CONTAINERID=mine CNI_NETNS=/var/run/netns/mine \\\n` +
    `    CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni ${runtime.plugin} < ${configurationFile}`;
  return `
${color.bold(`The API is at ${endpoint}; Ctrl-C ends everything.`)} Try, in another terminal:

${color.dim('# an address for a container of yours, with your own configuration in place of the file, and back')}
${call('ADD')}
${call('DEL')}

${color.dim("# the pool's leases, the pools, the nodes that were declared dead")}
  curl --config ${curlFile} ${endpoint}/v1/pools/${demoNetwork.name}/leases
  curl --config ${curlFile} ${endpoint}/v1/pools
  curl --config ${curlFile} ${endpoint}/v1/deaths
`;
}
