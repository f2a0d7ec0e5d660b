/** Counters in DynamoDB: one item each, one write for all changes of a batch. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import {
  allNamespaces,
  type CountedChanges,
  type Counter,
  type CounterKey,
  ofNamespace,
} from '../../core/protocol/counter.ts';
import type { CounterStore } from '../../core/store.ts';
import { conditional, queryAll, readItem } from './dynamodb-client.ts';
import { counterExpressions } from './expressions.ts';
import { besideAttributes, countedText, counterOf, keys, sequenceText, shardAttribute, shortShard } from './items.ts';

type Correction = Parameters<CounterStore['correct']>[1];

export function dynamodbCounters(client: DynamoDBDocumentClient, table: string): CounterStore {
  const readOne = async (key: CounterKey): Promise<Counter | undefined> => {
    const item = await readItem(client, table, keys.counter(key));
    return item && counterOf(item);
  };
  return {
    async read({ pool, namespace }) {
      if (namespace === undefined) return readOne({ pool });
      const [own, total] = await Promise.all([readOne({ pool, namespace }), readOne({ pool })]);
      return ofNamespace(own, total?.beside?.get(namespace));
    },

    async readPools() {
      const items = await queryAll(client, table, keys.totals);
      return new Map(items.map((item) => [String(item.sk), counterOf(item)]));
    },

    async readNamespaces(pool) {
      const [items, total] = await Promise.all([queryAll(client, table, keys.namespaces(pool)), readOne({ pool })]);
      const own = new Map(items.map((item) => [String(item.sk).slice('ns#'.length), counterOf(item)]));
      return allNamespaces(own, total);
    },

    async add(key, changes) {
      const outcome = await conditional(() => client.send(addition(table, key, changes)));
      if (outcome.done) return { added: true };
      const { counted, beside = new Map() } = counterOf(outcome.item ?? {});
      const last = counted.get(shortShard(changes.shard))?.sequence;
      return { added: false, ...(last === undefined ? {} : { counted: last }), beside: new Set(beside.keys()) };
    },

    async correct(key, change) {
      return (await conditional(() => client.send(correction(table, key, change)))).done;
    },
  };
}

function addition(table: string, key: CounterKey, changes: CountedChanges): UpdateCommand {
  const { shard, first, last, held, now, joining, beside = new Map() } = changes;
  const { shardUncounted, shardOlder, besideNone, besideUnchanged } = counterExpressions;
  const unchanged = joining && ` AND ${joining.had === 0 ? besideNone : besideUnchanged}`;
  const sums: [string, number][] = [...beside].flatMap(([namespace, tally]) => {
    const names = besideAttributes(namespace);
    return [
      [names.held, tally.held],
      [names.changes, tally.changes],
    ];
  });
  const added = ['held :held', 'v :changes', ...sums.map((_, index) => `#n${index} :n${index}`)];
  return new UpdateCommand({
    TableName: table,
    Key: keys.counter(key),
    UpdateExpression: `SET #shard = :last, rcAt = if_not_exists(rcAt, :now) ADD ${[...added, ...(joining ? ['b :come'] : [])].join(', ')}`,
    ConditionExpression: `(${shardUncounted} OR ${shardOlder})${unchanged ?? ''}`,
    ExpressionAttributeNames: {
      '#shard': shardAttribute(shard),
      ...Object.fromEntries(sums.map(([name], index) => [`#n${index}`, name])),
    },
    ExpressionAttributeValues: {
      ':first': sequenceText(first),
      ':last': countedText(last, now),
      ':held': held,
      ':changes': changes.changes,
      ':now': now,
      ...Object.fromEntries(sums.map(([, sum], index) => [`:n${index}`, sum])),
      ...(joining ? { ':come': joining.come } : {}),
      ...(joining && joining.had > 0 ? { ':had': joining.had } : {}),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

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
