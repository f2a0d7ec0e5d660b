/** The stack's buses, rules and queues. */
import { type BusPrincipal, type EventBus, startEventBus } from '../aws/event-bus.ts';
import type { InvocationResult } from '../aws/invocation.ts';
import { localQueues, type Queues } from '../aws/queue.ts';
import { followQueue } from '../aws/queue-source.ts';
import type { EventsDefinition } from './events-definition.ts';

export interface EventsOptions {
  readonly region: string;
  readonly account: string;
  readonly principals: readonly BusPrincipal[];
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
  /** So much faster than on AWS delays and time-outs of queues pass. */
  readonly pace: number;
}

export interface StackEvents {
  readonly bus: EventBus;
  readonly queues: Queues;
}

/** As often Lambda runs a function for an event that nobody waits for; here at once. */
const TRIES = 3;

/** `closing`: what ends is added to it as soon as it has begun. */
export async function startEvents(
  { buses, rules, queues: definitions, queueSources }: EventsDefinition,
  { region, account, principals, invoke, pace }: EventsOptions,
  closing: (() => unknown)[],
): Promise<StackEvents> {
  const queues = localQueues(definitions, pace);
  const run = async (name: string, event: unknown) => {
    for (let tries = 1; tries <= TRIES; tries += 1) if ((await invoke(name, event)).ok) return;
  };
  const bus = await startEventBus({
    region,
    account,
    buses,
    rules,
    principals,
    deliver: (target, event) =>
      target.kind === 'queue' ? queues(target.arn).send(JSON.stringify(event)) : run(target.name, event),
  });
  closing.push(() => bus.stop());
  for (const source of queueSources) {
    const told = {
      queue: queues(source.queue),
      region,
      pace,
      invoke: (event: unknown) => invoke(source.function, event),
    };
    const follower = followQueue(source, told);
    closing.push(() => follower.stop());
  }
  return { bus, queues };
}
