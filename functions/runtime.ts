/** What a Lambda environment makes once: its settings from the environment variables, its store, its memory. */
import { randomBytes, randomInt } from 'node:crypto';
import * as z from 'zod/mini';
import { environment } from '../core/contract/environment.ts';
import { countingRepeats } from './metrics/store-repeats.ts';
import { documentClient } from './store/dynamodb-client.ts';
import { dynamodbStore } from './store/dynamodb-store.ts';
import type { Dependencies } from './use-cases/dependencies.ts';
import { emptyMemory } from './use-cases/memory.ts';

const settings = z.parse(
  z.object({
    [environment.poolsTable]: z.string(),
    [environment.leasesTable]: z.string(),
    [environment.inlinePools]: z._default(z.enum(['true', 'false']), 'false'),
    [environment.inlineCooldown]: z._default(z.string().check(z.regex(/^\d+$/)), '30'),
    [environment.instanceRoles]: z._default(z.string(), ''),
    [environment.clusters]: z._default(z.string(), ''),
  }),
  process.env,
);

export const instanceRoles: readonly string[] = settings[environment.instanceRoles].split(',').filter(Boolean);

/** Role name to cluster. */
export const clusters: ReadonlyMap<string, string> = new Map(
  settings[environment.clusters]
    .split(',')
    .filter(Boolean)
    .map((pair): [string, string] => {
      const [role = '', cluster = ''] = pair.split('=');
      return [role, cluster];
    }),
);

export const dependencies: Dependencies = {
  store: dynamodbStore(countingRepeats(documentClient()), {
    pools: settings[environment.poolsTable],
    leases: settings[environment.leasesTable],
  }),
  settings: {
    inlinePools: settings[environment.inlinePools] === 'true',
    inlineCooldownSeconds: Number(settings[environment.inlineCooldown]),
  },
  now: Date.now,
  random: (below) => randomInt(Math.max(1, below)),
  newPoolId: () => randomBytes(8).toString('hex'),
  newToken: () => randomBytes(8).toString('hex'),
  memory: emptyMemory(),
};
