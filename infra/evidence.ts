/** What collects evidence of nodes that are gone: EC2's events through a queue, and a look at all instances each hour. */
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { CfnEventBusPolicy, EventBus, type IEventBus, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { environment } from '../core/contract/environment.ts';
import { EVIDENCE } from './function-names.ts';
import { LessorFunction, type LessorFunctionProps } from './lessor-function.ts';

export interface EvidenceParts extends Omit<LessorFunctionProps, 'timeout'> {
  /** Other accounts whose nodes' events count. */
  readonly accounts: readonly string[];
}

/** Of one run, which may have to ask for thousands of instances. */
const TIMEOUT = Duration.minutes(1);
/** DescribeInstances lags behind the event by seconds; a dead node's addresses are to be free within two minutes. */
const DELAY = Duration.seconds(30);
/** Not less than the time-out. What EC2 does not say at first is asked again within the two minutes. */
const VISIBILITY = Duration.seconds(75);
/** More than six minutes: after that the hourly look is as good. */
const RECEIVES = 5;

export class Evidence extends Construct {
  readonly lambda: LessorFunction;
  /** Where events lie that could not be delivered, or not be verified. */
  readonly deadLetters: Queue;
  /** To which other accounts forward their events, where there are some. */
  readonly bus: EventBus | undefined;

  constructor(scope: Construct, id: string, { accounts, ...parts }: EvidenceParts) {
    super(scope, id);
    this.lambda = new LessorFunction(this, EVIDENCE, { ...parts, timeout: TIMEOUT });
    this.lambda.addEnvironment(environment.evidenceAccounts, accounts.join(','));
    this.#letAskEc2();
    this.deadLetters = this.#queue('DeadLetters', {});
    const queue = this.#queue('Queue', { deliveryDelay: DELAY, visibilityTimeout: VISIBILITY, receives: RECEIVES });
    queue.grantConsumeMessages(this.lambda);
    const told = new EventSourceMapping(this, 'Told', {
      target: this.lambda.live,
      eventSourceArn: queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: 4,
    });
    Validations.of(told).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason: 'The queue has a dead-letter queue of its own: Lambda takes no destination of failures for a queue',
    });
    this.#rule('Terminated', queue, undefined, [Stack.of(this).account]);
    this.bus = accounts.length === 0 ? undefined : this.#busFor(parts.prefix, accounts);
    if (this.bus !== undefined) this.#rule('TerminatedElsewhere', queue, this.bus, accounts);
    this.#schedule();
  }

  /** DescribeInstances knows no resources: the right is for all, or for none (Service Authorization Reference, "Amazon EC2"). */
  #letAskEc2(): void {
    this.lambda.addToRolePolicy(new PolicyStatement({ actions: ['ec2:DescribeInstances'], resources: ['*'] }));
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ec2:DescribeInstances has no resources to which it could be limited; it only reads',
    });
  }

  #queue(
    id: string,
    {
      deliveryDelay,
      visibilityTimeout,
      receives,
    }: { deliveryDelay?: Duration; visibilityTimeout?: Duration; receives?: number },
  ): Queue {
    const queue = new Queue(this, id, {
      // The key of a deployment would have to let EventBridge in. What lies here are ids of instances.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      ...(deliveryDelay && { deliveryDelay }),
      ...(visibilityTimeout && { visibilityTimeout }),
      ...(receives && { deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: receives } }),
    });
    if (receives === undefined) {
      const reason = 'It is the dead-letter queue itself, and has an alarm';
      Validations.of(queue).acknowledge(
        { id: 'AwsSolutions-SQS3', reason },
        { id: 'Serverless-SQSRedrivePolicy', reason },
      );
    }
    return queue;
  }

  /** EventBridge says the account, and lets nobody but AWS put a source that begins with `aws.`. */
  #rule(id: string, queue: Queue, eventBus: EventBus | undefined, account: readonly string[]): void {
    new Rule(this, id, {
      description: 'Tells that EC2 instances are terminated: their addresses are freed where they were nodes',
      // CDK's classes and interfaces differ in what may be undefined.
      ...(eventBus && { eventBus: eventBus as IEventBus }),
      eventPattern: {
        source: ['aws.ec2'],
        detailType: ['EC2 Instance State-change Notification'],
        account: [...account],
        detail: { state: ['terminated'] },
      },
      targets: [new SqsQueue(queue, { deadLetterQueue: this.deadLetters })],
    });
  }

  #busFor(prefix: string, accounts: readonly string[]): EventBus {
    const bus = new EventBus(this, 'Bus', {
      eventBusName: `${prefix}-evidence`,
      description: 'Other accounts forward to it what EC2 says of their instances',
    });
    for (const account of new Set(accounts)) {
      const principal = { AWS: Stack.of(this).formatArn({ service: 'iam', region: '', account, resource: 'root' }) };
      new CfnEventBusPolicy(this, `From${account}`, {
        eventBusName: bus.eventBusName,
        statementId: `account-${account}`,
        statement: { Effect: 'Allow', Principal: principal, Action: 'events:PutEvents', Resource: bus.eventBusArn },
      });
    }
    return bus;
  }

  #schedule(): void {
    const rule = new Rule(this, 'Hourly', {
      description: 'Asks EC2 for the instances of all nodes: for what its events missed',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [
        new LambdaFunction(this.lambda.live, { event: RuleTargetInput.fromObject({ source: 'lessor.schedule' }) }),
      ],
    });
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'An event that is not delivered is made up for by the next one, an hour later',
    });
  }
}
