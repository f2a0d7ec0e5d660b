/** The plugin's `run` with a machine of its own: a directory, a boot, and an environment; the real files and the real fetch. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../cni-shim/api/time-limits.ts';
import type { Row, Value } from '../../cni-shim/machine/database.ts';
import { inDataDir } from '../../cni-shim/machine/layout.ts';
import type { Surroundings } from '../../cni-shim/machine/surroundings.ts';
import type { JournalEntry } from '../../cni-shim/node/journal-entry.ts';
import type { PoolCache } from '../../cni-shim/node/pool-cache.ts';
import { run } from '../../cni-shim/verbs/call.ts';
import { libsqlDatabase, processDatabases } from '../support/libsql-database.ts';
import { machineUnderNode } from '../support/machine-under-node.ts';
import { type FakeApi, REGION } from './fake-api.ts';

export const NETWORK = 'my-bridge-network';
/** Enough for a local answer, and soon over where there is none. */
const SHORT: Limits = { attempt: 300, total: 900 };
/** For tests in which somebody always answers: a machine with other work answers late. */
export const PATIENT: Limits = { attempt: 20_000, total: 20_000 };

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
  readonly dataDir: string;
  readonly config = join(this.directory, 'node.json');
  bootId = 'boot-1';
  /** Of each call that has none of its own. */
  limits = SHORT;
  /** As the compiled plugin finds it here. */
  machineId = machineUnderNode().machineId();
  readonly api: FakeApi;

  /** @param dataDir one of its own, unless another node shares it */
  constructor(api: FakeApi, dataDir?: string) {
    this.api = api;
    this.dataDir = dataDir ?? join(this.directory, 'data');
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
    const machinery = { ...machineUnderNode(whole), ...this.here, ...surroundings };
    const { openDatabase, end } = processDatabases(machinery.openDatabase);
    try {
      const called = await run({ ...machinery, openDatabase }, () => stdin ?? configuration(), limits ?? this.limits);
      const { stdout, exitCode } = called;
      return { exitCode, stdout, printed: stdout === '' ? undefined : JSON.parse(stdout) };
    } finally {
      end();
    }
  }

  add = (containerId: string, call?: Call) => this.call('ADD', containerId, call);
  del = (containerId: string, call?: Call) => this.call('DEL', containerId, call);

  /** What this node is, for whoever works in its place. */
  get here(): Pick<Surroundings, 'bootId' | 'machineId'> {
    return { bootId: () => this.bootId, machineId: () => this.machineId };
  }

  get journalPath(): string {
    return inDataDir(this.dataDir).journal(this.machineId);
  }

  /** None where there is no journal. */
  rows(sql: string, ...values: readonly Value[]): Row[] {
    if (!existsSync(this.journalPath)) return [];
    const database = libsqlDatabase(this.journalPath);
    try {
      return database.all(sql, ...values);
    } finally {
      database.close();
    }
  }

  /** Changes rows of the journal as nothing of the plugin does. How many. */
  write(sql: string, ...values: readonly Value[]): number {
    const database = libsqlDatabase(this.journalPath);
    try {
      return database.run(sql, ...values);
    } finally {
      database.close();
    }
  }

  /** Of each network. */
  entries(): JournalEntry[] {
    return this.rows('SELECT entry FROM lease').map(({ entry }) => JSON.parse(String(entry)) as JournalEntry);
  }

  entry(containerId: string): JournalEntry | undefined {
    return this.entries().find(
      ({ attachment }) =>
        attachment.network === NETWORK && attachment.containerId === containerId && attachment.ifname === 'eth0',
    );
  }

  /** The attachment's rows are gone, as no part of the plugin takes them away. */
  loseEntry(containerId: string): void {
    const nonce = this.entry(containerId)?.nonce ?? '';
    this.write('DELETE FROM slot WHERE nonce = ?', nonce);
    this.write('DELETE FROM lease WHERE nonce = ?', nonce);
  }

  /** Of each pool from which an address came. */
  get poolCaches(): readonly PoolCache[] {
    return this.rows('SELECT cache FROM pool ORDER BY id').map(({ cache }) => parsed(cache) as PoolCache);
  }

  /** Where there is one pool: what is known of it. */
  get poolCache(): PoolCache | undefined {
    return this.poolCaches[0];
  }

  /** Claims that were given back in this boot. */
  returnedBlocks(): string[] {
    const rows = this.rows('SELECT * FROM returned_block WHERE boot = ?', this.bootId);
    return rows
      .map(({ pool, block, generation, answered }) =>
        [pool, block, generation, ...(answered === 1 ? ['answered'] : [])].join('.'),
      )
      .sort();
  }

  /** Containers that live with a slot of which the service was not told, and nonces that are to be released. */
  outbox(): { reports: string[]; releases: string[] } {
    const living = this.entries().filter(({ local, reported }) => local !== undefined && reported !== true);
    const releases = this.rows('SELECT nonce FROM outbox ORDER BY nonce').map(({ nonce }) => String(nonce));
    return { reports: living.map(nameOf).sort(), releases };
  }

  writePoolCache(text: string): void {
    if (this.write('UPDATE pool SET cache = ?', text) === 0)
      this.write('INSERT INTO pool VALUES (?, ?)', '0000000000000001', text);
  }

  /** Of each network. */
  writeChoices(text: string): void {
    if (this.write("UPDATE meta SET value = ? WHERE key LIKE 'choices %'", text) === 0)
      throw new Error('no choices yet');
  }

  writeConfig(content: Record<string, unknown>): void {
    const { endpoint } = this.api;
    writeFileSync(this.config, JSON.stringify({ endpoint, region: REGION, dataDir: this.dataDir, ...content }));
  }

  /** `<pool>.<block>.<slot>`, as far as somebody has it. */
  slots(): string[] {
    return this.rows('SELECT pool, block, slot FROM slot')
      .map(({ pool, block, slot }) => `${pool}.${block}.${slot}`)
      .sort();
  }

  attachments(): string[] {
    return this.entries().map(nameOf).sort();
  }

  loseJournal(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const nameOf = ({ attachment }: JournalEntry): string => `${attachment.containerId}@${attachment.ifname}`;

function parsed(text: Value | undefined): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
