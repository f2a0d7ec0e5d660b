import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../core/store.ts';
import { documentClient } from '../../functions/store/dynamodb-client.ts';
import { dynamodbStore } from '../../functions/store/dynamodb-store.ts';
import {
  blockExpressions,
  counterExpressions,
  nodeExpressions,
  poolExpressions,
  slotExpressions,
} from '../../functions/store/expressions.ts';
import { counterRefusals } from './counters.suite.ts';
import { type LocalTables, localTables, tables } from './local-tables.ts';
import { mine, newSlot, recordRefusals, titled } from './refusals.ts';
import { expectRefused, slotRefusals } from './slot-refusals.ts';
import { storeSuite } from './store.suite.ts';

let local: LocalTables;
let store: Store;
beforeAll(async () => {
  local = await localTables();
  store = dynamodbStore(documentClient(), tables);
});
afterAll(() => local?.stop());

describe('the store in DynamoDB', () => {
  storeSuite(() => store);

  it('reads a block of several pages', async () => {
    const client: DynamoDBDocumentClient = documentClient();
    let pages = 0;
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName !== 'QueryCommand') return next(args);
          pages += 1;
          return next({ ...args, input: { ...args.input, Limit: 2 } });
        },
      { step: 'initialize' },
    );
    const key = newSlot();
    for (const slot of [0, 1, 2, 3, 4]) await store.leases.hold({ ...key, slot }, mine, 1);
    const { leases } = dynamodbStore(client, tables);
    expect([...(await leases.readBlock(key)).keys()]).toEqual([0, 1, 2, 3, 4]);
    expect(pages).toBe(3);
  });
});

const everyExpression = [slotExpressions, nodeExpressions, poolExpressions, blockExpressions, counterExpressions];
const records = [...recordRefusals, ...counterRefusals];

/** Whatever the condition says, it holds: with the values that DynamoDB would otherwise miss. */
async function withoutCondition(name: string, run: () => Promise<void>): Promise<void> {
  const table = everyExpression.find((expressions) => name in expressions);
  const expressions = table as Record<string, string>;
  const original = expressions[name] ?? '';
  expressions[name] = `(${original} OR attribute_exists(pk) OR attribute_not_exists(pk))`;
  try {
    await run();
  } finally {
    expressions[name] = original;
  }
}

describe('the suite finds out an expression without', () => {
  it.each(titled(slotRefusals))('%s', (_, refusal) =>
    withoutCondition(refusal.condition, () => expect(expectRefused(store, refusal)).rejects.toThrow()),
  );

  it.each(titled(records))('%s', (_, refusal) =>
    withoutCondition(refusal.condition, () => expect(refusal.expectRefused(store)).rejects.toThrow()),
  );

  it('any of its conditions', () => {
    const shown = [...slotRefusals, ...records].map(({ condition }) => condition);
    const all = everyExpression.flatMap((expressions) => Object.keys(expressions));
    expect(new Set(shown)).toEqual(new Set(all));
  });
});
