/**
 * The node's agent: every few seconds it goes through the journal on disk, which costs no request, and tells the service
 * only what is new. It frees what died without a DEL, reports what began while the API could not be reached, and renews when
 * the node was last seen.
 */

import type { HeartbeatRequest } from '../../core/contract/nodes.ts';
import { isUnanswered, LessorError } from '../../core/contract/problems.ts';
import { pauseOf } from '../../core/protocol/back-off.ts';
import type { Calls } from '../api/client.ts';
import type { Reachability } from '../api/outage.ts';
import type { NetworkRecords } from '../node/network-records.ts';
import { reconcile } from '../sync/reconcile.ts';
import { bury, findDeaths, type Gone, hasUnsettled, type Place, recordsIn, settleAll } from '../sync/round.ts';
import { Due } from './due.ts';
import type { Metrics } from './metrics.ts';

export interface AgentOptions extends Place {
  readonly api: Calls;
  /** Of each data directory. */
  readonly reachability: readonly Reachability[];
  readonly metrics: Metrics;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, facts?: Record<string, unknown>) => void;
  readonly who: Omit<HeartbeatRequest, 'boot'>;
  readonly graceMs: number;
}

export const agentTimes = {
  roundMs: 10_000,
  heartbeatMs: 10 * 60_000,
  reconcileMs: 6 * 60 * 60_000,
  sweepMs: 60 * 60_000,
  longestPauseMs: 60_000,
};

export class Agent {
  readonly #options: AgentOptions;
  readonly #api: Calls;
  readonly #heartbeat: Due;
  readonly #reconciliation: Due;
  readonly #sweep: Due;
  /** Of anything that needs the API. */
  readonly #try: Due;
  /** By directory of the network. */
  readonly #gone = new Map<string, Gone>();
  #progressAt: number;
  #failures = 0;

  constructor(options: AgentOptions) {
    const { now } = options.surroundings;
    this.#options = options;
    this.#api = watched(options.api, () => this.#goesOn());
    this.#heartbeat = new Due(now);
    this.#reconciliation = new Due(now);
    this.#sweep = new Due(now);
    this.#try = new Due(now);
    this.#progressAt = now();
  }

  /** Undefined where the rounds go on. That the API cannot be reached is no illness of the agent's. */
  illness(): string | undefined {
    const since = this.#options.surroundings.now() - this.#progressAt;
    return since < 6 * agentTimes.roundMs ? undefined : `nothing has gone on for ${Math.round(since / 1000)} s`;
  }

  #goesOn(): void {
    this.#progressAt = this.#options.surroundings.now();
  }

  /** What is due now. Never throws for what a later round may do. */
  async round(): Promise<void> {
    const { surroundings, metrics } = this.#options;
    const networks = recordsIn(this.#options);
    for (const records of networks) this.#buryDead(records);
    this.#measure(networks);
    if (this.#try.isIt) await this.#tell(networks);
    if (this.#sweep.isIt) {
      for (const records of networks) records.sweep();
      this.#sweep.in(agentTimes.sweepMs);
    }
    this.#measure(networks);
    this.#goesOn();
    metrics.lastRound.set(Math.round(surroundings.now() / 1000));
  }

  #buryDead(records: NetworkRecords): void {
    const { metrics, log, graceMs } = this.#options;
    const { deaths, gone } = findDeaths(
      this.#options,
      records,
      this.#gone.get(records.directory) ?? new Map(),
      graceMs,
    );
    this.#gone.set(records.directory, gone);
    for (const { entry, why } of bury(records, deaths)) {
      metrics.deaths.inc({ why });
      log('info', 'a container ended without a DEL', { ...entry.attachment, why, pod: entry.pod });
    }
  }

  /** One request that is not answered ends it; the pauses grow. */
  async #tell(networks: readonly NetworkRecords[]): Promise<void> {
    const { log, metrics } = this.#options;
    try {
      const wasAway = this.#failures > 0;
      const renews = wasAway || this.#heartbeat.isIt;
      if (renews) await this.#renew();
      // Beside what waits there may be blocks to give back, of which nothing else reminds.
      if (renews || hasUnsettled(networks)) await this.#settle(networks);
      if (wasAway || this.#reconciliation.isIt) await this.#reconcile(networks);
      this.#failures = 0;
      metrics.reachable.set(1);
    } catch (error) {
      if (!(error instanceof LessorError)) throw error;
      const pause = pauseOf({ first: agentTimes.roundMs, longest: agentTimes.longestPauseMs }, this.#failures);
      this.#failures += 1;
      this.#try.in(pause);
      if (isUnanswered(error)) {
        metrics.reachable.set(0);
        for (const one of this.#options.reachability) one.failed(error);
      }
      log('warn', error.message, { code: error.code, againInSeconds: pause / 1000 });
    }
  }

  async #renew(): Promise<void> {
    const { bootId, who, log, metrics } = this.#options;
    const answer = await this.#call('heartbeat', (api) => api.heartbeat({ boot: bootId, ...who }));
    for (const one of this.#options.reachability) one.reached();
    metrics.declaredDead.set(answer?.declaredDead ? 1 : 0);
    if (answer?.declaredDead)
      log('error', 'this node was declared dead although it runs: its addresses may be given to others', {
        remedy: 'drain it and start it again; ask who declared it dead (GET /v1/deaths)',
      });
    this.#heartbeat.in(agentTimes.heartbeatMs);
  }

  async #settle(networks: readonly NetworkRecords[]): Promise<void> {
    const { metrics, log } = this.#options;
    const { reported, released, failures } = await this.#call('settle', (api) =>
      settleAll(this.#options, networks, api),
    );
    metrics.settled.inc({ kind: 'report' }, reported);
    metrics.settled.inc({ kind: 'release' }, released);
    if (reported + released > 0) log('info', 'told the service what happened meanwhile', { reported, released });
    const lost = failures.filter(({ error }) => error.code === 'lease.lost');
    for (const { entry, error } of lost) {
      metrics.lost.inc();
      log('error', error.message, { ...entry.attachment, addresses: entry.local?.addresses, pod: entry.pod });
    }
    if (lost.length > 0) {
      // It may be a dead container of this node that holds it: what has no reason is released, and later it is reported again.
      await this.#reconcile(networks);
      this.#try.in(agentTimes.longestPauseMs);
    }
    const unanswered = failures.find(({ error }) => error.code !== 'lease.lost');
    if (unanswered !== undefined) throw unanswered.error;
  }

  async #reconcile(networks: readonly NetworkRecords[]): Promise<void> {
    const { metrics, log, bootId } = this.#options;
    if (networks.length === 0) return;
    const { released, failures } = await this.#call('reconcile', (api) =>
      reconcile({ api, bootId, candidates: networks }),
    );
    for (const { lease, reason } of released) {
      metrics.reconciled.inc({ reason });
      log('info', 'released a lease without a reason', { reason, slot: lease.slot, ...lease.attachment });
    }
    const [failed] = failures;
    if (failed !== undefined) throw failed.error;
    this.#reconciliation.in(agentTimes.reconcileMs);
  }

  async #call<T>(call: string, ask: (api: Calls) => Promise<T>): Promise<T> {
    const { metrics } = this.#options;
    try {
      const answer = await ask(this.#api);
      metrics.requests.inc({ call, outcome: 'ok' });
      return answer;
    } catch (error) {
      metrics.requests.inc({ call, outcome: error instanceof LessorError ? error.code : 'fault' });
      throw error;
    }
  }

  #measure(networks: readonly NetworkRecords[]): void {
    const { entries, unsettled, blocks } = this.#options.metrics;
    for (const gauge of [entries, unsettled, blocks]) gauge.reset();
    for (const { name: network, journal, unsettled: waiting, states } of networks) {
      entries.inc({ network }, journal.entries().length);
      unsettled.inc({ network, kind: 'report' }, waiting.toReport().length);
      unsettled.inc({ network, kind: 'release' }, waiting.toRelease().length);
      for (const { pool, blocks: own } of states()) blocks.inc({ pool: pool.name }, own.length);
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
    ownLeases: watch(api.ownLeases),
    check: watch(api.check),
    readiness: watch(api.readiness),
    heartbeat: watch(api.heartbeat),
  };
}
