/** What `lessor status` tells of a node: blocks, journal, what waits to be told, a known outage. */
import { type KubernetesStatus, kubernetesStatus } from '../agent/kubernetes-status.ts';
import type { OutageRecord } from '../api/outage.ts';
import { leasesOfDeadLife } from '../node/declared-dead.ts';
import { knownNode } from '../node/identity.ts';
import { addressesOf, type JournalEntry, type Refusal } from '../node/journal-entry.ts';
import type { LostJournal, NodeRecords } from '../node/node-records.ts';
import { recordsIn } from '../sync/data-directories.ts';
import { type DeadSandbox, findDeadSandboxes } from '../sync/dead-sandboxes.ts';
import type { NodeAccess } from '../sync/node-access.ts';

/**
 * `acknowledged`: the service confirmed it. `local`: the container lives with it, and it is to be reported. `asked`: no answer
 * yet. `lost`: the container lives with it, and the service does not have it any more.
 */
export type AttachmentState = 'acknowledged' | 'local' | 'asked' | 'refused' | 'lost' | 'of an earlier boot';

export interface JournalStatus {
  readonly path: string;
  readonly journal: string | undefined;
  readonly attachments: readonly {
    readonly network: string;
    readonly containerId: string;
    readonly ifname: string;
    readonly pod: string | undefined;
    readonly addresses: readonly string[];
    readonly state: AttachmentState;
    /** What the service answered where it refused. */
    readonly refused?: Refusal;
    /** Why the agent would release it, if it goes on like this: its container ended without a DEL. */
    readonly ended?: DeadSandbox['why'];
  }[];
  readonly toReport: number;
  readonly toRelease: number;
  /** Milliseconds since 1970: since when the oldest of it waits to be told. */
  readonly behindSince: number | undefined;
  /** Whom the service takes this node for, as far as it has said so. */
  readonly node: string | undefined;
  /** `lessor leave` has begun and not ended: no ADD begins. */
  readonly leaving: boolean;
  /** The journal before this one, where it was found damaged. */
  readonly lost: LostJournal | undefined;
  /** Containers that live with leases of a life of this node that was declared over. */
  readonly ofDeadLife: number;
  readonly blocks: readonly { readonly pool: string; readonly block: string; readonly generation: number }[];
}

export interface NodeStatus {
  readonly endpoint: string;
  readonly boot: string;
  /** Undefined where the last request was answered. */
  readonly outage: OutageRecord | undefined;
  /** What the agent told Kubernetes last; undefined where it tells it nothing. */
  readonly kubernetes?: KubernetesStatus;
  /** Of each data directory. */
  readonly journals: readonly JournalStatus[];
}

/** Reads the node's files only. */
export function nodeStatus(access: NodeAccess): NodeStatus {
  const { endpoint, bootId, outages } = access;
  const known = outages.flatMap((outage) => outage.current() ?? []);
  const networks = recordsIn(access);
  const [kubernetes] = networks.flatMap((records) => kubernetesStatus(records) ?? []);
  return {
    endpoint: endpoint.origin + endpoint.pathname.replace(/\/$/, ''),
    boot: bootId,
    outage: known.sort((a, b) => a.since - b.since)[0],
    ...(kubernetes === undefined ? {} : { kubernetes }),
    journals: networks.map((records) => journalStatus(access, records)),
  };
}

function journalStatus(access: NodeAccess, records: NodeRecords): JournalStatus {
  const { path, journal, outbox, knownJournalId } = records;
  const { dead } = findDeadSandboxes(access, records, new Map(), 0);
  return {
    path,
    journal: knownJournalId,
    node: knownNode(records),
    leaving: records.leaving.isLeaving(),
    lost: records.lost,
    ofDeadLife: leasesOfDeadLife(records),
    attachments: journal.entries().map((entry) => {
      const state = stateOf(records, entry);
      const ended = dead.find((one) => one.entry.nonce === entry.nonce)?.why;
      return {
        ...entry.attachment,
        pod: entry.pod && `${entry.pod.namespace}/${entry.pod.name}`,
        addresses: addressesOf(entry),
        state,
        ...(state === 'refused' && entry.refused !== undefined ? { refused: entry.refused } : {}),
        ...(ended === undefined ? {} : { ended }),
      };
    }),
    toReport: outbox.toReport().length,
    toRelease: outbox.toRelease().length,
    behindSince: outbox.behind().since,
    blocks: records
      .caches()
      .filter(({ pool }) => pool.affinity === 'node')
      .flatMap(({ pool, blocks }) => blocks.map(({ block, generation }) => ({ pool: pool.name, block, generation }))),
  };
}

function stateOf({ outbox, bootId }: NodeRecords, entry: JournalEntry): AttachmentState {
  if (entry.bootId !== bootId) return 'of an earlier boot';
  if (entry.lost === true) return 'lost';
  if (entry.acknowledged !== undefined) return 'acknowledged';
  if (entry.local !== undefined) return outbox.isReported(entry) ? 'acknowledged' : 'local';
  return entry.refused === undefined ? 'asked' : 'refused';
}
