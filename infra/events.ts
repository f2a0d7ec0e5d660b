/** The event bus on which the service tells what happened, and the reader of the pools table's stream that tells it. */
import { Duration, Validations } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { environment } from '../core/contract/environment.ts';
import type { Evidence } from './evidence.ts';
import type { LessorFunctionName } from './function-names.ts';
import type { LessorFunction } from './lessor-function.ts';
import type { EventsProps, LessorProps } from './lessor-props.ts';
import type { StoreTable } from './store-table.ts';

/**
 * Which changes of the table are told: most of its writes are counters, and a filter is free of charge. The function looks at what
 * it is given by itself (functions/store/occurrences.ts).
 */
const TOLD = [
  { dynamodb: { Keys: { pk: { S: [{ prefix: 'N#' }] } }, NewImage: { st: { S: ['dead'] } } } },
  { eventName: ['MODIFY'], dynamodb: { Keys: { pk: { S: ['DEATHS'] } } } },
  { dynamodb: { Keys: { pk: { S: [{ prefix: 'P#' }] } }, NewImage: { st: { S: ['claimed', 'free'] } } } },
  { dynamodb: { Keys: { pk: { S: [{ prefix: 'FILL#' }] } } } },
];

interface EventsParts extends EventsProps {
  /** What all the deployment's names begin with. */
  readonly prefix: string;
  readonly functions: Readonly<Record<LessorFunctionName, LessorFunction>>;
  readonly evidence: Evidence | undefined;
  readonly pools: StoreTable;
}

export class LessorEvents extends Construct {
  /** Rules of yours are on it. */
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, { prefix, functions, evidence, pools, leases = false }: EventsParts) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: `${prefix}-events`,
      description: 'What happens to nodes, blocks, pools and leases of Lessor',
    });
    const { changes, allocate, release } = functions;
    // Of allocate and release it is reports and heartbeats, never an ADD or DEL.
    for (const lambda of [changes, allocate, release, ...(evidence ? [evidence.lambda] : [])]) this.#letPut(lambda);
    // Names of pools, blocks that are taken, and why a node is dead.
    pools.grant(changes, 'GetItem', 'Query');
    changes.addEnvironment(environment.leaseEvents, String(leases));
    const { tableStreamArn } = pools.table;
    if (tableStreamArn !== undefined) this.#tell(changes, tableStreamArn);
  }

  #letPut(lambda: LessorFunction): void {
    lambda.addEnvironment(environment.eventBus, this.bus.eventBusName);
    lambda.addToRolePolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [this.bus.eventBusArn] }));
  }

  #tell(changes: LessorFunction, eventSourceArn: string): void {
    const operations = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
    changes.addToRolePolicy(
      new PolicyStatement({
        actions: operations.map((operation) => `dynamodb:${operation}`),
        resources: [eventSourceArn],
      }),
    );
    const mapping = new EventSourceMapping(this, 'Told', {
      target: changes.live,
      eventSourceArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      bisectBatchOnError: true,
      maxRecordAge: Duration.hours(24),
      filters: TOLD.map((filter) => FilterCriteria.filter(filter)),
    });
    Validations.of(mapping).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason:
        'What cannot be told is tried for as long as the stream keeps it, and counted by a metric that has an alarm',
    });
  }
}

/** With the construct's own path. */
export function eventsOf(
  scope: Construct,
  { events = {} }: Pick<LessorProps, 'events'>,
  parts: Omit<EventsParts, keyof EventsProps>,
): LessorEvents | undefined {
  return events === 'none' ? undefined : new LessorEvents(scope, 'Events', { ...parts, ...events });
}
