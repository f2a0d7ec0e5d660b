/** One dashboard: what the deployment does for pods and nodes, then the API, the functions and the tables behind it. */
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type CustomMetricGroup, MetricStatistic, type MonitoringFacade } from 'cdk-monitoring-constructs';
import { DEPLOYMENT_DIMENSION, METRICS_NAMESPACE, type MetricName, metrics } from '../../core/contract/metrics.ts';
import { own, PERIOD, type Watched } from './watched.ts';

export function showOn(facade: MonitoringFacade, watched: Watched): void {
  const { deployment, functions, tables } = watched;
  facade.addLargeHeader(deployment);
  facade.monitorCustom({
    alarmFriendlyName: 'Addresses',
    humanReadableName: 'Addresses',
    metricGroups: ofAddresses(watched),
  });
  facade.monitorCustom({ alarmFriendlyName: 'Api', humanReadableName: 'API', metricGroups: ofApi(watched) });
  for (const [name, lambdaFunction] of Object.entries(functions))
    facade.monitorLambdaFunction({ lambdaFunction, humanReadableName: name, alarmFriendlyName: name });
  for (const [name, table] of Object.entries(tables))
    facade.monitorDynamoTable({ table: table as ITable, humanReadableName: name, alarmFriendlyName: name });
}

function ofAddresses(watched: Watched): CustomMetricGroup[] {
  return [
    { title: 'Refusals, by code', metrics: [each(watched, 'Refusals', MetricStatistic.SUM)] },
    {
      title: 'Use of the largest pools, and of the fullest one, %',
      metrics: [
        each(watched, 'PoolUse', MetricStatistic.MAX),
        own(watched, 'PoolUse', { statistic: 'Maximum', label: 'the fullest' }),
      ],
    },
    {
      title: 'Days until the largest pools are full at the earliest, and the next one',
      metrics: [
        each(watched, 'DaysUntilFull', MetricStatistic.MIN),
        own(watched, 'DaysUntilFull', { statistic: 'Minimum', label: 'the next one' }),
      ],
    },
    { title: 'Blocks that a node can claim', metrics: [each(watched, 'FreeBlocks', MetricStatistic.MIN)] },
    { title: 'Sent again', metrics: [own(watched, 'RepeatedAdds'), own(watched, 'StoreRepeats')] },
    {
      title: 'Reclaim',
      metrics: [own(watched, 'DeadNodes'), own(watched, 'WaitingDeaths'), own(watched, 'ReclaimedLeases')],
    },
    {
      title: 'Nodes declared dead, by whom',
      metrics: [each(watched, 'NodesDeclaredDead', MetricStatistic.SUM), own(watched, 'NodesDeclaredDead')],
    },
    { title: 'Looks at instances that failed', metrics: [own(watched, 'EvidenceFailures')] },
    { title: 'Events that could not be put', metrics: [own(watched, 'EventFailures')] },
    { title: 'Leases by which counters were wrong', metrics: [own(watched, 'CounterDrift')] },
  ];
}

function ofApi({ api: { metrics: api } }: Watched): CustomMetricGroup[] {
  const period = { period: PERIOD };
  return [
    { title: 'Requests', metrics: [api.requests(period)] },
    {
      title: 'Latency, ms',
      metrics: ['p50', 'p99'].map((statistic) => api.latency({ ...period, statistic, label: statistic })),
    },
    {
      title: 'Refused and failed',
      metrics: [api.clientErrors({ ...period, statistic: 'Sum' }), api.serverErrors({ ...period, statistic: 'Sum' })],
    },
  ];
}

/** A metric for each value of its second dimension, whichever there are. */
function each({ deployment }: Watched, metricName: MetricName, statistic: MetricStatistic) {
  const { by } = metrics[metricName] as { by?: string };
  const dimensionsMap = { [DEPLOYMENT_DIMENSION]: deployment, ...(by && { [by]: undefined as unknown as string }) };
  return {
    namespace: METRICS_NAMESPACE,
    searchQuery: `MetricName="${metricName}"`,
    dimensionsMap,
    statistic,
    period: PERIOD,
  };
}
