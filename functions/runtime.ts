/** What a Lambda environment makes once: its settings from the environment variables, its store, its memory. */
import { randomBytes, randomInt } from 'node:crypto';
import * as z from 'zod/mini';
import { environment } from '../core/contract/environment.ts';
import { COUNT_WITHIN, HISTORY_DAYS } from '../core/contract/limits.ts';
import { countingRepeats } from './metrics/store-repeats.ts';
import { brisk, documentClient, type Patience, patient } from './store/dynamodb-client.ts';
import { dynamodbStore } from './store/dynamodb-store.ts';
import type { Dependencies } from './use-cases/dependencies.ts';
import { type Events, noEvents } from './use-cases/events.ts';
import { emptyMemory } from './use-cases/memory.ts';

const settings = z.parse(
  z.object({
    [environment.poolsTable]: z.string(),
    [environment.leasesTable]: z.string(),
    // Not every function has to do with it.
    [environment.historyTable]: z._default(z.string(), ''),
    [environment.historyDays]: z._default(z.string().check(z.regex(/^\d+$/)), String(HISTORY_DAYS)),
    [environment.inlinePools]: z._default(z.enum(['true', 'false']), 'false'),
    [environment.inlineCooldown]: z._default(z.string().check(z.regex(/^\d+$/)), '30'),
    [environment.countWithin]: z._default(z.string().check(z.regex(/^\d+$/)), String(COUNT_WITHIN)),
    [environment.instanceRoles]: z._default(z.string(), ''),
    [environment.clusters]: z._default(z.string(), ''),
    [environment.evidenceAccounts]: z._default(z.string(), ''),
    [environment.deadAfterSilence]: z._default(z.string(), ''),
    [environment.eventBus]: z._default(z.string(), ''),
    [environment.leaseEvents]: z._default(z.enum(['true', 'false']), 'false'),
    [environment.deployment]: z._default(z.string(), 'lessor'),
    [environment.evidence]: z._default(z.string(), ''),
  }),
  process.env,
);

export const instanceRoles: readonly string[] = settings[environment.instanceRoles].split(',').filter(Boolean);

/** Ids of other accounts. */
export const evidenceAccounts: readonly string[] = settings[environment.evidenceAccounts].split(',').filter(Boolean);

/** Its name, '' where the deployment has none, and by whom events are put. */
export const busForEvents = { bus: settings[environment.eventBus], deployment: settings[environment.deployment] };

/** `<key>=<value>,…`. */
const pairsIn = (text: string): [string, string][] =>
  text
    .split(',')
    .filter(Boolean)
    .map((pair) => {
      const [key = '', value = ''] = pair.split('=');
      return [key, value];
    });

/** Role name to cluster. */
export const clusters: ReadonlyMap<string, string> = new Map(pairsIn(settings[environment.clusters]));

const dependenciesWith = (patience: Patience, events: Events): Dependencies => ({
  events,
  store: dynamodbStore(countingRepeats(documentClient(patience)), {
    pools: settings[environment.poolsTable],
    leases: settings[environment.leasesTable],
    history: settings[environment.historyTable],
  }),
  settings: {
    inlinePools: settings[environment.inlinePools] === 'true',
    inlineCooldownSeconds: Number(settings[environment.inlineCooldown]),
    countWithinSeconds: Number(settings[environment.countWithin]),
    historyDays: Number(settings[environment.historyDays]),
    asksEc2: settings[environment.evidence] === 'true',
    deadAfterSilence: new Map(
      pairsIn(settings[environment.deadAfterSilence]).map(([cluster, minutes]) => [cluster, Number(minutes)]),
    ),
    leaseEvents: settings[environment.leaseEvents] === 'true',
  },
  now: Date.now,
  random: (below) => randomInt(Math.max(1, below)),
  newPoolId: () => randomBytes(8).toString('hex'),
  newToken: () => randomBytes(8).toString('hex'),
  memory: emptyMemory(),
});

/** For what nobody waits for. @param events where they are put; nowhere if left out */
export const inBackground = (events = noEvents): Dependencies => dependenciesWith(patient, events);

/**
 * For requests that somebody waits for. One small read is made at once: the first request finds a connection, credentials and a
 * client that has run. Awaited by a handler's module it is part of the environment's start (Lambda's Init phase), which it must
 * not fail: without the table the requests themselves say why.
 */
export async function forRequests(events = noEvents): Promise<Dependencies> {
  const dependencies = dependenciesWith(brisk, events);
  await dependencies.store.nodes.readConcluded().catch((cause: unknown) => {
    console.warn({ message: 'DynamoDB did not answer at the start', cause: String(cause) });
  });
  return dependencies;
}
