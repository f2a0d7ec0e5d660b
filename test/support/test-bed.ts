/** Where node-level tests take place: the whole service, a network of nodes, and the compiled plugin. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import type { Identity } from '../../local/aws/identities.ts';
import { type Operator, operatorClient } from '../../local/demo/operator.ts';
import type { CniRuntime } from '../../local/nodes/cni-runtime.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import { type NodeNetwork, openNodeNetwork, prerequisites } from '../../local/nodes/node-network.ts';
import { type LocalStack, type StackOptions, startStack } from '../../local/stack/stack.ts';

export interface TestBed {
  /** Path of the executable. */
  readonly plugin: string;
  readonly stack: LocalStack;
  readonly operator: Operator;
  readonly network: NodeNetwork;
  readonly directory: string;
  /** A node of that name, with files of its own. `identity`: the first node's of the stack if left out. */
  addNode(name: string, identity?: Identity): Promise<CniRuntime & { readonly namespace: string }>;
  close(): Promise<void>;
}

/** `settings`: of the stack, over the local ones. */
export async function openTestBed(settings: NonNullable<StackOptions['settings']> = {}): Promise<TestBed> {
  const { path: plugin } = await buildPlugin();
  const stack = await startStack({ settings });
  const directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
  const network = openNodeNetwork(stack.endpoint, directory);
  return {
    plugin,
    stack,
    operator: operatorClient(stack.endpoint, stack.region, stack.operator),
    network,
    directory,
    async addNode(name, identity = stack.nodes[0]) {
      const namespace = await network.addNode(name);
      const environment = { LESSOR_CONFIG: writeNodeFiles(join(directory, name), stack, identity) };
      return { plugin, cniDirectory: prerequisites().cniDirectory, namespace, environment };
    },
    async close() {
      network.stop();
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
