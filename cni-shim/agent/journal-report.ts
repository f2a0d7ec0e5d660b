/** What the agent tells the service of its journals with a heartbeat, and when it does so before the next one is due. */
import type { JournalReport } from '../../core/contract/heartbeat.ts';
import { most } from '../../core/contract/limits.ts';
import { addressesOf, type JournalEntry, slotsLivedWith, slotsOf } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { dueBy } from './due.ts';

export interface JournalNotes {
  /** The table was compared with the journals. */
  reconciled(): void;
  /** A request was not answered. */
  away(): void;
  /** A heartbeat was answered. */
  reached(): void;
  /** Whether a lease was lost or is it no longer since the last report, or the outbox is old or no longer. */
  isTurned(networks: readonly NodeRecords[]): boolean;
  report(networks: readonly NodeRecords[]): JournalReport;
}

/** What waits for longer than any pool lets a node gather is not under way: the service refuses it, or is not reached. */
const OLD_MS = 10 * 60_000;
/** Between two reports that something has turned. */
const TURNED_MS = 60_000;

export function journalNotes(now: () => number): JournalNotes {
  const early = dueBy(now);
  let told = '';
  let reconciledAt: number | undefined;
  let awaySince: number | undefined;
  let outage: JournalReport['outage'];
  return {
    reconciled() {
      reconciledAt = now();
    },
    away() {
      awaySince ??= now();
    },
    reached() {
      awaySince = undefined;
    },
    isTurned: (networks) => early.isIt() && concernsOf(networks, now()) !== told,
    report(networks) {
      told = concernsOf(networks, now());
      early.in(TURNED_MS);
      if (awaySince !== undefined) outage = { from: timeText(awaySince), to: timeText(now()) };
      return {
        ...countsOf(networks, now()),
        ...(reconciledAt === undefined ? {} : { reconciledAt: timeText(reconciledAt) }),
        ...(outage === undefined ? {} : { outage }),
      };
    },
  };
}

const timeText = (at: number): string => new Date(at).toISOString();
const lostIn = (networks: readonly NodeRecords[]): JournalEntry[] =>
  networks.flatMap(({ journal }) => journal.entries()).filter(({ lost }) => lost === true);

/** Milliseconds for which the oldest has waited that the service is still to be told; undefined where nothing is. */
function oldestOf(networks: readonly NodeRecords[], now: number): number | undefined {
  const since = networks.flatMap((records) => records.outbox.behind().since ?? []);
  return since.length === 0 ? undefined : Math.max(0, now - Math.min(...since));
}

/** Somebody has to look at it: the same text as long as it is the same. */
const concernsOf = (networks: readonly NodeRecords[], now: number): string =>
  [
    ...lostIn(networks)
      .map(({ nonce }) => nonce)
      .sort(),
    ...((oldestOf(networks, now) ?? 0) >= OLD_MS ? ['old'] : []),
  ].join(' ');

function countsOf(networks: readonly NodeRecords[], now: number): JournalReport {
  const sum = (count: (records: NodeRecords) => number) => networks.reduce((all, records) => all + count(records), 0);
  const oldest = oldestOf(networks, now);
  const lost = lostIn(networks);
  return {
    attachments: sum(({ journal }) => journal.entries().length),
    held: sum(heldBy),
    mayHold: sum(({ journal, outbox }) => [...journal.entries(), ...outbox.toRelease()].reduce(slotsAtMost, 0)),
    local: sum(({ outbox }) => outbox.toReport().length),
    outbox: sum(({ outbox }) => outbox.behind().count),
    ...(oldest === undefined ? {} : { outboxOldestSeconds: Math.round(oldest / 1000) }),
    lost: lost.length,
    lostLeases: firstOf(lost),
    blocks: sum((records) =>
      records.caches().reduce((all, { pool, blocks }) => all + (pool.affinity === 'node' ? blocks.length : 0), 0),
    ),
  };
}

/** What was answered or reported in this boot, and is not about to be released. */
const heldBy = ({ journal, outbox, bootId }: NodeRecords): number =>
  journal
    .entries()
    .filter(({ ended, lost, bootId: boot }) => ended !== true && lost !== true && boot === bootId)
    .filter((entry) => entry.acknowledged !== undefined || (entry.local !== undefined && outbox.isReported(entry)))
    .reduce((all, entry) => all + slotsLivedWith(entry).length, 0);

/** An entry that knows of no slot may have been granted one. */
const slotsAtMost = (all: number, entry: JournalEntry): number => all + Math.max(1, slotsOf(entry).length);

/** As many as have room: names may be long. */
function firstOf(lost: readonly JournalEntry[]): JournalReport['lostLeases'] {
  const some = lost.slice(0, most.lostLeases).map((entry) => ({
    addresses: addressesOf(entry).slice(0, most.lostAddresses),
    containerId: entry.attachment.containerId,
    ...(entry.pod === undefined ? {} : { pod: `${entry.pod.namespace}/${entry.pod.name}` }),
  }));
  while (new TextEncoder().encode(JSON.stringify(some)).length > most.lostBytes) some.pop();
  return some;
}
