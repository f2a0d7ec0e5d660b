/** How full pools were found to be, in DynamoDB: one item each, by whose changes events are told. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { fillLevels, type PoolFill } from '../../core/protocol/fill.ts';
import type { FillStore } from '../../core/store.ts';
import { conditional, readItem } from './dynamodb-client.ts';
import { fillExpressions } from './expressions.ts';
import { keys } from './items.ts';

const storedFill = z.object({ level: z.enum(fillLevels), use: z.number(), at: z.number(), turn: z.int() });

/** Of an item as the table, or its stream, has it. */
export const fillOf = (item: Record<string, unknown>): PoolFill => storedFill.parse(item);

export function dynamodbFills(client: DynamoDBDocumentClient, table: string): FillStore {
  return {
    async read(pool) {
      const item = await readItem(client, table, keys.fill(pool));
      return item && fillOf(item);
    },

    async note(pool, { level, use, at, turn }) {
      const request = new UpdateCommand({
        TableName: table,
        Key: keys.fill(pool),
        UpdateExpression: 'SET #level = :level, #use = :use, #at = :at, turn = :turn',
        ConditionExpression: `${fillExpressions.fillAbsent} OR ${fillExpressions.turnBefore}`,
        ExpressionAttributeNames: { '#level': 'level', '#use': 'use', '#at': 'at' },
        ExpressionAttributeValues: { ':level': level, ':use': use, ':at': at, ':turn': turn, ':before': turn - 1 },
      });
      return (await conditional(() => client.send(request))).done;
    },
  };
}
