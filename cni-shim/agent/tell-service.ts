/** What a round of the agent tells the service: that the node is up, what is in the outbox, and what has no reason any more. */
import type { HeartbeatRequest } from '../../core/contract/heartbeat.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { pauseOf } from '../../core/protocol/back-off.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import type { Outage } from '../api/outage.ts';
import { leasesOfDeadLife, noteDeclaredDead, wasDeclaredDead } from '../node/declared-dead.ts';
import { otherIdentity } from '../node/identity.ts';
import type { NodeRecords } from '../node/node-records.ts';
import type { DataDirectories } from '../sync/data-directories.ts';
import { flushAll, isAnythingToFlush } from '../sync/flush.ts';
import { reconcile } from '../sync/reconcile.ts';
import { dueBy } from './due.ts';
import { type JournalNotes, journalNotes } from './journal-report.ts';
import type { Metrics } from './metrics.ts';

export interface Telling extends DataDirectories {
  readonly api: Calls;
  /** Of each data directory. */
  readonly outages: readonly Outage[];
  readonly metrics: Metrics;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, facts?: Record<string, unknown>) => void;
  readonly who: Omit<HeartbeatRequest, 'boot' | 'journal'>;
}

export const agentTimes = {
  roundMs: 10_000,
  /** Where leasing is delegated, the service knows of a lease so soon, if its pool gathers for no longer. */
  lookMs: 1_000,
  heartbeatMs: 10 * 60_000,
  reconcileMs: 6 * 60 * 60_000,
  sweepMs: 60 * 60_000,
  longestPauseMs: 60_000,
  /** While a lease is lost, its slot may come free. */
  lostMs: 60_000,
};

/**
 * One request that is not answered ends it; the pauses until the next try grow.
 * @param isRound where false, what was told is logged by the next round: leases that are delegated are told every second
 */
export type TellService = (networks: readonly NodeRecords[], isRound?: boolean) => Promise<void>;

export function serviceTeller(telling: Telling): TellService {
  const { surroundings, log, metrics, outages } = telling;
  const [heartbeat, comparison, attempt] = [dueBy(surroundings.now), dueBy(surroundings.now), dueBy(surroundings.now)];
  let failures = 0;
  const told = toldSoFar(telling);
  const notes = journalNotes(surroundings.now);

  async function compare(networks: readonly NodeRecords[]): Promise<void> {
    if (networks.length === 0) return;
    const isLost = await compareWithTable(telling, networks);
    notes.reconciled();
    metrics.declaredDead.set(leasesOfDeadLives(networks) > 0 ? 1 : 0);
    comparison.in(isLost ? agentTimes.lostMs : agentTimes.reconcileMs);
  }

  /** @throws LessorError of the request that failed */
  async function tellAll(networks: readonly NodeRecords[], isRound: boolean): Promise<void> {
    const wasAway = failures > 0;
    const renews = wasAway || heartbeat.isIt() || (isRound && notes.isTurned(networks));
    let isDeclaredDead = false;
    if (renews) {
      isDeclaredDead = await sendHeartbeat(telling, networks, notes);
      heartbeat.in(agentTimes.heartbeatMs);
    }
    // Beside the outbox there may be blocks to give back, of which nothing else reminds.
    if (renews || isAnythingToFlush(networks, surroundings.now())) {
      const { isLost, isWaiting, failed } = await flushOutbox(telling, networks, told);
      // Time alone mends it, and all else goes on.
      if (isWaiting) attempt.in(agentTimes.roundMs);
      if (isLost) {
        // It may be a dead container of this node that holds it: what has no reason is released, and later it is reported again.
        await compare(networks);
        attempt.in(agentTimes.longestPauseMs);
      }
      if (failed !== undefined) throw failed;
    }
    if (wasAway || isDeclaredDead || comparison.isIt()) await compare(networks);
  }

  return async (networks, isRound = true) => {
    if (!attempt.isIt()) return;
    const outcome = await outcomeOf(tellAll(networks, isRound));
    if (isRound) told.log();
    if (outcome.kind === 'granted') {
      failures = 0;
      metrics.reachable.set(1);
      return;
    }
    const { error } = outcome;
    const pause = pauseOf({ first: agentTimes.roundMs, longest: agentTimes.longestPauseMs }, failures);
    failures += 1;
    attempt.in(pause);
    if (outcome.kind === 'unanswered') {
      metrics.reachable.set(0);
      notes.away();
      for (const outage of outages) outage.failed(error);
    }
    log('warn', error.message, { code: error.code, againInSeconds: pause / 1000 });
  };
}

interface Told {
  add(reported: number, released: number): void;
  /** What was told since it was logged last. */
  log(): void;
}

function toldSoFar({ log }: Telling): Told {
  const told = { reported: 0, released: 0 };
  return {
    add(reported, released) {
      told.reported += reported;
      told.released += released;
    },
    log() {
      if (told.reported + told.released > 0) log('info', 'told the service what happened meanwhile', { ...told });
      Object.assign(told, { reported: 0, released: 0 });
    },
  };
}

const leasesOfDeadLives = (networks: readonly NodeRecords[]): number =>
  networks.reduce((count, records) => count + leasesOfDeadLife(records), 0);

/** Lives are the node's: what one data directory heard of them counts in all. */
function shareLives(networks: readonly NodeRecords[]): void {
  const newest = (lives: readonly number[]) => Math.max(0, ...lives);
  const told = newest(networks.map(({ lifeTold }) => lifeTold()));
  const left = newest(networks.map(({ leaving }) => leaving.lifeLeft()));
  for (const { knownJournalId, lifeTold, leaving, noteLives } of networks)
    if (knownJournalId !== undefined && (lifeTold() < told || leaving.lifeLeft() < left)) noteLives({ told, left });
}

/** Whether containers live with leases of a life that was declared over. @throws LessorError, also where the service takes this node for another one: then nothing else is told either */
async function sendHeartbeat(
  telling: Telling,
  networks: readonly NodeRecords[],
  notes: JournalNotes,
): Promise<boolean> {
  const { api, bootId, who, outages, log, metrics } = telling;
  const said = { boot: bootId, ...who, journal: notes.report(networks) };
  const answer = await counted(metrics, 'heartbeat', api.heartbeat(said));
  notes.reached();
  for (const outage of outages) outage.reached();
  const declaredDead = wasDeclaredDead(answer, networks);
  for (const records of networks) {
    const other = otherIdentity(records, answer?.node);
    if (other !== undefined) throw other;
    if (declaredDead) noteDeclaredDead(records, answer?.incarnation ?? 0);
  }
  shareLives(networks);
  const living = leasesOfDeadLives(networks);
  metrics.declaredDead.set(declaredDead || living > 0 ? 1 : 0);
  if (declaredDead || living > 0)
    log('error', 'this node was declared dead although it runs: its addresses may be given to others', {
      containers: living,
      remedy: 'drain it and start it again; ask who declared it dead (GET /v1/deaths)',
    });
  return living > 0;
}

/** `isLost`: an address is not this node's any more. `isWaiting`: one still cools. `failed`: why the rest was not told. */
async function flushOutbox(
  telling: Telling,
  networks: readonly NodeRecords[],
  told: Told,
): Promise<{ readonly isLost: boolean; readonly isWaiting: boolean; readonly failed: LessorError | undefined }> {
  const { metrics } = telling;
  const flushing = flushAll(telling, networks, telling.api);
  const { reported, released, failures } = await counted(metrics, 'flush', flushing);
  told.add(reported, released);
  metrics.flushed.inc({ kind: 'report' }, reported);
  metrics.flushed.inc({ kind: 'release' }, released);
  const errors = failures.map(({ error }) => error);
  const [isLost, isWaiting] = [errors.some(({ code }) => code === 'lease.lost'), errors.some(waits)];
  return { isLost, isWaiting, failed: errors.find((error) => error.code !== 'lease.lost' && !waits(error)) };
}

const waits = ({ code }: LessorError): boolean => code === 'address.cooling';

/** Whether a lease is lost. @throws LessorError of the first release or assertion that failed */
async function compareWithTable(telling: Telling, networks: readonly NodeRecords[]): Promise<boolean> {
  const { metrics, log, bootId, api } = telling;
  const comparing = reconcile({ api, bootId, candidates: networks });
  const { lost, heldAgain, unsure, released, failures } = await counted(metrics, 'reconcile', comparing);
  for (const entry of lost) {
    metrics.lost.inc();
    log('error', 'a container lives with an address that the service may give to another one', {
      ...entry.attachment,
      addresses: (entry.acknowledged ?? entry.local)?.addresses,
      pod: entry.pod,
      remedy: 'delete the container; ask what became of its lease (POST /v1/explanations)',
    });
  }
  for (const entry of heldAgain) {
    metrics.heldAgain.inc();
    log('warn', 'the service did not have a lease of a living container, and has it again', { ...entry.attachment });
  }
  for (const { lease, reason } of released) {
    metrics.reconciled.inc({ reason });
    log('info', 'released a lease without a reason', { reason, slot: lease.slot, ...lease.attachment });
  }
  const [failure] = [...unsure, ...failures];
  if (failure !== undefined) throw failure.error;
  return lost.length > 0;
}

async function counted<T>({ requests }: Metrics, call: string, asked: Promise<T>): Promise<T> {
  try {
    const answer = await asked;
    requests.inc({ call, outcome: 'ok' });
    return answer;
  } catch (error) {
    requests.inc({ call, outcome: error instanceof LessorError ? error.code : 'fault' });
    throw error;
  }
}
