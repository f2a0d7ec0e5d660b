/** One DynamoDB table of the truth, or of history, made here or attached: keys are all it declares, and nobody can be given more than four operations on it. */
import { Duration, RemovalPolicy, Token, Validations } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  type ITableV2,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { LessorFunction } from './lessor-function.ts';

/** DeleteItem is not among them: a slot item never disappears (I7), and IAM enforces it. What may be deleted is named by its keys. */
export type TableOperation = 'GetItem' | 'Query' | 'PutItem' | 'UpdateItem';

/** A table that this stack does not make. */
export interface AttachedTable {
  /** Its name or ARN. */
  readonly table: string;
  readonly streamArn?: string;
}

export interface StoreTableProps {
  /** Whether each change can be told to a function. */
  readonly stream?: boolean;
  /** The attribute by which DynamoDB deletes what is past its time; nothing of the truth may have one. */
  readonly timeToLive?: string;
  /** The table to use; one of the stack's own if left out. */
  readonly attach?: AttachedTable | undefined;
  readonly encryptionKey: IKey | undefined;
}

/** By name: a wildcard, as CDK's own grants have it, would let later actions in. */
const KEY_ACTIONS = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'DescribeKey'].map(
  (action) => `kms:${action}`,
);

const statement = (resources: string[], operations: readonly string[]): PolicyStatement =>
  new PolicyStatement({ actions: operations.map((operation) => `dynamodb:${operation}`), resources });

export class StoreTable extends Construct {
  readonly table: TableV2 | ITableV2;
  readonly #variable: string;
  readonly #encryptionKey: IKey | undefined;

  /** @param variable the environment variable by which a function learns the table's name */
  constructor(scope: Construct, id: string, variable: string, props: StoreTableProps) {
    super(scope, id);
    const { stream = false, timeToLive, attach, encryptionKey } = props;
    this.#variable = variable;
    this.#encryptionKey = encryptionKey;
    this.table = attach === undefined ? this.#own(stream, timeToLive, encryptionKey) : this.#attached(attach);
  }

  #own(stream: boolean, timeToLive: string | undefined, encryptionKey: IKey | undefined): TableV2 {
    return new TableV2(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(timeToLive === undefined ? {} : { timeToLiveAttribute: timeToLive }),
      ...(stream ? { dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
      ...(encryptionKey === undefined ? {} : { encryption: TableEncryptionV2.customerManagedKey(encryptionKey) }),
    });
  }

  #attached({ table, streamArn }: AttachedTable): ITableV2 {
    const isArn = Token.isUnresolved(table) || table.startsWith('arn:');
    return TableV2.fromTableAttributes(this, 'Attached', {
      ...(isArn ? { tableArn: table } : { tableName: table }),
      ...(streamArn === undefined ? {} : { tableStreamArn: streamArn }),
    });
  }

  /** Lets a function do exactly these operations, and tells it the table's name. */
  grant(lambda: LambdaFunction, ...operations: readonly TableOperation[]): void {
    this.#tell(lambda);
    lambda.addToRolePolicy(statement([this.table.tableArn], operations));
  }

  /** Lets a function delete items with one of these partition keys, and no other: not a slot, a pool or a node. */
  grantDeletion(lambda: LambdaFunction, keys: readonly string[]): void {
    const deletion = statement([this.table.tableArn], ['DeleteItem']);
    deletion.addCondition('ForAllValues:StringEquals', { 'dynamodb:LeadingKeys': keys });
    lambda.addToRolePolicy(deletion);
  }

  #tell(lambda: LambdaFunction): void {
    lambda.addEnvironment(this.#variable, this.table.tableName);
    // DynamoDB asks KMS in the name of who calls it.
    this.#encryptionKey?.grant(lambda, ...KEY_ACTIONS);
  }

  /**
   * Tells a function each change of the table, a batch of one shard at a time, and lets it read the stream only.
   * @param withinSeconds for which a change waits at most for others of its batch
   */
  tell(lambda: LessorFunction, withinSeconds: number): void {
    const eventSourceArn = this.table.tableStreamArn;
    if (eventSourceArn === undefined) throw new Error(`${this.node.path} has no stream`);
    this.#tell(lambda);
    // Lambda reads the stream with the function's role; EventSourceMapping's own grant would be for each stream there is.
    const operations = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
    lambda.addToRolePolicy(statement([eventSourceArn], operations));
    const mapping = new EventSourceMapping(this, 'Changes', {
      target: lambda.live,
      eventSourceArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 500,
      maxBatchingWindow: Duration.seconds(withinSeconds),
      // Only with a window does the event name its shard; the window's state is not used, so it may be as long as can be.
      tumblingWindow: Duration.minutes(15),
      bisectBatchOnError: true,
      // As long as the stream keeps them: of history nothing makes up for a change that is given up.
      maxRecordAge: Duration.hours(24),
    });
    Validations.of(mapping).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason:
        'A change is tried for as long as the stream keeps it. What was not counted within an hour the recount makes up for, and history says what it lacks',
    });
  }
}
