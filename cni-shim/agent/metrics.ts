/** What the agent counts, in Prometheus' text format. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** From an answer of the node's own to the 20 s after which an ADD gives up. */
const CALL_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] as const;

export interface Metrics {
  readonly registry: Registry;
  readonly entries: Gauge<'network'>;
  readonly outbox: Gauge<'network' | 'kind'>;
  readonly oldest: Gauge;
  readonly blocks: Gauge<'pool'>;
  readonly free: Gauge<'pool'>;
  readonly reachable: Gauge;
  readonly declaredDead: Gauge;
  readonly lastRound: Gauge;
  readonly deadSandboxes: Counter<'why'>;
  readonly flushed: Counter<'kind'>;
  readonly lost: Counter;
  readonly heldAgain: Counter;
  readonly lostNow: Gauge<'network'>;
  readonly reconciled: Counter<'reason'>;
  readonly requests: Counter<'call' | 'outcome'>;
  readonly pluginCalls: Histogram<'verb'>;
  readonly pluginFailures: Counter<'verb' | 'code'>;
}

export function makeMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  gauge('lessor_build_info', 'Always 1', ['version']).set({ version }, 1);
  return {
    registry,
    entries: gauge('lessor_attachments', 'Attachments in the journal', ['network']),
    outbox: gauge('lessor_outbox', 'What the service is still to be told: reports and releases', ['network', 'kind']),
    oldest: gauge('lessor_outbox_oldest_seconds', 'For how long the oldest of it has waited to be told'),
    blocks: gauge('lessor_blocks', 'Blocks in which this node proposes slots', ['pool']),
    free: gauge('lessor_own_slots_free', 'Slots of this node’s own blocks that a container may have at once', ['pool']),
    reachable: gauge('lessor_api_reachable', 'Whether the last request was answered'),
    declaredDead: gauge('lessor_declared_dead', 'Whether the life of this node was declared over although it runs'),
    lastRound: gauge('lessor_last_round_timestamp_seconds', 'When the agent last went through the journal'),
    deadSandboxes: counter('lessor_dead_sandboxes_total', 'Containers that ended without a DEL', ['why']),
    flushed: counter('lessor_outbox_flushed_total', 'Reports and releases that were made afterwards', ['kind']),
    lost: counter(
      'lessor_leases_lost_total',
      'Leases of living containers that the service did not have any more: their addresses may be others’',
    ),
    heldAgain: counter(
      'lessor_leases_held_again_total',
      'Leases of living containers that the service did not have any more, and has again',
    ),
    lostNow: gauge('lessor_leases_lost', 'Containers that live with an address which another one may have', [
      'network',
    ]),
    reconciled: counter('lessor_reconciled_total', 'Leases without a reason that were released', ['reason']),
    requests: counter('lessor_api_requests_total', 'Calls of the API', ['call', 'outcome']),
    pluginCalls: new Histogram({
      name: 'lessor_plugin_call_seconds',
      help: 'How long the plugin took to answer the runtime',
      labelNames: ['verb'],
      buckets: [...CALL_SECONDS],
      registers,
    }),
    pluginFailures: counter('lessor_plugin_failures_total', 'Calls of the plugin that ended with a CNI error', [
      'verb',
      'code',
    ]),
  };
}

/** What Kubernetes was told of the node. */
export interface KubernetesMetrics {
  readonly noAddresses: Gauge;
  readonly tainted: Gauge;
  readonly reachable: Gauge;
  readonly events: Counter<'outcome'>;
}

export function makeKubernetesMetrics({ registry }: Metrics): KubernetesMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  return {
    noAddresses: gauge('lessor_kubernetes_no_addresses', 'Whether the condition says that no address can be had here'),
    tainted: gauge('lessor_kubernetes_tainted', 'Whether the node has the NoSchedule taint'),
    reachable: gauge('lessor_kubernetes_api_well', 'Whether the Kubernetes API takes what this node says'),
    events: new Counter({
      name: 'lessor_kubernetes_events_total',
      help: 'Events that were written, and those that were left out',
      labelNames: ['outcome'],
      registers,
    }),
  };
}
