/** One DynamoDB table of the truth: keys are all it declares, and nobody can be given more than four operations on it. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** DeleteItem is not among them: a slot item never disappears (I7), and IAM enforces it. */
export type TableOperation = 'GetItem' | 'Query' | 'PutItem' | 'UpdateItem';

export class StoreTable extends Construct {
  readonly #table: TableV2;
  readonly #variable: string;

  /** @param variable the environment variable by which a function learns the table's name */
  constructor(scope: Construct, id: string, variable: string) {
    super(scope, id);
    this.#variable = variable;
    this.#table = new TableV2(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** Lets a function do exactly these operations, and tells it the table's name. */
  grant(lambda: LambdaFunction, ...operations: readonly TableOperation[]): void {
    lambda.addEnvironment(this.#variable, this.#table.tableName);
    this.#table.grant(lambda, ...operations.map((operation) => `dynamodb:${operation}`));
  }
}
