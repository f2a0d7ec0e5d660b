/** Which metrics a template's alarms and dashboards name. */

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own.
  readonly Properties: any;
}

export type Resources = Readonly<Record<string, Resource>>;

export interface AlarmProperties {
  readonly AlarmName?: string;
  readonly AlarmDescription: string;
  readonly AlarmActions?: readonly unknown[];
  readonly OKActions?: readonly unknown[];
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Metrics?: unknown;
}

/** A metric that somebody looks at, with the names of its dimensions and the values that are asked for. */
export interface WatchedMetric {
  readonly namespace: string;
  readonly metric: string;
  /** A value is undefined where any will do. */
  readonly dimensions: Readonly<Record<string, unknown>>;
}

const ofType = (resources: Resources, type: string) => Object.values(resources).filter(({ Type }) => Type === type);

export const alarmsOf = (resources: Resources): AlarmProperties[] =>
  ofType(resources, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);

export const alarmMetrics = (resources: Resources): WatchedMetric[] =>
  alarmsOf(resources)
    // Of arithmetic, which is between AWS's own metrics, there is none.
    .filter(({ MetricName }) => MetricName !== undefined)
    .map(({ Namespace, MetricName, Dimensions }) => ({
      namespace: Namespace,
      metric: MetricName,
      dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
    }));

export const dashboardMetrics = (resources: Resources): WatchedMetric[] =>
  ofType(resources, 'AWS::CloudWatch::Dashboard').flatMap(({ Properties }) => {
    // What only CloudFormation knows stands for itself.
    const [, parts] = Properties.DashboardBody['Fn::Join'] as [string, unknown[]];
    const body = parts.map((part) => (typeof part === 'string' ? part : 'token')).join('');
    const { widgets } = JSON.parse(body) as { widgets: { properties: { metrics?: unknown[][] } }[] };
    return widgets.flatMap(({ properties }) => properties.metrics ?? []).flatMap(metricOf);
  });

/** `[namespace, name, (dimension, value)…, options]`, or one object with an expression. */
function metricOf(row: unknown[]): WatchedMetric[] {
  const [first] = row;
  if (typeof first === 'object' && first !== null) return searched((first as { expression?: string }).expression ?? '');
  const [namespace = '', metric = '', ...rest] = row.filter((part) => typeof part === 'string') as string[];
  const pairs = rest.flatMap((name, index) => (index % 2 === 0 ? [[name, rest[index + 1]]] : []));
  return [{ namespace, metric, dimensions: Object.fromEntries(pairs) }];
}

/** Of arithmetic the metrics stand in rows of their own. */
function searched(expression: string): WatchedMetric[] {
  const [, schema = '', rest = ''] = /^SEARCH\('\{([^}]+)\} (.*)', '\w+', \d+\)$/.exec(expression) ?? [];
  if (schema === '') return [];
  const [namespace = '', ...names] = schema.split(',').map((name) => name.replaceAll('"', ''));
  const given = Object.fromEntries([...rest.matchAll(/"?(\w+)"?="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const dimensions = Object.fromEntries(names.map((name) => [name, given[name]]));
  return [{ namespace, metric: given.MetricName ?? '', dimensions }];
}
