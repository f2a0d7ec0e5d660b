/** One DynamoDB table of the truth: keys are all it declares, and nobody can be given more than four operations on it. */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, Billing, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** DeleteItem is not among them: a slot item never disappears (I7), and IAM enforces it. */
export type TableOperation = 'GetItem' | 'Query' | 'PutItem' | 'UpdateItem';

export class StoreTable extends Construct {
  readonly #table: TableV2;
  readonly #variable: string;

  /**
   * @param variable the environment variable by which a function learns the table's name
   * @param stream whether each change can be told to a function
   */
  constructor(scope: Construct, id: string, variable: string, { stream = false }: { stream?: boolean } = {}) {
    super(scope, id);
    this.#variable = variable;
    this.#table = new TableV2(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(stream ? { dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
    });
  }

  /** Lets a function do exactly these operations, and tells it the table's name. */
  grant(lambda: LambdaFunction, ...operations: readonly TableOperation[]): void {
    lambda.addEnvironment(this.#variable, this.#table.tableName);
    this.#table.grant(lambda, ...operations.map((operation) => `dynamodb:${operation}`));
  }

  /** Tells a function each change of the table, a batch of one shard at a time, and lets it read the stream only. */
  tell(lambda: LambdaFunction): void {
    const eventSourceArn = this.#table.tableStreamArn;
    if (eventSourceArn === undefined) throw new Error(`${this.node.path} has no stream`);
    lambda.addEnvironment(this.#variable, this.#table.tableName);
    // Lambda reads the stream with the function's role; EventSourceMapping's own grant would be for each stream there is.
    const operations = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
    const actions = operations.map((operation) => `dynamodb:${operation}`);
    lambda.addToRolePolicy(new PolicyStatement({ actions, resources: [eventSourceArn] }));
    const mapping = new EventSourceMapping(this, 'Changes', {
      target: lambda,
      eventSourceArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 500,
      maxBatchingWindow: Duration.seconds(1),
      // Only with a window does the event name its shard; the window's state is not used, so it may be as long as can be.
      tumblingWindow: Duration.minutes(15),
      bisectBatchOnError: true,
      maxRecordAge: Duration.hours(1),
    });
    Validations.of(mapping).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason:
        'What was not counted within an hour is made up for by the hourly recount, which reads the leases themselves',
    });
  }
}
