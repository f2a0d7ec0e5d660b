/** What every kind of API does for the service. */
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
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

export interface LessorApi {
  /** `https://…`, as nodes are to call it. */
  readonly endpoint: string;
  /** How cdk-nag's findings name API and stage: `<LogicalId>/stage`. */
  readonly nameInFindings: string;
  /** How many requests came in, and how many of them were answered with 5xx: sums of a minute. */
  readonly answers: { readonly requests: IMetric; readonly failures: IMetric };
  /** Lets a function answer all its routes of the contract. */
  serve(name: ApiFunction, lambda: IFunction): void;
  /** A statement that allows calling exactly the routes which the contract gives to such a caller. */
  invoke(caller: CallerKind): PolicyStatement;
}
