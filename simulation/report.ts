/** What plays came to: a table, or JSON, and each violation as a test. */
import { type ConfigurationName, configurationNames } from './configurations.ts';
import type { Played } from './player.ts';
import { commandOf, type PlayOrder } from './plays.ts';

export interface Sum {
  readonly runs: number;
  readonly operations: number;
  readonly acts: number;
  readonly calls: number;
  readonly requests: number;
  readonly storeRequests: number;
  readonly writes: number;
  readonly ended: number;
  readonly faults: number;
  readonly hours: number;
}

export function sumOf(all: readonly Played[]): Sum {
  const sum = (of: (played: Played) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    runs: all.length,
    operations: sum(({ run }) => run.operations),
    acts: sum(({ run }) => run.counts.acts),
    calls: sum(({ run }) => run.counts.calls),
    requests: sum(({ run }) => run.counts.requests),
    storeRequests: sum(({ run }) => run.counts.storeRequests),
    writes: sum(({ run }) => run.counts.writes),
    ended: sum(({ run }) => run.counts.ended),
    faults: sum(({ run }) => Object.values(run.faults).reduce((a, b) => a + b, 0)),
    hours: Math.round(sum(({ run }) => run.simulatedMs) / 3_600_000),
  };
}

interface Style {
  readonly seconds: number;
  readonly processes: number;
  readonly isJson: boolean;
  readonly withTrace: boolean;
}

const COLUMNS = {
  runs: 'runs',
  operations: 'operations',
  calls: 'calls of the plugin',
  requests: 'requests',
  storeRequests: 'requests to the tables',
  writes: 'changes of a lease',
  faults: 'faults',
  hours: 'hours simulated',
} as const;

const NAME_WIDTH = Math.max(...[...configurationNames, 'configuration'].map((name) => name.length));

export function textOf(all: readonly Played[], { seconds, processes, isJson, withTrace }: Style): string {
  const failed = all.filter(({ run }) => run.violations.length > 0);
  const perSecond = Math.round(sumOf(all).operations / seconds);
  if (isJson) return `${JSON.stringify({ ...sumOf(all), seconds, processes, perSecond, failed }, undefined, 1)}\n`;
  const of = (name: ConfigurationName) => all.filter(({ order }) => order.configuration === name);
  const line = (name: string, sum: Sum) =>
    [
      name.padEnd(NAME_WIDTH),
      ...Object.entries(COLUMNS).map(([key, title]) => String(sum[key as keyof Sum]).padStart(title.length)),
    ].join('  ');
  const present = configurationNames.filter((name) => of(name).length > 0);
  return [
    ['configuration'.padEnd(NAME_WIDTH), ...Object.values(COLUMNS)].join('  '),
    ...present.map((name) => line(name, sumOf(of(name)))),
    line('all', sumOf(all)),
    `${perSecond} operations a second, ${processes} processes, ${seconds.toFixed(1)} s`,
    ...failed.map((played) => violationText(played)),
    ...(withTrace ? all.flatMap(({ run }) => run.trace) : []),
    failed.length === 0 ? 'no violation' : `${failed.length} runs with a violation`,
    '',
  ].join('\n');
}

/** With what is left of it after it was shrunk. */
export function violationText({ order, run, shrunk }: Played): string {
  const { order: small, run: last } = shrunk ?? { order, run };
  return [
    '',
    ...last.violations.map(({ property, what }) => `*** ${property}: ${what}`),
    ...last.trace.slice(-60),
    `found by  ${commandOf(order)}`,
    `shrunk to ${commandOf(small)}`,
    '',
    testOf(small, last.violations[0]?.what ?? ''),
  ].join('\n');
}

/** For test/simulation/found.test.ts. */
const testOf = (
  order: PlayOrder,
  what: string,
): string => `  it('${what.split('\n')[0]?.replaceAll("'", '’')}', async () => {
    const { run } = await played(${JSON.stringify(order)}, false);
    expect(run.violations).toEqual([]);
  });
`;
