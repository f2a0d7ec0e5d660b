/** Counters in DynamoDB: one item each, one write for all changes of a batch. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { CountedChanges, CounterKey } from '../../core/protocol/counter.ts';
import type { CounterStore } from '../../core/store.ts';
import { conditional, queryAll, readItem } from './dynamodb-client.ts';
import { counterExpressions } from './expressions.ts';
import { countedText, counterOf, keys, sequenceText, shardAttribute } from './items.ts';

type Correction = Parameters<CounterStore['correct']>[1];

export function dynamodbCounters(client: DynamoDBDocumentClient, table: string): CounterStore {
  return {
    async read(key) {
      const item = await readItem(client, table, keys.counter(key));
      return item && counterOf(item);
    },

    async readPools() {
      const items = await queryAll(client, table, keys.totals);
      return new Map(items.map((item) => [String(item.sk), counterOf(item)]));
    },

    async readNamespaces(pool) {
      const items = await queryAll(client, table, keys.namespaces(pool));
      return new Map(items.map((item) => [String(item.sk).slice('ns#'.length), counterOf(item)]));
    },

    async add(key, changes) {
      const outcome = await conditional(() => client.send(addition(table, key, changes)));
      if (outcome.done) return { added: true };
      const counted = counterOf(outcome.item ?? {}).counted.get(changes.shard);
      return { added: false, counted: counted?.sequence ?? changes.last };
    },

    async correct(key, change) {
      return (await conditional(() => client.send(correction(table, key, change)))).done;
    },
  };
}

const addition = (
  table: string,
  key: CounterKey,
  { shard, first, last, held, changes, now }: CountedChanges,
): UpdateCommand =>
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
  });

function correction(table: string, key: CounterKey, { recounts, by, now, forget }: Correction): UpdateCommand {
  const names = Object.fromEntries(forget.map((shard, index) => [`#s${index}`, shardAttribute(shard)]));
  const remove = forget.length === 0 ? '' : ` REMOVE ${Object.keys(names).join(', ')}`;
  const { neverRecounted, recountsUnchanged } = counterExpressions;
  return new UpdateCommand({
    TableName: table,
    Key: keys.counter(key),
    UpdateExpression: `SET rcAt = :now ADD held :by, rc :one${remove}`,
    ConditionExpression: recounts === 0 ? neverRecounted : recountsUnchanged,
    ...(forget.length === 0 ? {} : { ExpressionAttributeNames: names }),
    ExpressionAttributeValues: {
      ':now': now,
      ':by': by,
      ':one': 1,
      ...(recounts === 0 ? {} : { ':recounts': recounts }),
    },
  });
}
