/** A node of a test: its identity, its files, and the compiled plugin called as a container runtime calls it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import type { Identity } from '../../local/aws/identities.ts';
import { type CniResult, demoNetwork } from '../../local/demo/demo-network.ts';
import type { Operator } from '../../local/demo/operator.ts';
import { type CniAnswer, callPlugin, startPlugin } from '../../local/nodes/cni-runtime.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import type { LocalStack } from '../../local/stack/stack.ts';

export interface PluginNode {
  readonly id: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  call(verb: 'ADD' | 'DEL', containerId: string): Promise<CniAnswer>;
  /** Starts an ADD whose process the test may kill. */
  start(containerId: string): { kill(): void; readonly ended: Promise<void> };
  remove(): void;
}

export interface CniError {
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

export async function pluginNode(stack: LocalStack, identity: Identity): Promise<PluginNode> {
  const { path: plugin } = await buildPlugin();
  const directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
  const environment = { LESSOR_CONFIG: writeNodeFiles(join(directory, 'node'), stack, identity) };
  const runtime = { plugin, cniDirectory: undefined, namespace: undefined, environment };
  const about = (containerId: string) => ({
    containerId,
    ifname: 'eth0',
    netns: `/var/run/netns/${containerId}`,
    configuration: demoNetwork,
  });
  return {
    id: identity.nodeId ?? identity.name,
    directory,
    environment,
    call: (verb, containerId) => callPlugin(runtime, { verb, ...about(containerId) }),
    start(containerId) {
      const { kill, ended } = startPlugin(runtime, { verb: 'ADD', ...about(containerId) });
      return { kill, ended: ended.then(() => {}) };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The address of an ADD that succeeded; what was printed, where it did not. */
export function addressOf({ ok, output }: CniAnswer): string {
  if (!ok) throw new Error(`ADD failed: ${JSON.stringify(output)}`);
  return (output as CniResult).ips[0]?.address ?? 'none';
}

export const errorOf = ({ ok, output }: CniAnswer): CniError => {
  if (ok) throw new Error(`it succeeded: ${JSON.stringify(output)}`);
  return output as CniError;
};

/** Every lease of the demonstration's pool, whatever its state. */
export async function leasesOf(operator: Operator) {
  const { leases, nextCursor } = await operator.ask('listLeases', { path: { pool: demoNetwork.name } });
  if (nextCursor !== undefined) throw new Error('more than one page');
  return leases;
}

/** Repeats `look` until it answers something else than undefined; the test's own time limit ends it. */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((again) => setTimeout(again, 50));
  }
}
