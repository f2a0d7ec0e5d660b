/** Blocks that nodes own, in DynamoDB: one item each, some hundred of them under one partition key. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { BlockOperation, BlockOwner } from '../../core/protocol/block.ts';
import { type BlockKey, blockFromText } from '../../core/protocol/slot-ref.ts';
import type { BlockStore } from '../../core/store.ts';
import { conditional, queryAll, readItem } from './dynamodb-client.ts';
import { blockConditionOf, valuesIn } from './expressions.ts';
import { blockState, keys } from './items.ts';

const OWNED = 'nd = :node, e = :incarnation, boot = :boot, j = :journal';
/** What each operation makes of the item. */
const updates: Record<BlockOperation, string> = {
  claim: `SET st = :claimed, ${OWNED} ADD g :one`,
  takeUp: `SET st = :claimed, ${OWNED} ADD g :one`,
  fence: 'SET st = :releasing, f = :forced ADD g :one',
  abort: 'SET st = :claimed REMOVE f',
  finish: 'SET st = :free REMOVE f, nd, e, boot, j',
  seal: 'SET st = :sealed ADD g :one',
};
const states = {
  ':claimed': 'claimed',
  ':releasing': 'releasing',
  ':free': 'free',
  ':sealed': 'sealed',
  ':one': 1,
};

export function dynamodbBlocks(client: DynamoDBDocumentClient, table: string): BlockStore {
  const update = (operation: BlockOperation, key: BlockKey, values: Record<string, unknown>) => {
    const condition = blockConditionOf(operation);
    const expression = updates[operation];
    return conditional(() =>
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.block(key),
          UpdateExpression: expression,
          ConditionExpression: condition,
          ExpressionAttributeValues: valuesIn(`${expression} ${condition}`, { ...states, ...values }),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
  };
  const done = async (operation: BlockOperation, key: BlockKey, values: Record<string, unknown> = {}) =>
    (await update(operation, key, values)).done;

  return {
    async read(key) {
      const item = await readItem(client, table, keys.block(key));
      return item && blockState(item);
    },

    async readShard(pool, shard) {
      const items = await queryAll(client, table, keys.shard(pool, shard));
      return new Map(items.map((item) => [blockFromText(String(item.sk)), blockState(item)]));
    },

    async claim(key, owner) {
      const outcome = await update('claim', key, valuesOf(owner));
      const item = outcome.done ? outcome.output.Attributes : outcome.item;
      return { claimed: outcome.done, block: blockState(item ?? {}) };
    },

    takeUp: (key, generation, owner) => done('takeUp', key, { ':generation': generation, ...valuesOf(owner) }),
    fence: (key, generation, forced) => done('fence', key, { ':generation': generation, ':forced': forced }),
    abort: (key, generation) => done('abort', key, { ':generation': generation }),
    finish: (key, generation) => done('finish', key, { ':generation': generation }),
    seal: (key) => done('seal', key),
  };
}

const valuesOf = ({ node, incarnation, boot, journal }: BlockOwner) => ({
  ':node': node,
  ':incarnation': incarnation,
  ':boot': boot,
  ':journal': journal,
});
