/** EventBridge on this machine: PutEvents over HTTP, and rules that pass on what they match to queues and functions. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { matcherOf } from './event-pattern.ts';
import { close, listen, portOf } from './loopback-server.ts';
import { permits, type Statement } from './policy.ts';
import {
  type BusEvent,
  DEFAULT_BUS,
  eventTime,
  type PutEvent,
  type PutEventsAnswer,
  putEvents,
  refused,
} from './put-events.ts';

/** A rule with a pattern. */
export interface RuleDefinition {
  /** Its logical id. */
  readonly id: string;
  /** Name of the bus. */
  readonly bus: string;
  readonly pattern: unknown;
  readonly targets: readonly RuleTarget[];
}

export type RuleTarget =
  | { readonly kind: 'queue'; readonly arn: string }
  | { readonly kind: 'function'; readonly name: string };

/** Who may call PutEvents, known by the access key. */
export interface BusPrincipal {
  readonly accessKeyId: string;
  readonly rights: readonly Statement[];
}

export interface BusParts {
  readonly region: string;
  readonly account: string;
  /** Names of the buses beside the default one. */
  readonly buses: readonly string[];
  readonly rules: readonly RuleDefinition[];
  readonly principals: readonly BusPrincipal[];
  /** Passes an event on to a target of a rule that matches it. */
  readonly deliver: (target: RuleTarget, event: BusEvent) => void;
}

/** What an event says beside what the bus says of it. */
export type ServiceEvent = Pick<BusEvent, 'source' | 'detail-type' | 'detail'> &
  Partial<Pick<BusEvent, 'account' | 'region' | 'resources'>>;

export interface EventBus {
  /** Where PutEvents is answered. */
  readonly endpoint: string;
  /** An event as a service of AWS puts it, or as AWS forwards it from the bus of another account; on the default bus if none is named. */
  put(event: ServiceEvent, bus?: string): BusEvent;
  /** A rule that is added now, as by PutRule and PutTargets: whatever matches it from now on is passed to `take`. */
  addRule(rule: Pick<RuleDefinition, 'bus' | 'pattern'>, take: (event: BusEvent) => void): void;
  /** PutEvents fails from now on, and takes nothing, or no more. */
  fault(fails: boolean): void;
  /** The last 1,000 events that a bus took, oldest first. */
  taken(bus?: string): readonly BusEvent[];
  stop(): Promise<void>;
}

const KEPT_EVENTS = 1000;
const FAILURE: PutEventsAnswer = { status: 500, body: { __type: 'InternalException' }, taken: [] };

/** @throws Error that names a rule whose pattern or bus is not known */
export async function startEventBus(parts: BusParts): Promise<EventBus> {
  const { region, account } = parts;
  const buses = new Set([DEFAULT_BUS, ...parts.buses]);
  const rules = parts.rules.map((rule) => {
    if (!buses.has(rule.bus)) throw new Error(`${rule.id} is on the bus ${rule.bus}, which is not in the template`);
    return { ...rule, matches: matcherOf(rule.pattern, `${rule.id}.EventPattern`) };
  });
  const added: { readonly bus: string; readonly matches: (event: unknown) => boolean; take(event: BusEvent): void }[] =
    [];
  const kept: PutEvent[] = [];
  let fails = false;

  const pass = ({ bus, event }: PutEvent) => {
    // PutEvents succeeds on a bus that does not exist, and the event is gone.
    if (!buses.has(bus)) return;
    kept.push({ bus, event });
    if (kept.length > KEPT_EVENTS) kept.shift();
    for (const rule of rules) {
      if (rule.bus !== bus || !rule.matches(event)) continue;
      for (const target of rule.targets) parts.deliver(target, event);
    }
    for (const rule of added) if (rule.bus === bus && rule.matches(event)) rule.take(event);
  };
  const server = await listen(0);
  server.on('request', async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { status, body, taken } = fails ? FAILURE : answer(parts, incoming, Buffer.concat(chunks));
    outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() });
    outgoing.end(JSON.stringify(body));
    for (const event of taken) pass(event);
  });

  return {
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    put: (given, bus = DEFAULT_BUS) => {
      if (!buses.has(bus)) throw new Error(`There is no bus ${bus}: ${[...buses].join(', ')}`);
      const said = {
        version: '0',
        id: randomUUID(),
        account,
        region,
        time: eventTime(new Date()),
        resources: [],
      } as const;
      const event: BusEvent = { ...said, ...given };
      pass({ bus, event });
      return event;
    },
    addRule: ({ bus, pattern }, take) => {
      if (!buses.has(bus)) throw new Error(`There is no bus ${bus}: ${[...buses].join(', ')}`);
      added.push({ bus, matches: matcherOf(pattern, 'pattern'), take });
    },
    fault: (given) => {
      fails = given;
    },
    taken: (bus = DEFAULT_BUS) => kept.filter((one) => one.bus === bus).map(({ event }) => event),
    stop: () => close(server),
  };
}

function answer(
  { region, account, principals }: BusParts,
  { headers }: IncomingMessage,
  body: Buffer,
): PutEventsAnswer {
  if (headers['x-amz-target'] !== 'AWSEvents.PutEvents') return refused('UnknownOperationException', '');
  const key = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
  const principal = principals.find(({ accessKeyId }) => accessKeyId === key);
  if (principal === undefined)
    return refused('UnrecognizedClientException', 'The security token included in the request is invalid.');
  const put = putEvents(inputIn(body), { account, region });
  const foreign = put.taken
    .map(({ bus }) => `arn:aws:events:${region}:${account}:event-bus/${bus}`)
    .find((arn) => !permits(principal.rights, 'events:PutEvents', arn));
  if (foreign === undefined) return put;
  const denied = `is not authorized to perform: events:PutEvents on resource: ${foreign}`;
  return refused('AccessDeniedException', `User ${denied} because no identity-based policy allows it`);
}

function inputIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
