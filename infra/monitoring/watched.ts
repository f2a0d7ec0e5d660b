/** The metrics that alarms and dashboard look at. */
import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { DEPLOYMENT_DIMENSION, METRICS_NAMESPACE, type MetricName } from '../../core/contract/metrics.ts';
import type { ProblemCode } from '../../core/contract/problems.ts';
import type { LessorFunctionName } from '../function-names.ts';
import type { LessorApi } from '../lessor-api.ts';
import type { StoreTable } from '../store-table.ts';

export interface Watched {
  /** The deployment's name, as its functions are told it. */
  readonly deployment: string;
  readonly functions: Readonly<Record<LessorFunctionName, IFunction>>;
  /** Where evidence is collected. */
  readonly evidence?: { readonly deadLetters: IQueue } | undefined;
  /** Whether something is told on an event bus. */
  readonly hasEvents: boolean;
  /** By their names. */
  readonly tables: Readonly<Record<string, StoreTable['table']>>;
  readonly api: Pick<LessorApi, 'metrics'>;
  /** Nodes declared dead within an hour that are too many. */
  readonly massDeath: number;
}

/** As often as the schedule runs; what is free of charge has a value each minute. */
export const PERIOD = Duration.minutes(5);

/** One of the functions' own metrics, of this deployment. */
export function own(
  { deployment }: Watched,
  metricName: MetricName,
  { code, ...options }: MetricOptions & { readonly code?: ProblemCode } = {},
): Metric {
  const dimensionsMap = { [DEPLOYMENT_DIMENSION]: deployment, ...(code === undefined ? {} : { code }) };
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap,
    statistic: 'Sum',
    period: PERIOD,
    ...options,
  });
}
