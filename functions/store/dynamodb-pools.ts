/** Pools and the VRF registry in DynamoDB. */
import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Registry } from '../../core/pools/registry.ts';
import { blockToText } from '../../core/protocol/slot-ref.ts';
import type { PoolState, PoolStore } from '../../core/store.ts';
import { conditional, readItem } from './dynamodb-client.ts';
import { poolExpressions as when } from './expressions.ts';
import { keys, poolItem, poolState, registryOf } from './items.ts';

export function dynamodbPools(client: DynamoDBDocumentClient, table: string): PoolStore {
  return {
    async readRegistry(vrf) {
      return registryOf(vrf, await readItem(client, table, keys.registry(vrf)));
    },

    async writeRegistry(registry) {
      return (await conditional(() => client.send(registryWrite(table, registry)))).done;
    },

    async readPool(id) {
      const item = await readItem(client, table, keys.pool(id));
      return item && poolState(item);
    },

    async createPool(pool) {
      const request = new PutCommand({
        TableName: table,
        Item: poolItem(pool),
        ConditionExpression: when.poolAbsent,
      });
      return (await conditional(() => client.send(request))).done;
    },

    async changePool(pool) {
      return (await conditional(() => client.send(poolChange(table, pool)))).done;
    },

    async openPool(id, from, to) {
      const request = new UpdateCommand({
        TableName: table,
        Key: keys.pool(id),
        UpdateExpression: 'SET opened = :to',
        ConditionExpression: `${when.poolActive} AND ${when.openUnchanged}`,
        ExpressionAttributeValues: { ':active': 'active', ':from': Number(from), ':to': Number(to) },
      });
      return (await conditional(() => client.send(request))).done;
    },

    async openApart(id, block, most) {
      return (await conditional(() => client.send(apartOpening(table, { id, block, most })))).done;
    },
  };
}

const apartOpening = (table: string, { id, block, most }: { id: string; block: bigint; most: number }): UpdateCommand =>
  new UpdateCommand({
    TableName: table,
    Key: keys.pool(id),
    UpdateExpression: 'ADD apart :blocks',
    ConditionExpression: `${when.poolActive} AND (${when.apartAbsent} OR ${when.apartRoom})`,
    ExpressionAttributeValues: { ':active': 'active', ':blocks': new Set([blockToText(block)]), ':most': most },
  });

function registryWrite(table: string, { vrf, version, pools }: Registry): PutCommand {
  const before = version - 1;
  return new PutCommand({
    TableName: table,
    Item: { ...keys.registry(vrf), v: version, pools },
    ...(before === 0
      ? { ConditionExpression: when.registryAbsent }
      : { ConditionExpression: when.registryUnchanged, ExpressionAttributeValues: { ':before': before } }),
  });
}

/** All but what is open, which grows by itself. */
const poolChange = (table: string, { definition, state, version }: PoolState): UpdateCommand =>
  new UpdateCommand({
    TableName: table,
    Key: keys.pool(definition.id),
    UpdateExpression: 'SET def = :definition, st = :state, v = :version',
    ConditionExpression: when.poolUnchanged,
    ExpressionAttributeValues: {
      ':definition': definition,
      ':state': state,
      ':version': version,
      ':before': version - 1,
    },
  });
