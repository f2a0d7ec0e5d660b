import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeKubernetesMetrics, makeMetrics } from '../../cni-shim/agent/metrics.ts';
import { nodesDashboardText } from '../../local/dashboard/dashboard.ts';
import { available } from '../support/prerequisite.ts';
import { alerts, DASHBOARD, dashboard, labelsIn, metricsIn, panelExpressions } from './expressions.ts';
import { CHART, noHelm, objectsOf, render } from './helm.ts';

const endpoint = 'https://abc123.execute-api.eu-central-1.amazonaws.com';
const rendered = (values: object) => objectsOf(render({ endpoint, ...values }));
const only = (kind: string, values: object) => rendered(values).filter((one) => one.kind === kind);
const reached = { agent: { host: '0.0.0.0' } };

function registryOf() {
  const metrics = makeMetrics('1.2.3');
  makeKubernetesMetrics(metrics);
  return metrics.registry;
}

/** Metrics with their labels, those that the PodMonitor adds included. */
function served(): Map<string, readonly string[]> {
  const metrics = registryOf().getMetricsAsArray() as unknown as { name: string; labelNames: string[] }[];
  const all = [...metrics, { name: 'up', labelNames: [] }];
  return new Map(all.map(({ name, labelNames }) => [name, [...labelNames, 'node', 'job', 'le']]));
}

/** What of an expression no agent serves. */
function unknownIn(expr: string): string[] {
  const metrics = served();
  const names = metricsIn(expr);
  const labels = names.flatMap((name) => metrics.get(name) ?? []);
  return [
    ...names.filter((name) => !metrics.has(name)),
    ...labelsIn(expr).filter((label) => !labels.includes(label)),
    ...(names.length === 0 ? ['nothing is asked'] : []),
  ];
}

describe('alerts and dashboard', () => {
  it.each([
    ...alerts().map(({ alert, expr }) => [alert, expr]),
    ...dashboard().panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr])),
  ])('%s asks for what an agent serves', (_, expr = '') => {
    expect(unknownIn(expr)).toEqual([]);
  });

  it.each([
    ['sum(lessor_leases)', ['lessor_leases']],
    ['sum by (nod) (lessor_blocks)', ['nod']],
    ['lessor_blocks{network="x"}', ['network']],
    ['lessor_blocks{node=~"a",pol!="x"} > 0', ['pol']],
    ['time()', ['nothing is asked']],
  ])('%s would be found', (expr, found) => {
    expect(unknownIn(expr)).toEqual(found);
  });

  it('leave no figure of the agents out', () => {
    const asked = new Set(panelExpressions(dashboard()).flatMap(metricsIn));
    expect([...served().keys()].filter((name) => !asked.has(name))).toEqual([]);
  });
});

it('the page of the agent has each figure, with its labels', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/agent.md', import.meta.url)), 'utf8');
  const metrics = registryOf().getMetricsAsArray() as unknown as {
    name: string;
    labelNames: string[];
  }[];
  const written = metrics.map(({ name, labelNames: labels }) => `\`${name}${labels.length > 0 ? `{${labels}}` : ''}\``);
  expect(written.filter((one) => !page.includes(one))).toEqual([]);
});

describe('the dashboard', () => {
  it('is what npm run dashboard writes', async () => {
    await expect(nodesDashboardText()).toMatchFileSnapshot(DASHBOARD);
  });

  const panels = dashboard().panels.filter(({ type }) => type !== 'row');

  it('says of each panel what it means and in which unit', () => {
    const silent = panels.filter(
      ({ description = '', fieldConfig }) => description === '' || !fieldConfig?.defaults.unit,
    );
    expect(silent.map(({ title }) => title)).toEqual([]);
    expect(panels.length).toBeGreaterThan(20);
  });

  it('gives each panel a place and a number of its own', () => {
    const all = dashboard().panels;
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const fields = all.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(fields).size).toBe(fields.length);
    expect(Math.max(...all.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });

  it('has each variable that it uses, and asks each question of the nodes that were chosen', () => {
    const names = dashboard().templating.list.map(({ name }) => name);
    const used = new Set([...readFileSync(DASHBOARD, 'utf8').matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name));
    expect([...used].sort()).toEqual([...names].sort());
    expect(panelExpressions(dashboard()).filter((expr) => !expr.includes('node=~"$node"'))).toEqual([]);
  });
});

describe('the alerts', () => {
  it('are those that the values may leave out, each with a severity and a page to read', () => {
    const schema = JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8'));
    expect(schema.properties.prometheusRule.properties.without.items.enum).toEqual(alerts().map(({ alert }) => alert));
    for (const { labels, annotations } of alerts()) {
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
      expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook', 'summary']);
      const page = fileURLToPath(new URL(`../../${annotations.runbook}`, import.meta.url));
      expect([annotations.runbook, existsSync(page)]).toEqual([annotations.runbook, true]);
    }
  });
});

describe.skipIf(!available('monitoring, rendered by helm', noHelm(), 'may be missing'))('helm', () => {
  it('brings nothing of it unless it is asked to', () => {
    expect(rendered({}).map(({ kind }) => kind)).toEqual(['ServiceAccount', 'DaemonSet']);
  });

  it('lets Prometheus find every agent by the port that the DaemonSet names, as one job and by node', () => {
    const values = { podMonitor: { enabled: true, labels: { release: 'kps' }, interval: '30s' }, ...reached };
    const [monitor, ...more] = only('PodMonitor', values);
    expect(more).toEqual([]);
    expect(monitor?.metadata).toMatchObject({ namespace: 'kube-system', labels: { release: 'kps' } });
    const [set] = only('DaemonSet', values) as unknown as {
      spec: {
        selector: object;
        template: { spec: { containers: { ports: { name: string; containerPort: number }[] }[] } };
      };
    }[];
    const [port] = set?.spec.template.spec.containers[0]?.ports ?? [];
    expect(monitor?.spec).toEqual({
      jobLabel: 'app.kubernetes.io/name',
      namespaceSelector: { matchNames: ['kube-system'] },
      selector: set?.spec.selector,
      podMetricsEndpoints: [
        {
          port: port?.name,
          path: '/metrics',
          interval: '30s',
          relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }],
        },
      ],
    });
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1'])('refuses to have an agent at %s scraped, and says what to set', (host) => {
    expect(render({ endpoint, agent: { host }, podMonitor: { enabled: true } })).toEqual({
      ok: false,
      error: expect.stringMatching(/podMonitor\.enabled: .*agent\.host .*0\.0\.0\.0/),
    });
  });

  it('brings the alerts of the file, but for those that are left out', () => {
    const found = (prometheusRule: object) =>
      only('PrometheusRule', { prometheusRule: { enabled: true, ...prometheusRule } }).flatMap(
        ({ spec }) => (spec as { groups: { rules: object[] }[] }).groups,
      );
    expect(found({}).flatMap(({ rules }) => rules)).toEqual(alerts());
    const all = alerts().map(({ alert }) => alert);
    const without = ['LessorLeaseLost', 'LessorDeclaredDead', 'LessorAddsSlow'];
    const kept = found({ without });
    expect(kept.flatMap(({ rules }) => rules)).toEqual(alerts().filter(({ alert }) => !without.includes(alert)));
    expect(kept).toHaveLength(3);
    expect(found({ without: all })).toEqual([]);
  });

  it("puts the dashboard where Grafana's sidecar looks", () => {
    const asked = { enabled: true, namespace: 'monitoring', annotations: { grafana_folder: 'Network' } };
    const [map, ...more] = only('ConfigMap', { dashboard: asked });
    expect(more).toEqual([]);
    expect(map?.metadata).toMatchObject({
      name: 'lessor-dashboard',
      namespace: 'monitoring',
      labels: { grafana_dashboard: '1', 'app.kubernetes.io/name': 'lessor' },
      annotations: { grafana_folder: 'Network' },
    });
    expect(map?.data).toEqual({ 'lessor.json': nodesDashboardText() });
  });

  it.each<[string, object, RegExp]>([
    ['an interval without a unit', { podMonitor: { interval: '30' } }, /podMonitor\/interval/],
    ['a switch that is none', { podMonitor: { enabled: 'yes' } }, /podMonitor\/enabled/],
    ['a label that is a number', { podMonitor: { labels: { release: 1 } } }, /podMonitor\/labels\/release/],
    ['a label that no object may have', { prometheusRule: { labels: { 'a b': 'c' } } }, /'a b'/],
    ['a namespace that is none', { prometheusRule: { namespace: 'Monitoring' } }, /prometheusRule\/namespace/],
    ['a switch of the alerts that is none', { prometheusRule: { enabled: 1 } }, /prometheusRule\/enabled/],
    ['a namespace of the monitor that is none', { podMonitor: { namespace: '-' } }, /podMonitor\/namespace/],
    ['an alert that there is not', { prometheusRule: { without: ['LessorLeaseLots'] } }, /prometheusRule\/without\/0/],
    ['a switch of the dashboard that is none', { dashboard: { enabled: null, on: true } }, /dashboard/],
    ['a dashboard that is enabled by a text', { dashboard: { enabled: 'true' } }, /dashboard\/enabled/],
    ['a namespace of the dashboard that is none', { dashboard: { namespace: 'a_b' } }, /dashboard\/namespace/],
    ['a value of a label that is too long', { dashboard: { labels: { x: 'a'.repeat(64) } } }, /dashboard\/labels\/x/],
    ['an annotation that is a number', { dashboard: { annotations: { folder: 1 } } }, /dashboard\/annotations/],
  ])('refuses %s, and says which value it is', (_, values, named) => {
    expect(render({ endpoint, ...values })).toEqual({ ok: false, error: expect.stringMatching(named) });
  });
});
