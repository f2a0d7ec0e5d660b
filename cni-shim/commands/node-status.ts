/** What `lessor status` tells of a node: blocks, journal, what waits to be told, a known outage. */
import type { Attachment } from '../../core/contract/ids.ts';
import type { OutageRecord } from '../api/outage.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import type { NetworkRecords } from '../node/network-records.ts';
import { recordsIn } from '../sync/data-directories.ts';
import type { NodeAccess } from '../sync/node-access.ts';

export interface NetworkStatus {
  readonly network: string;
  readonly journal: string | undefined;
  readonly attachments: readonly {
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
  readonly networks: readonly NetworkStatus[];
}

/** Reads the node's files only. */
export function nodeStatus(access: NodeAccess): NodeStatus {
  const { endpoint, bootId, outages } = access;
  const known = outages.flatMap((outage) => outage.current() ?? []);
  return {
    endpoint: endpoint.origin + endpoint.pathname.replace(/\/$/, ''),
    boot: bootId,
    outage: known.sort((a, b) => a.since - b.since)[0],
    networks: recordsIn(access).map((records) => networkStatus(records, bootId)),
  };
}

function networkStatus(records: NetworkRecords, bootId: string): NetworkStatus {
  const { name, journal, outbox, knownJournalId } = records;
  return {
    network: name,
    journal: knownJournalId,
    attachments: journal.entries().map((entry) => ({
      ...identityOf(entry.attachment),
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

const identityOf = ({ containerId, ifname }: Attachment) => ({ containerId, ifname });

function stateOf({ outbox }: NetworkRecords, entry: JournalEntry, bootId: string) {
  if (entry.bootId !== bootId) return 'of an earlier boot';
  if (entry.acknowledged !== undefined) return 'acknowledged';
  if (entry.local === undefined) return 'asked';
  return outbox.isReported(entry) ? 'acknowledged' : 'local';
}
