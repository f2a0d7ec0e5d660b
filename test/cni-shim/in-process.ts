/** The plugin's `run` with a machine of its own: a directory, a boot, and an environment; the real files and the real fetch. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../cni-shim/api/client.ts';
import type { Files } from '../../cni-shim/machine/files.ts';
import { machine, type Surroundings } from '../../cni-shim/machine/surroundings.ts';
import type { JournalEntry } from '../../cni-shim/node/journal-entry.ts';
import type { PoolCache } from '../../cni-shim/node/pool-cache.ts';
import { run } from '../../cni-shim/verbs/call.ts';
import { type FakeApi, REGION } from './fake-api.ts';

export const NETWORK = 'my-bridge-network';
/** Enough for a local answer, and soon over where there is none. */
const SHORT: Limits = { attempt: 300, total: 900 };

export const configuration = (ipam: Record<string, unknown> = {}, rest: Record<string, unknown> = {}): string =>
  JSON.stringify({
    cniVersion: '0.3.1',
    name: NETWORK,
    type: 'bridge',
    ipam: {
      type: 'lessor',
      ranges: [[{ subnet: '10.244.0.0/16', rangeStart: '10.244.1.10', rangeEnd: '10.244.1.250' }]],
      routes: [{ dst: '0.0.0.0/0' }],
      ...ipam,
    },
    ...rest,
  });

export interface Called {
  readonly exitCode: number;
  readonly stdout: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was printed
  readonly printed: any;
}

export interface Call {
  readonly stdin?: string;
  readonly env?: Record<string, string | undefined>;
  readonly limits?: Limits;
  readonly surroundings?: Partial<Surroundings>;
}

export class Node {
  readonly directory = mkdtempSync(join(tmpdir(), 'lessor-plugin-'));
  readonly dataDir = join(this.directory, 'data');
  readonly config = join(this.directory, 'node.json');
  bootId = 'boot-1';
  readonly api: FakeApi;

  constructor(api: FakeApi) {
    this.api = api;
    this.writeConfig({});
  }

  get env(): Record<string, string> {
    const { accessKeyId, secretAccessKey, sessionToken = '' } = this.api.identity;
    return {
      LESSOR_CONFIG: this.config,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      CNI_IFNAME: 'eth0',
      CNI_NETNS: '/var/run/netns/pod',
      CNI_PATH: '/usr/lib/cni',
    };
  }

  async call(verb: string, containerId: string, { stdin, env, limits, surroundings }: Call = {}): Promise<Called> {
    const whole = { ...this.env, CNI_COMMAND: verb, CNI_CONTAINERID: containerId, ...env };
    const machinery = { ...machine(whole), bootId: () => this.bootId, ...surroundings };
    const { stdout, exitCode } = await run(machinery, () => stdin ?? configuration(), limits ?? SHORT);
    return { exitCode, stdout, printed: stdout === '' ? undefined : JSON.parse(stdout) };
  }

  add = (containerId: string, call?: Call) => this.call('ADD', containerId, call);
  del = (containerId: string, call?: Call) => this.call('DEL', containerId, call);

  private path = (...names: string[]) => join(this.dataDir, 'networks', NETWORK, ...names);

  entry(containerId: string): JournalEntry | undefined {
    return parsed(this.path('attachments', `${containerId}@eth0`)) as JournalEntry | undefined;
  }

  /** Of each pool from which an address came. */
  get poolCaches(): readonly PoolCache[] {
    return names(this.path('pools')).map((name) => parsed(this.path('pools', name)) as PoolCache);
  }

  /** Where there is one pool: what is known of it. */
  get poolCache(): PoolCache | undefined {
    return this.poolCaches[0];
  }

  /** Names of the marks of this boot. */
  givenBack(): string[] {
    return names(this.path('given-back', this.bootId));
  }

  /** Containers that live with a slot of which the service was not told, and nonces that are to be released. */
  outbox(): { reports: string[]; releases: string[] } {
    const reports = names(this.path('reports')).map((name) => parsed(this.path('reports', name)) as JournalEntry);
    const living = reports.map(({ attachment }) => `${attachment.containerId}@${attachment.ifname}`);
    return { reports: living.sort(), releases: names(this.path('releases')) };
  }

  writePoolCache(text: string): void {
    const [name = '0000000000000001.json'] = names(this.path('pools'));
    mkdirSync(this.path('pools'), { recursive: true });
    writeFileSync(this.path('pools', name), text);
  }

  writeChoices(text: string): void {
    writeFileSync(this.path('choices.json'), text);
  }

  writeConfig(content: Record<string, unknown>): void {
    const { endpoint } = this.api;
    writeFileSync(this.config, JSON.stringify({ endpoint, region: REGION, dataDir: this.dataDir, ...content }));
  }

  /** `<pool>.<block>.<slot>` names and drafts. */
  slots(): string[] {
    return names(this.path('slots'));
  }

  attachments(): string[] {
    return names(this.path('attachments')).filter((name) => !name.startsWith('.'));
  }

  slotPath = (name: string): string => this.path('slots', name);
  attachmentPath = (containerId: string): string => this.path('attachments', `${containerId}@eth0`);

  loseJournal(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** `kill -9` from within: thrown by the file operation at which the process ends, and by every later one. */
class Killed extends Error {}

/** `files` of a process that dies before its operation number `survived` + 1. `count` tells how many it did. */
export function dyingFiles(files: Files, survived: number): { files: Files; count: () => number } {
  let done = 0;
  const guarded = Object.fromEntries(
    Object.entries(files).map(([name, operation]) => [
      name,
      (...args: unknown[]) => {
        if (done >= survived) throw new Killed(`before ${name}`);
        done++;
        return (operation as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  );
  return { files: guarded as unknown as Files, count: () => done };
}
