/**
 * A node on which `lessor` is called alone, without a plugin that makes interfaces, and that tells the service, when a test
 * wants it to, what its agent tells it.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { logFileOf } from '../../cni-shim/machine/node-configuration.ts';
import type { JournalEntry } from '../../cni-shim/node/journal-entry.ts';
import { recordsIn } from '../../cni-shim/sync/data-directories.ts';
import { type Flushed, flushAll } from '../../cni-shim/sync/flush.ts';
import { accessNode } from '../../cni-shim/sync/node-access.ts';
import { type Reconciled, reconcile } from '../../cni-shim/sync/reconcile.ts';
import type { Identity } from '../../local/aws/identities.ts';
import { type CniCall, type CniProcess, type CniRuntime, startPlugin } from '../../local/nodes/cni-runtime.ts';
import { writeNodeFiles } from '../../local/nodes/node-files.ts';
import type { LocalStack } from '../../local/stack/stack.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';

/** A line of the plugin's log. */
export interface CallRecord {
  readonly time: string;
  readonly verb: string;
  readonly ms: number;
  readonly addresses?: readonly string[];
  readonly local?: boolean;
  readonly code?: number;
}

export type Configuration = CniCall['configuration'] & { readonly name: string };

export class LoneNode {
  /** As the service knows it. */
  readonly id: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'lessor-test-'));
  readonly #runtime: CniRuntime;
  readonly #config: string;

  private constructor(plugin: string, stack: LocalStack, identity: Identity) {
    this.id = identity.nodeId ?? identity.name;
    this.#config = writeNodeFiles(join(this.#directory, 'node'), stack, identity);
    const environment = { LESSOR_CONFIG: this.#config };
    this.#runtime = { plugin, cniDirectory: undefined, namespace: undefined, environment };
  }

  /** @param endpoint of the API, as this node sees it */
  static async start(stack: LocalStack, identity: Identity, endpoint = stack.endpoint): Promise<LoneNode> {
    const { path } = await buildPlugin();
    return new LoneNode(path, { ...stack, endpoint }, identity);
  }

  call(verb: 'ADD' | 'DEL', containerId: string, configuration: Configuration): CniProcess {
    const netns = `/var/run/netns/${containerId}`;
    return startPlugin(this.#runtime, { verb, containerId, ifname: 'eth0', netns, configuration });
  }

  /** Resolves once it has ended. */
  startAgent(): { kill(): Promise<void> } {
    const { plugin, environment } = this.#runtime;
    // Nobody makes network namespaces here.
    const args = ['agent', '--config', this.#config, '--listen', '127.0.0.1:0', '--grace', '3600'];
    const agent = spawn(plugin, args, { env: { PATH: process.env.PATH ?? '', ...environment }, stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => agent.once('exit', () => resolve()));
    return {
      kill() {
        agent.kill('SIGKILL');
        return ended;
      },
    };
  }

  /** What its journals have. */
  entries(): JournalEntry[] {
    return recordsIn(this.#access()).flatMap(({ journal }) => journal.entries());
  }

  /** Tells the service what happened while it could not be reached. */
  flush(): Promise<Flushed> {
    const access = this.#access();
    return flushAll(access, recordsIn(access), access.api);
  }

  /** Releases what the table has of this node without a reason. */
  reconcile(): Promise<Reconciled> {
    const { api, bootId, ...directories } = this.#access();
    return reconcile({ api, bootId, candidates: recordsIn({ bootId, ...directories }) });
  }

  /** Each call, in the order in which they ended. */
  calls(): CallRecord[] {
    const log = logFileOf({ config: this.#config }, machineUnderNode()) ?? '';
    const files = [`${log}.1`, log].filter((file) => existsSync(file));
    const lines = files.flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'));
    return lines.map((line) => JSON.parse(line) as CallRecord);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #access() {
    return accessNode(machineUnderNode(), { config: this.#config });
  }
}
