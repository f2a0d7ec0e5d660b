/** Alarms and dashboard, as they are in the template; that their metrics are emitted is in test/local/stack/metrics.test.ts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterAll, describe, expect, it } from 'vitest';
import { METRICS_NAMESPACE, metrics } from '../../core/contract/metrics.ts';
import { problems } from '../../core/contract/problems.ts';
import type { StackSettings } from '../../infra/settings.ts';
import { app } from '../../infra/synthesize.ts';
import { type AlarmProperties, alarmsOf, dashboardMetrics, type Resources } from './watched-metrics.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:oncall';
const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

function appWith(settings: Partial<StackSettings>): App {
  const directory = mkdtempSync(join(tmpdir(), 'lessor-monitoring-test-'));
  directories.push(directory);
  return app({ Lessor: { nodeRoles: { nodes: {} }, ...settings } }, directory);
}

function resourcesWith(settings: Partial<StackSettings> = {}): Resources {
  const { directory } = appWith(settings).synth();
  return JSON.parse(readFileSync(join(directory, 'Lessor.template.json'), 'utf8')).Resources;
}

const resources = resourcesWith();
const alarms = alarmsOf(resources);
/** The others bring the version before back: CodeDeploy looks at them. */
const telling = (of: readonly AlarmProperties[]) => of.filter(({ AlarmName }) => AlarmName !== undefined);

const PAGES = new URL('../../docs/runbooks/', import.meta.url);
const pages = readdirSync(PAGES);
const textOf = (page: string) => readFileSync(new URL(page, PAGES), 'utf8');

/** The page that an alarm names at the end of its description. */
const pageOf = ({ AlarmDescription }: Pick<AlarmProperties, 'AlarmDescription'>): string =>
  / \r\nRunbook: docs\/runbooks\/([a-z-]+\.md)$/.exec(AlarmDescription)?.[1] ?? 'none';

/** What is wrong between alarms and pages. */
const unmatched = (of: readonly Pick<AlarmProperties, 'AlarmDescription'>[], there: readonly string[]): string[] => {
  const named = of.map(pageOf);
  return [
    ...named.filter((page) => !there.includes(page)).map((page) => `no page ${page}`),
    ...there.filter((page) => !named.includes(page)).map((page) => `no alarm for ${page}`),
  ];
};

describe('the alarms', () => {
  it('have a page each, and each page has its alarm', () => {
    expect(alarms.length).toBeGreaterThan(10);
    expect(unmatched(alarms, pages)).toEqual([]);
  });

  it('would be found without a page, and a page without an alarm', () => {
    const [first, ...others] = pages as [string, ...string[]];
    expect(unmatched(alarms, others)).toContain(`no page ${first}`);
    expect(unmatched(alarms, [...pages, 'moonlight.md'])).toEqual(['no alarm for moonlight.md']);
    expect(unmatched([{ AlarmDescription: 'It is high.' }], [])).toEqual(['no page none']);
  });

  it.each(pages)(
    'the page %s says what it means, how to look and what to do, and leads nowhere that is not there',
    (page) => {
      const text = textOf(page);
      expect(text.match(/^#+ .*$/gm)).toEqual([
        `# ${page.replace('.md', '')}`,
        '## What it means',
        '## How to look',
        '## What to do',
      ]);
      for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) expect(() => textOf(link)).not.toThrow();
    },
  );

  it('say why they go off where they do, and have names of this deployment', () => {
    for (const { AlarmName } of telling(alarms)) expect(AlarmName).toMatch(/^Lessor-[a-z-]+$/);
    for (const { AlarmDescription } of alarms) {
      expect(AlarmDescription.length).toBeGreaterThan(100);
      // CloudWatch takes 1,024 characters.
      expect(AlarmDescription.length).toBeLessThan(1024);
    }
    expect(new Set(telling(alarms).map(({ AlarmName }) => AlarmName)).size).toBe(telling(alarms).length);
  });

  it('tell of many deaths in an hour: of 50, or as many as the deployment says', () => {
    const ofDeaths = (of: Resources) => alarmsOf(of).filter(({ AlarmName }) => /-mass-death$/.test(AlarmName ?? ''));
    const threshold = 50;
    const expected = { MetricName: 'NodesDeclaredDead', Statistic: 'Sum', Period: 3600, EvaluationPeriods: 1 };
    expect(ofDeaths(resources)).toMatchObject([{ ...expected, Threshold: threshold }]);
    expect(ofDeaths(resourcesWith({ massDeath: 3 }))).toMatchObject([{ ...expected, Threshold: 3 }]);
  });

  it('go by one metric each', () => {
    for (const { Metrics, MetricName } of telling(alarms))
      expect([Metrics, typeof MetricName]).toEqual([undefined, 'string']);
  });

  it('tell nobody without a topic, and with one each tells when it goes off and when it is over', () => {
    const actions = (of: readonly AlarmProperties[]) =>
      of.flatMap(({ AlarmActions, OKActions }) => [AlarmActions, OKActions]);
    expect(new Set(actions(alarms))).toEqual(new Set([undefined]));
    const told = telling(alarmsOf(resourcesWith({ alarmTopic: TOPIC })));
    expect(told).toHaveLength(telling(alarms).length);
    for (const action of actions(told)) expect(action).toEqual([TOPIC]);
  });
});

describe('the dashboard', () => {
  const shown = dashboardMetrics(resources);

  it('shows each of the functions’ own metrics', () => {
    const own = shown.filter(({ namespace }) => namespace === METRICS_NAMESPACE).map(({ metric }) => metric);
    expect(new Set(own)).toEqual(new Set(Object.keys(metrics)));
  });

  it('is left out where it is not wanted, and the alarms stay', () => {
    const without = resourcesWith({ dashboard: false });
    expect(dashboardMetrics(without)).toEqual([]);
    expect(alarmsOf(without)).toHaveLength(alarms.length);
  });
});

describe('the metrics', () => {
  it('have few dimensions: by which codes, how many pools and who declares deaths, and nothing of nodes, pods or requests', () => {
    const dimensions = Object.values(metrics).flatMap((kind) => ('by' in kind ? [kind.by] : []));
    expect(new Set(dimensions)).toEqual(new Set(['code', 'pool', 'declaredBy']));
    expect(Object.keys(problems).length).toBeLessThan(50);
  });
});

describe('tracing', () => {
  const traced = (of: Resources) =>
    Object.values(of).filter(({ Properties }) => Properties?.TracingConfig?.Mode === 'Active').length;
  const mayTrace = (of: Resources) => JSON.stringify(of).includes('xray:');

  it('and the right to it are there only where it is asked for', () => {
    expect([traced(resources), mayTrace(resources)]).toEqual([0, false]);
    const with_ = resourcesWith({ tracing: true });
    expect([traced(with_), mayTrace(with_)]).toEqual([6, true]);
  });

  it('leaves cdk-nag nothing to find', () => {
    const root = appWith({ tracing: true, alarmTopic: TOPIC });
    const found = [new AwsSolutionsChecks(root), new ServerlessChecks(root)].flatMap(
      (pack) => pack.validateScope(root).violations,
    );
    expect(found).toEqual([]);
  });
});
