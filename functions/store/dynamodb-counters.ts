/** Counters in DynamoDB: one item each, one write for all changes of a batch. */
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { CounterStore } from '../../core/store.ts';
import { available, conditional, queryAll } from './dynamodb-client.ts';
import { counterExpressions } from './expressions.ts';
import { countedText, counterOf, keys, sequenceText, shardAttribute } from './items.ts';

export function dynamodbCounters(client: DynamoDBDocumentClient, table: string): CounterStore {
  return {
    async read(key) {
      const request = new GetCommand({ TableName: table, Key: keys.counter(key), ConsistentRead: true });
      const { Item } = await available(() => client.send(request));
      return Item && counterOf(Item);
    },

    async readPools() {
      const items = await queryAll(client, table, keys.totals);
      return new Map(items.map((item) => [String(item.sk), counterOf(item)]));
    },

    async readNamespaces(pool) {
      const items = await queryAll(client, table, keys.namespaces(pool));
      return new Map(items.map((item) => [String(item.sk).slice('ns#'.length), counterOf(item)]));
    },

    async add(key, { shard, first, last, held, changes, now }) {
      const outcome = await conditional(() =>
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.counter(key),
            UpdateExpression: 'SET #shard = :last, rcAt = if_not_exists(rcAt, :now) ADD held :held, v :changes',
            ConditionExpression: `${counterExpressions.shardUncounted} OR ${counterExpressions.shardOlder}`,
            ExpressionAttributeNames: { '#shard': shardAttribute(shard) },
            ExpressionAttributeValues: {
              ':first': sequenceText(first),
              ':last': countedText(last, now),
              ':held': held,
              ':changes': changes,
              ':now': now,
            },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
      );
      if (outcome.done) return { added: true };
      return { added: false, counted: counterOf(outcome.item ?? {}).counted.get(shard)?.sequence ?? last };
    },

    async correct(key, { recounts, by, now, forget }) {
      const names = Object.fromEntries(forget.map((shard, index) => [`#s${index}`, shardAttribute(shard)]));
      const remove = forget.length === 0 ? '' : ` REMOVE ${Object.keys(names).join(', ')}`;
      const condition =
        recounts === 0
          ? { ConditionExpression: counterExpressions.neverRecounted }
          : { ConditionExpression: counterExpressions.recountsUnchanged };
      const request = new UpdateCommand({
        TableName: table,
        Key: keys.counter(key),
        UpdateExpression: `SET rcAt = :now ADD held :by, rc :one${remove}`,
        ...condition,
        ...(forget.length === 0 ? {} : { ExpressionAttributeNames: names }),
        ExpressionAttributeValues: {
          ':now': now,
          ':by': by,
          ':one': 1,
          ...(recounts === 0 ? {} : { ':recounts': recounts }),
        },
      });
      return (await conditional(() => client.send(request))).done;
    },
  };
}
