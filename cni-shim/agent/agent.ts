/**
 * The node's agent: every few seconds it goes through the journal on disk, which costs no request, and tells the service
 * only what is new.
 */
import type { Calls } from '../api/client.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { type DataDirectories, recordsIn } from '../sync/data-directories.ts';
import { findDeadSandboxes, type Gone, retireDead } from '../sync/dead-sandboxes.ts';
import { isAnythingToFlush } from '../sync/flush.ts';
import { dueBy } from './due.ts';
import { freeSlots } from './free-slots.ts';
import type { Metrics } from './metrics.ts';
import { agentTimes, serviceTeller, type Telling } from './tell-service.ts';

export interface AgentOptions extends DataDirectories, Telling {
  readonly graceMs: number;
}

export interface Agent {
  /** Undefined where the rounds go on, else what is wrong. An API that cannot be reached is nothing of the agent's health. */
  health(): string | undefined;
  /** What is due now. Never throws for what a later round may do. */
  round(): Promise<void>;
  /** Between two rounds: tells the service where there is something to tell. Costs a look into the journal, else nothing. */
  look(): Promise<void>;
}

export function createAgent(options: AgentOptions): Agent {
  const { surroundings, metrics } = options;
  const { now } = surroundings;
  let progressAt = now();
  const goesOn = () => {
    progressAt = now();
  };
  const retire = retiring(options);
  const tell = serviceTeller({ ...options, api: watched(options.api, goesOn) });
  const sweep = dueBy(now);
  const networks = recordsIn(options);
  return {
    async look() {
      if (isAnythingToFlush(networks, now())) await tell(networks, false);
      goesOn();
    },
    health() {
      const since = now() - progressAt;
      return since < 6 * agentTimes.roundMs ? undefined : `nothing has gone on for ${Math.round(since / 1000)} s`;
    },
    async round() {
      for (const records of networks) retire(records);
      measure(metrics, networks, now());
      await tell(networks);
      if (sweep.isIt()) {
        for (const records of networks) records.sweep();
        sweep.in(agentTimes.sweepMs);
      }
      measure(metrics, networks, now());
      goesOn();
      metrics.lastRound.set(Math.round(now() / 1000));
    },
  };
}

/** Frees what ended without a DEL, and remembers from round to round what is gone. */
function retiring(options: AgentOptions): (records: NodeRecords) => void {
  const { metrics, log, graceMs } = options;
  /** By journal. */
  const goneIn = new Map<string, Gone>();
  return (records) => {
    const { dead, gone } = findDeadSandboxes(options, records, goneIn.get(records.path) ?? new Map(), graceMs);
    goneIn.set(records.path, gone);
    for (const { entry, why } of retireDead(records, dead)) {
      metrics.deadSandboxes.inc({ why });
      log('info', 'a container ended without a DEL', { ...entry.attachment, why, pod: entry.pod });
    }
  };
}

function measure(
  { entries, outbox, oldest, blocks, free, lostNow }: Metrics,
  networks: readonly NodeRecords[],
  now: number,
): void {
  const since = networks.map((records) => records.outbox.behind().since ?? now);
  oldest.set(Math.max(0, now - Math.min(now, ...since)) / 1000);
  for (const gauge of [entries, outbox, blocks, free, lostNow]) gauge.reset();
  for (const records of networks) {
    const { journal, outbox: waiting, caches } = records;
    const there = journal.entries();
    const [reports, releases] = [waiting.toReport(), waiting.toRelease()];
    for (const network of new Set([...there, ...releases].map(({ attachment }) => attachment.network))) {
      const ofIt = ({ attachment }: JournalEntry) => attachment.network === network;
      entries.inc({ network }, there.filter(ofIt).length);
      lostNow.inc({ network }, there.filter((entry) => ofIt(entry) && entry.lost === true).length);
      outbox.inc({ network, kind: 'report' }, reports.filter(ofIt).length);
      outbox.inc({ network, kind: 'release' }, releases.filter(ofIt).length);
    }
    for (const cache of caches()) {
      const { pool, blocks: own } = cache;
      blocks.inc({ pool: pool.name }, own.length);
      if (pool.affinity === 'node') free.inc({ pool: pool.name }, freeSlots(records, cache, now));
    }
  }
}

/** Tells of each request that is over, whatever came of it. */
function watched(api: Calls, over: () => void): Calls {
  const watch =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      call(...args).finally(over);
  return {
    allocate: watch(api.allocate),
    release: watch(api.release),
    giveBack: watch(api.giveBack),
    report: watch(api.report),
    batch: watch(api.batch),
    ownLeases: watch(api.ownLeases),
    check: watch(api.check),
    readiness: watch(api.readiness),
    heartbeat: watch(api.heartbeat),
    goodbye: watch(api.goodbye),
  };
}
