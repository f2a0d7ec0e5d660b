/** The stack's functions, and the wire and the bus on which each has the rights of its role. */
import { startWire, type Wire } from '../aws/dynamodb-wire.ts';
import { type LocalEc2, startEc2 } from '../aws/ec2.ts';
import { type FunctionDefinition, type LocalFunction, localFunction } from '../aws/function.ts';
import { newAccessKeys } from '../aws/identities.ts';
import { type StackEvents, startEvents } from './events.ts';
import type { EventsDefinition } from './events-definition.ts';

export interface FunctionsOptions {
  readonly region: string;
  readonly account: string;
  /** Where DynamoDB Local is. */
  readonly dynamodb: string;
  /** Invocations that each function runs at once. */
  readonly environments: number;
  readonly events: EventsDefinition;
  /** So much faster than on AWS delays and time-outs of queues pass. */
  readonly pace: number;
}

export interface StackFunctions {
  readonly wire: Wire;
  readonly events: StackEvents;
  readonly ec2: LocalEc2;
  /** @throws Error if no function has this name */
  named(name: string): LocalFunction;
}

/** `closing`: what ends is added to it as soon as it has begun. */
export async function startFunctions(
  definitions: readonly FunctionDefinition[],
  { region, account, dynamodb, environments, events: definition, pace }: FunctionsOptions,
  closing: (() => unknown)[],
): Promise<StackFunctions> {
  const withKeys = definitions.map((definition) => ({ definition, credentials: newAccessKeys() }));
  const principals = withKeys.map(({ definition, credentials: { accessKeyId } }) => ({ ...definition, accessKeyId }));
  const wire = await startWire({ region, account, target: dynamodb, principals });
  closing.push(() => wire.stop());
  const functions = new Map<string, LocalFunction>();
  const named = (name: string): LocalFunction => {
    const found = functions.get(name);
    if (found === undefined) throw new Error(`There is no function ${name}: ${[...functions.keys()].join(', ')}`);
    return found;
  };
  const invoke = (name: string, event: unknown) => named(name).invoke(event);
  const events = await startEvents(definition, { region, account, principals, invoke, pace }, closing);
  const ec2 = await startEc2({ region, account, principals, tell: (event) => events.bus.put(event) });
  closing.push(() => ec2.stop());
  const endpoints = { AWS_ENDPOINT_URL_EVENTBRIDGE: events.bus.endpoint, AWS_ENDPOINT_URL_EC2: ec2.endpoint };
  for (const { definition, credentials } of withKeys) {
    const surroundings = { region, dynamodb: wire.endpoint, endpoints, credentials, environments };
    functions.set(definition.name, localFunction(definition, surroundings));
  }
  closing.push(() => Promise.all([...functions.values()].map((fn) => fn.stop())));
  return { wire, events, ec2, named };
}
