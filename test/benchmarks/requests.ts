/** What each operation costs in DynamoDB, beside what it is meant to cost. Counted, not timed: every run says the same. */
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import { aimedAt } from '../budgets/aimed-at.ts';
import { type Costs, meterOf } from '../budgets/meter.ts';
import { operations } from '../budgets/operations.ts';
import { localTables, tables } from '../store/local-tables.ts';
import type { Figure, Section } from './section.ts';
import { spreadOf } from './spread.ts';

const KINDS = { requests: 'requests', writeUnits: 'write units', readUnits: 'read units' } as const;

export const requests: Section = {
  name: 'requests',
  what: "each operation's requests and units in DynamoDB Local, beside its budget",
  async run({ progress }) {
    const local = await localTables();
    try {
      const client = documentClient();
      const figures: Figure[] = [];
      for await (const [operation, costs] of operations(dynamodbStore(client, tables), meterOf(client))) {
        progress(operation);
        const budget = aimedAt[operation];
        if (budget === undefined)
          throw new Error(`${operation} has no budget: give it one in test/budgets/aimed-at.ts`);
        figures.push(...figuresOf(operation, costs, budget));
      }
      return figures;
    } finally {
      await local.stop();
    }
  },
};

/** None where neither budget nor cost is anything. */
const figuresOf = (operation: string, costs: Costs, budget: Costs): Figure[] =>
  (['requests', 'writeUnits', 'readUnits'] as const)
    .filter((kind) => budget[kind] + costs[kind] > 0)
    .map((kind) => ({
      name: operation,
      value: spreadOf([costs[kind]], KINDS[kind]),
      against: { name: 'budget', value: spreadOf([budget[kind]], KINDS[kind]) },
      ...(budget[kind] === 0 ? {} : { ratio: spreadOf([costs[kind] / budget[kind]], ''), goal: { atMost: 1 } }),
    }));
