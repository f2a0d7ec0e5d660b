/** What the dashboard of nodes shows: each question of an operator, and the expression that answers it. */

interface Query {
  readonly expr: string;
  /** Grafana's: {{label}} is the label's value. */
  readonly legend: string;
}

export interface Shown {
  readonly title: string;
  /** What it means, and what to do where it is wrong. */
  readonly about: string;
  /** Grafana's name of it: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/#unit */
  readonly unit: 'short' | 's' | 'percentunit' | 'reqps' | 'dtdurations';
  /** `number`: what it is now. `course`: over time. `list`: what it is now, of each. */
  readonly kind: 'number' | 'course' | 'list';
  readonly queries: readonly Query[];
  /** From which value on it is red, where more is worse; below which, where less is. */
  readonly bad?: { readonly from: number } | { readonly below: number };
}

export interface PanelRow {
  readonly title: string;
  readonly panels: readonly Shown[];
}

const HERE = 'node=~"$node"';
const sum = (metric: string, by?: string) => `sum${by === undefined ? '' : ` by (${by})`} (${metric}{${HERE}})`;
const orNone = (expr: string) => `${expr} or vector(0)`;
const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}{${HERE}}[$__rate_interval]))`;
const ADD = `verb="ADD",${HERE}`;
const latency = (share: number) =>
  `histogram_quantile(${share}, sum by (le) (rate(lessor_plugin_call_seconds_bucket{${ADD}}[$__rate_interval])))`;

const now: PanelRow = {
  title: 'Now',
  panels: [
    {
      title: 'Agents that answer',
      about: 'One on each node. Without it the plugin works, and what dies without a DEL keeps its address.',
      unit: 'short',
      kind: 'number',
      queries: [{ expr: `sum(up{job="lessor",${HERE}})`, legend: 'agents' }],
    },
    {
      title: 'Agents that do not',
      about: 'Prometheus cannot read their metrics: all the other panels know nothing of these nodes.',
      unit: 'short',
      kind: 'number',
      queries: [{ expr: orNone(`count(up{job="lessor",${HERE}} == 0)`), legend: 'agents' }],
      bad: { from: 1 },
    },
    {
      title: 'Nodes that reach the API',
      about:
        'Whether the last request of each agent was answered. lessor status --check on a node says what goes wrong.',
      unit: 'percentunit',
      kind: 'number',
      queries: [{ expr: `avg(lessor_api_reachable{${HERE}})`, legend: 'nodes' }],
      bad: { below: 1 },
    },
    {
      title: 'ADDs that failed within an hour',
      about: 'Each is a pod that did not start at once. The row below says why.',
      unit: 'short',
      kind: 'number',
      queries: [{ expr: `sum(increase(lessor_plugin_failures_total{${ADD}}[1h]))`, legend: 'ADDs' }],
      bad: { from: 1 },
    },
    {
      title: 'Lost leases',
      about:
        'Containers that live with an address which another one may have. Delete these pods: lessor status lists them.',
      unit: 'short',
      kind: 'number',
      queries: [{ expr: orNone(sum('lessor_leases_lost')), legend: 'leases' }],
      bad: { from: 1 },
    },
    {
      title: 'Nodes declared dead that run',
      about: 'Others may get the addresses of their pods. Drain such a node and start it again.',
      unit: 'short',
      kind: 'number',
      queries: [{ expr: sum('lessor_declared_dead'), legend: 'nodes' }],
      bad: { from: 1 },
    },
  ],
};

const adds: PanelRow = {
  title: 'Pods that start and end',
  panels: [
    {
      title: 'Refused ADDs, by code',
      about: 'CNI codes, as kubectl describe pod shows them. 11 is tried again by itself; the others need somebody.',
      unit: 'short',
      kind: 'course',
      queries: [
        {
          expr: `sum by (code) (increase(lessor_plugin_failures_total{${ADD}}[$__rate_interval])) > 0`,
          legend: '{{code}}',
        },
      ],
    },
    {
      title: 'How long an ADD takes',
      about: 'Until the plugin has answered the runtime, failures included. It gives up after 20 s.',
      unit: 's',
      kind: 'course',
      queries: [0.5, 0.95, 0.99].map((share) => ({ expr: latency(share), legend: `${share * 100} % within` })),
    },
    {
      title: 'Calls of the plugin',
      about: 'By verb: ADD and DEL are containers that start and end.',
      unit: 'reqps',
      kind: 'course',
      queries: [{ expr: rate('lessor_plugin_call_seconds_count', 'verb'), legend: '{{verb}}' }],
    },
    {
      title: 'Nodes on which most ADDs failed',
      about: 'In the time that is shown. lessor status on the node lists the last of them.',
      unit: 'short',
      kind: 'list',
      queries: [
        {
          expr: `topk(10, sum by (node) (increase(lessor_plugin_failures_total{${ADD}}[$__range])) > 0)`,
          legend: '{{node}}',
        },
      ],
    },
  ],
};

const leases: PanelRow = {
  title: 'Leases and blocks',
  panels: [
    {
      title: 'Leases, by network',
      about: 'Attachments in the journals of the nodes.',
      unit: 'short',
      kind: 'course',
      queries: [{ expr: sum('lessor_attachments', 'network'), legend: '{{network}}' }],
    },
    {
      title: 'Blocks, by pool',
      about: 'In which the nodes propose slots.',
      unit: 'short',
      kind: 'course',
      queries: [{ expr: sum('lessor_blocks', 'pool'), legend: '{{pool}}' }],
    },
    {
      title: 'Free in own blocks, by pool',
      about: 'Containers that can start without another block, also while the API is away. What cools is not counted.',
      unit: 'short',
      kind: 'course',
      queries: [{ expr: sum('lessor_own_slots_free', 'pool'), legend: '{{pool}}' }],
    },
    {
      title: 'Nodes with least that is free',
      about: 'In blocks of their own. At 0 the next ADD needs the API, for another block.',
      unit: 'short',
      kind: 'list',
      queries: [{ expr: `bottomk(10, ${sum('lessor_own_slots_free', 'node, pool')})`, legend: '{{node}} {{pool}}' }],
    },
    {
      title: 'Lost leases, by node',
      about: 'Where they are, and since when. Then lessor status on the node.',
      unit: 'short',
      kind: 'course',
      queries: [{ expr: `${sum('lessor_leases_lost', 'node, network')} > 0`, legend: '{{node}} {{network}}' }],
    },
    {
      title: 'What the agents found wrong',
      about: 'Leases that were lost, each time that it was seen, and those that are held again.',
      unit: 'short',
      kind: 'course',
      queries: [
        { expr: `sum(increase(lessor_leases_lost_total{${HERE}}[$__rate_interval]))`, legend: 'lost' },
        { expr: `sum(increase(lessor_leases_held_again_total{${HERE}}[$__rate_interval]))`, legend: 'held again' },
      ],
    },
    {
      title: 'What the agents freed',
      about: 'Containers that ended without a DEL, and leases that nothing accounts for. Many: look at the runtime.',
      unit: 'reqps',
      kind: 'course',
      queries: [
        { expr: rate('lessor_dead_sandboxes_total', 'why'), legend: 'without a DEL: {{why}}' },
        { expr: rate('lessor_reconciled_total', 'reason'), legend: 'reconciled: {{reason}}' },
      ],
    },
  ],
};

const service: PanelRow = {
  title: 'The way to the service',
  panels: [
    {
      title: 'What it is still to be told',
      about: 'Reports and releases in the outboxes. Addresses stay held until it is told.',
      unit: 'short',
      kind: 'course',
      queries: [{ expr: sum('lessor_outbox', 'kind'), legend: '{{kind}}' }],
    },
    {
      title: 'For how long the oldest has waited',
      about: 'The ten nodes where it is longest. More than some seconds: the API is away, or refuses.',
      unit: 's',
      kind: 'course',
      queries: [{ expr: `topk(10, max by (node) (lessor_outbox_oldest_seconds{${HERE}}))`, legend: '{{node}}' }],
    },
    {
      title: 'Nodes that do not reach the API',
      about: 'All at once: the service is away, or the way to it. One: that node.',
      unit: 'short',
      kind: 'course',
      queries: [{ expr: orNone(`count(lessor_api_reachable{${HERE}} == 0)`), legend: 'nodes' }],
    },
    {
      title: 'Requests of the agents',
      about: 'By call and outcome. The plugin makes its own, which are not in it.',
      unit: 'reqps',
      kind: 'course',
      queries: [{ expr: rate('lessor_api_requests_total', 'call, outcome'), legend: '{{call}} {{outcome}}' }],
    },
    {
      title: 'Told afterwards',
      about: 'Reports and releases that were made once the service could be reached, or where leasing is delegated.',
      unit: 'reqps',
      kind: 'course',
      queries: [{ expr: rate('lessor_outbox_flushed_total', 'kind'), legend: '{{kind}}' }],
    },
  ],
};

const agents: PanelRow = {
  title: 'Agents',
  panels: [
    {
      title: 'Versions',
      about: 'Nodes by the version of their agent: more than one while an upgrade goes on.',
      unit: 'short',
      kind: 'course',
      queries: [{ expr: `count by (version) (lessor_build_info{${HERE}})`, legend: '{{version}}' }],
    },
    {
      title: 'Agents that do not answer',
      about: 'The nodes whose metrics Prometheus cannot read.',
      unit: 'short',
      kind: 'list',
      queries: [{ expr: `max by (node) (up{job="lessor",${HERE}}) == 0`, legend: '{{node}}' }],
    },
    {
      title: 'Since the last round',
      about: 'The ten agents that last went through the journal the longest ago: every 10 s is usual.',
      unit: 'dtdurations',
      kind: 'list',
      queries: [
        {
          expr: `topk(10, time() - max by (node) (lessor_last_round_timestamp_seconds{${HERE}}))`,
          legend: '{{node}}',
        },
      ],
    },
  ],
};

/** Empty where the chart's `kubernetes.enabled` is off. */
const kubernetes: PanelRow = {
  title: 'What Kubernetes hears',
  panels: [
    {
      title: 'Nodes without addresses',
      about: 'Whose condition says so, and which have the NoSchedule taint. Needs kubernetes.enabled.',
      unit: 'short',
      kind: 'course',
      queries: [
        { expr: `sum(lessor_kubernetes_no_addresses{${HERE}})`, legend: 'condition' },
        { expr: `sum(lessor_kubernetes_tainted{${HERE}})`, legend: 'taint' },
      ],
    },
    {
      title: 'Nodes whose word the Kubernetes API does not take',
      about: 'It cannot be reached, or the rights of the chart are missing. The agent says why in its log.',
      unit: 'short',
      kind: 'course',
      queries: [{ expr: orNone(`count(lessor_kubernetes_api_well{${HERE}} == 0)`), legend: 'nodes' }],
    },
    {
      title: 'Events',
      about: 'Sent, and left out where there would have been too many.',
      unit: 'reqps',
      kind: 'course',
      queries: [{ expr: rate('lessor_kubernetes_events_total', 'outcome'), legend: '{{outcome}}' }],
    },
  ],
};

export const rows: readonly PanelRow[] = [now, adds, leases, service, agents, kubernetes];
