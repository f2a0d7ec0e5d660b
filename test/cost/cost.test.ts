/** docs/cost.md: that its tables are current, and that what they go by is what the functions ask. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../core/store.ts';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { meterOf } from '../budgets/meter.ts';
import { counted } from '../functions/intercepted.ts';
import { localTables, tables } from '../store/local-tables.ts';
import { memoryStore } from '../store/memory-store.ts';
import { isLong } from '../support/long.ts';
import { ofDelegatedPods, ofPods, SHARDS, sum } from './bill.ts';
import { deployment } from './deployment.ts';
import { type Measured, measure } from './measured.ts';
import { batchesOf, PAGE, RATES, readMeasured, withTables } from './page.ts';
import { prices } from './prices.ts';

const deployed = deployment();
const measured = readMeasured();
const page = readFileSync(PAGE, 'utf8');
const batches = batchesOf(deployed);

describe('docs/cost.md', () => {
  it('has the tables that come of the measured figures, the prices and the template: `npm run cost -- --write`', () => {
    expect(withTables(page, measured, deployed)).toBe(page);
  });

  it('would not be current with another price, another window or another measurement', () => {
    const costlier: Measured = {
      ...measured,
      pods: { ...measured.pods, '1': { requests: 9, writeUnits: 9, readUnits: 9 } },
    };
    for (const [figures, of] of [
      [costlier, deployed],
      [measured, { ...deployed, alarms: 99 }],
      [measured, { ...deployed, memoryMb: 2048 }],
    ] as const)
      expect(withTables(page, figures, of)).not.toBe(page);
  });

  it.each(RATES)('is kept to the budget of $5 a million pods at %i a second', (rate) => {
    expect(sum(ofPods(measured, deployed, rate), prices['us-east-1'])).toBeLessThanOrEqual(5);
  });
});

describe('docs/cost.md of delegated leasing', () => {
  it.each(RATES)('is kept to the budget of $2.50 at %i a second, where nodes gather for a minute', (rate) => {
    expect(sum(ofDelegatedPods(measured, deployed, rate, 60), prices['us-east-1'])).toBeLessThanOrEqual(2.5);
  });

  it('costs hardly less than being asked for each, where a node has nothing to gather in a second', () => {
    const [online, delegated] = [ofPods(measured, deployed, 1), ofDelegatedPods(measured, deployed, 1, 1)];
    expect(sum(delegated, prices['us-east-1'])).toBeGreaterThan(0.9 * sum(online, prices['us-east-1']));
  });
});

const requestsOf = ({ pods, delegated, counting }: Measured) => [
  ...Object.entries(delegated).flatMap(([rate, at]) =>
    Object.entries(at).map(([items, { requests }]) => [rate, items, requests]),
  ),
  ...RATES.map((rate) => [rate, pods[rate]?.requests]),
  ...batches.map((batch) => [batch, counting[batch]?.requests]),
];

describe('the measured figures', () => {
  it('are the requests that are made, of which a memory stands for DynamoDB one by one', async () => {
    const inMemory = async (): Promise<{
      store: Store;
      meter: ReturnType<typeof meterOf>;
      stop: () => Promise<void>;
    }> => {
      const { store, requests } = counted(memoryStore());
      const read = () => ({ requests: requests.splice(0).length, writeUnits: 0, readUnits: 0 });
      return { store, meter: { read }, stop: async () => {} };
    };
    expect(requestsOf(await measure(inMemory, batches, SHARDS))).toEqual(requestsOf(measured));
  });

  it.runIf(isLong)(
    'are the units that DynamoDB Local takes for them',
    async () => {
      const fresh = async () => {
        const local = await localTables();
        const client = documentClient();
        return { store: dynamodbStore(client, tables), meter: meterOf(client), stop: () => local.stop() };
      };
      expect(await measure(fresh, batches, SHARDS)).toEqual(measured);
    },
    300_000,
  );
});
