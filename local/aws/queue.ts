/** SQS on this machine: standard queues with a delay, a visibility time-out and a dead-letter queue (developer guide, "Amazon SQS queue types"). */
import { randomUUID } from 'node:crypto';

export interface QueueDefinition {
  readonly arn: string;
  readonly delayMs: number;
  readonly visibilityMs: number;
  /** Where a message goes that was received so often and never deleted. */
  readonly redrive?: { readonly arn: string; readonly mostReceives: number };
}

export interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  readonly firstReceivedAt: number;
  readonly receives: number;
}

export interface Queue {
  send(body: string): void;
  /** What is visible, oldest first: it stays invisible until it is deleted or its time is up. */
  receive(most: number): readonly Received[];
  /** A receipt of an earlier receive deletes it too. */
  remove(receiptHandle: string): void;
  /** Milliseconds until a message is visible; undefined where there is none. */
  visibleIn(): number | undefined;
  /** The bodies of all its messages, invisible ones included. */
  bodies(): readonly string[];
  /** Calls when something was sent to it. */
  onSent(listener: () => void): void;
}

/** @throws Error if there is no such queue */
export type Queues = (arn: string) => Queue;

interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  readonly receipts: string[];
  visibleAt: number;
  firstReceivedAt?: number;
}

/** A queue, and the way into it for what another one has given up. */
interface Place {
  readonly queue: Queue;
  readonly add: (message: Pick<Message, 'id' | 'body' | 'sentAt'>, delayMs: number) => void;
}

/**
 * @param pace so much faster than SQS its delays and time-outs pass
 * @throws Error if a dead-letter queue is not there
 */
export function localQueues(definitions: readonly QueueDefinition[], pace = 1): Queues {
  const places = new Map<string, Place>();
  const at = (arn: string): Place => {
    const place = places.get(arn);
    if (place === undefined) throw new Error(`There is no queue ${arn}: ${[...places.keys()].join(', ')}`);
    return place;
  };
  for (const definition of definitions) places.set(definition.arn, placeFor(definition, at, pace));
  for (const { redrive } of definitions) if (redrive !== undefined) at(redrive.arn);
  return (arn) => at(arn).queue;
}

function placeFor(
  { delayMs, visibilityMs, redrive }: QueueDefinition,
  at: (arn: string) => Place,
  pace: number,
): Place {
  const messages: Message[] = [];
  const listeners: (() => void)[] = [];
  const add: Place['add'] = (message, delay) => {
    messages.push({ ...message, receipts: [], visibleAt: Date.now() + delay / pace });
    for (const listener of listeners) listener();
  };
  const visible = () => messages.filter(({ visibleAt }) => visibleAt <= Date.now());
  const drop = (message: Message | undefined) => message && messages.splice(messages.indexOf(message), 1);

  /** When it would be received once more, as SQS does it. */
  const giveUpDead = () => {
    if (redrive === undefined) return;
    for (const message of visible()) {
      if (message.receipts.length < redrive.mostReceives) continue;
      drop(message);
      at(redrive.arn).add({ id: message.id, body: message.body, sentAt: message.sentAt }, 0);
    }
  };
  const received = (message: Message): Received => {
    const receiptHandle = randomUUID();
    message.receipts.push(receiptHandle);
    message.visibleAt = Date.now() + visibilityMs / pace;
    message.firstReceivedAt ??= Date.now();
    const { id, body, sentAt, firstReceivedAt, receipts } = message;
    return { messageId: id, receiptHandle, body, sentAt, firstReceivedAt, receives: receipts.length };
  };
  const queue: Queue = {
    send: (body) => add({ id: randomUUID(), body, sentAt: Date.now() }, delayMs),
    receive: (most) => {
      giveUpDead();
      return visible().slice(0, most).map(received);
    },
    remove: (receiptHandle) => void drop(messages.find(({ receipts }) => receipts.includes(receiptHandle))),
    visibleIn: () =>
      messages.length === 0
        ? undefined
        : Math.max(0, Math.min(...messages.map(({ visibleAt }) => visibleAt)) - Date.now()),
    bodies: () => messages.map(({ body }) => body),
    onSent: (listener) => void listeners.push(listener),
  };
  return { queue, add };
}
