/** What every kind of API does for the service. */
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ApiFunction, routes } from '../core/contract/routes.ts';
import type { Throttle } from './lessor-props.ts';
import type { LogProps } from './log-group.ts';

export type CallerKind = (typeof routes)[keyof typeof routes]['caller'];

export interface ApiProps {
  readonly name: string;
  readonly throttle: Throttle;
  readonly logs: LogProps;
}

/** API Gateway's own metrics, which are free of charge. Of each a statistic can be chosen. */
export interface ApiMetrics {
  readonly requests: (options: MetricOptions) => Metric;
  /** Milliseconds from the first byte in to the last one out. */
  readonly latency: (options: MetricOptions) => Metric;
  /** Refusals, 4xx. Their average is their share of the requests, of the next one too. */
  readonly clientErrors: (options: MetricOptions) => Metric;
  readonly serverErrors: (options: MetricOptions) => Metric;
}

type Measured = Readonly<
  Record<
    'metricCount' | 'metricLatency' | 'metricClientError' | 'metricServerError',
    (options: MetricOptions) => Metric
  >
>;

/** @param api of either kind: CDK calls them the same, and CloudWatch each otherwise */
export const metricsOf = (api: Measured): ApiMetrics => ({
  requests: (options) => api.metricCount(options),
  latency: (options) => api.metricLatency(options),
  clientErrors: (options) => api.metricClientError(options),
  serverErrors: (options) => api.metricServerError(options),
});

export interface LessorApi {
  /** `https://…`, as nodes are to call it. */
  readonly endpoint: string;
  /** As API Gateway knows the API. */
  readonly id: string;
  /** How cdk-nag's findings name API and stage: `<LogicalId>/stage`. */
  readonly nameInFindings: string;
  readonly metrics: ApiMetrics;
  /** Lets a function answer all its routes of the contract. */
  serve(name: ApiFunction, lambda: IFunction): void;
  /** A statement that allows calling exactly the routes which the contract gives to such a caller. */
  invoke(caller: CallerKind): PolicyStatement;
}
