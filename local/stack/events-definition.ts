/** The buses, rules and queues of a template, and the functions that queues are told to. */
import type { RuleDefinition, RuleTarget } from '../aws/event-bus.ts';
import type { FunctionDefinition } from '../aws/function.ts';
import { DEFAULT_BUS } from '../aws/put-events.ts';
import type { QueueDefinition } from '../aws/queue.ts';
import type { QueueSourceDefinition } from '../aws/queue-source.ts';
import { functionAt } from './api-definition.ts';
import type { Reading, TemplateReader } from './template-reader.ts';

export interface EventsDefinition {
  /** Names of the buses beside the default one. */
  readonly buses: readonly string[];
  readonly rules: readonly RuleDefinition[];
  readonly queues: readonly QueueDefinition[];
  readonly queueSources: readonly QueueSourceDefinition[];
}

type Functions = readonly FunctionDefinition[];

/** @throws Error that names the logical id and what cannot be understood */
export function eventsIn(reader: TemplateReader, functions: Functions): EventsDefinition {
  const queues = reader.list('AWS::SQS::Queue').map((queue) => queueOf(reader, queue));
  return {
    buses: reader.list('AWS::Events::EventBus').map(({ text }) => text('Name')),
    queues,
    rules: rulesWith(reader, 'EventPattern').map((rule) => ruleOf(reader, rule, { functions, queues })),
    queueSources: reader
      .list('AWS::Lambda::EventSourceMapping')
      .filter(({ text }) => isQueue(text('EventSourceArn')))
      .map((mapping) => queueSourceOf(mapping, { functions, queues })),
  };
}

/** A rule has a pattern, or a schedule. */
export const rulesWith = (reader: TemplateReader, property: 'EventPattern' | 'ScheduleExpression') =>
  reader.list('AWS::Events::Rule').filter(({ raw }) => raw(property) !== undefined);

export const isQueue = (arn: string): boolean => arn.startsWith('arn:aws:sqs:');

function queueOf(reader: TemplateReader, { id, value }: Reading): QueueDefinition {
  if (value('FifoQueue') === true) throw new Error(`${id} is a FIFO queue, which is not known here`);
  const redrive = value('RedrivePolicy') as { deadLetterTargetArn: string; maxReceiveCount: number } | undefined;
  const seconds = (property: string, otherwise: number) => Number(value(property) ?? otherwise) * 1000;
  return {
    arn: reader.arnOf(id),
    delayMs: seconds('DelaySeconds', 0),
    visibilityMs: seconds('VisibilityTimeout', 30),
    ...(redrive && { redrive: { arn: redrive.deadLetterTargetArn, mostReceives: Number(redrive.maxReceiveCount) } }),
  };
}

interface Known {
  readonly functions: Functions;
  readonly queues: readonly QueueDefinition[];
}

function ruleOf(reader: TemplateReader, { id, text, value, raw }: Reading, known: Known): RuleDefinition {
  if (value('State') === 'DISABLED') throw new Error(`${id} is disabled, which is not known here`);
  const targets = (value('Targets') ?? []) as Readonly<Record<string, unknown>>[];
  return {
    id,
    bus: raw('EventBusName') === undefined ? DEFAULT_BUS : text('EventBusName').replace(/^arn:.*:event-bus\//, ''),
    pattern: value('EventPattern'),
    targets: targets.map((target) => targetOf(reader, id, target, known)),
  };
}

function targetOf(
  reader: TemplateReader,
  id: string,
  { Arn, Id: _, DeadLetterConfig: __, RetryPolicy: ___, ...others }: Readonly<Record<string, unknown>>,
  { functions, queues }: Known,
): RuleTarget {
  const [foreign] = Object.keys(others);
  if (foreign !== undefined) throw new Error(`${id} has a target with ${foreign}, which is not known here`);
  const arn = String(Arn);
  if (!isQueue(arn)) return { kind: 'function', name: functionAt(functions, arn, id) };
  if (!queues.some((queue) => queue.arn === arn))
    throw new Error(`${id} leads to ${arn}, which is not in the template`);
  // EventBridge would try for a day, and say nothing to anybody.
  if (!letsEventsIn(reader, arn))
    throw new Error(`${id} leads to ${arn}, whose policy does not let EventBridge send to it`);
  return { kind: 'queue', arn };
}

/** Conditions are not evaluated. */
function letsEventsIn(reader: TemplateReader, arn: string): boolean {
  const statements = reader
    .list('AWS::SQS::QueuePolicy')
    .flatMap(({ value }) => (value('PolicyDocument') as { Statement: Readonly<Record<string, unknown>>[] }).Statement);
  return statements.some(
    ({ Effect, Action, Principal, Resource }) =>
      Effect === 'Allow' &&
      [Action].flat().includes('sqs:SendMessage') &&
      [Resource].flat().includes(arn) &&
      (Principal as { Service?: unknown } | undefined)?.Service === 'events.amazonaws.com',
  );
}

function queueSourceOf({ id, text, value, raw }: Reading, { functions, queues }: Known): QueueSourceDefinition {
  const queue = text('EventSourceArn');
  if (!queues.some(({ arn }) => arn === queue)) throw new Error(`${id} reads ${queue}, which is not in the template`);
  if (raw('FilterCriteria') !== undefined) throw new Error(`${id} has FilterCriteria, which are not known here`);
  const scaling = value('ScalingConfig') as { MaximumConcurrency?: number } | undefined;
  return {
    queue,
    function: functionNamed(functions, text('FunctionName'), id),
    batchSize: Number(value('BatchSize') ?? 10),
    windowMs: Number(value('MaximumBatchingWindowInSeconds') ?? 0) * 1000,
    reportsFailures: [value('FunctionResponseTypes') ?? []].flat().includes('ReportBatchItemFailures'),
    concurrency: Number(scaling?.MaximumConcurrency ?? 5),
  };
}

/**
 * @param given a function's ARN or name, with an alias or without
 * @throws Error where it is no function of the template
 */
export function functionNamed(functions: Functions, given: string, where: string): string {
  if (given.startsWith('arn:')) return functionAt(functions, given, where);
  const [name] = given.split(':');
  const found = functions.find(({ functionName }) => functionName === name);
  if (found === undefined) throw new Error(`${where}.FunctionName is ${given}, which is no function`);
  return found.name;
}
