/** What `lessor status` tells of a node: blocks, journal, what waits to be told, a known outage. */
import type { OutageRecord } from '../api/outage.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { recordsIn } from '../sync/data-directories.ts';
import type { NodeAccess } from '../sync/node-access.ts';

export interface JournalStatus {
  readonly path: string;
  readonly journal: string | undefined;
  readonly attachments: readonly {
    readonly network: string;
    readonly containerId: string;
    readonly ifname: string;
    readonly pod: string | undefined;
    readonly addresses: readonly string[];
    /** `acknowledged`: the service confirmed it. `local`: to be reported. `asked`: no answer yet. */
    readonly state: 'acknowledged' | 'local' | 'asked' | 'of an earlier boot';
  }[];
  readonly toReport: number;
  readonly toRelease: number;
  readonly blocks: readonly { readonly pool: string; readonly block: string; readonly generation: number }[];
}

export interface NodeStatus {
  readonly endpoint: string;
  readonly boot: string;
  /** Undefined where the last request was answered. */
  readonly outage: OutageRecord | undefined;
  /** Of each data directory. */
  readonly journals: readonly JournalStatus[];
}

/** Reads the node's files only. */
export function nodeStatus(access: NodeAccess): NodeStatus {
  const { endpoint, bootId, outages } = access;
  const known = outages.flatMap((outage) => outage.current() ?? []);
  return {
    endpoint: endpoint.origin + endpoint.pathname.replace(/\/$/, ''),
    boot: bootId,
    outage: known.sort((a, b) => a.since - b.since)[0],
    journals: recordsIn(access).map((records) => journalStatus(records, bootId)),
  };
}

function journalStatus(records: NodeRecords, bootId: string): JournalStatus {
  const { path, journal, outbox, knownJournalId } = records;
  return {
    path,
    journal: knownJournalId,
    attachments: journal.entries().map((entry) => ({
      ...entry.attachment,
      pod: entry.pod && `${entry.pod.namespace}/${entry.pod.name}`,
      addresses: (entry.acknowledged ?? entry.local)?.addresses.map(({ address }) => address) ?? [],
      state: stateOf(records, entry, bootId),
    })),
    toReport: outbox.toReport().length,
    toRelease: outbox.toRelease().length,
    blocks: records
      .caches()
      .filter(({ pool }) => pool.affinity === 'node')
      .flatMap(({ pool, blocks }) => blocks.map(({ block, generation }) => ({ pool: pool.name, block, generation }))),
  };
}

function stateOf({ outbox }: NodeRecords, entry: JournalEntry, bootId: string) {
  if (entry.bootId !== bootId) return 'of an earlier boot';
  if (entry.acknowledged !== undefined) return 'acknowledged';
  if (entry.local === undefined) return 'asked';
  return outbox.isReported(entry) ? 'acknowledged' : 'local';
}
