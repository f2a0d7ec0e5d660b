/** Pools and the VRF registry in DynamoDB. */
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { PoolStore } from '../../core/store.ts';
import { available, conditional } from './dynamodb-client.ts';
import { poolExpressions } from './expressions.ts';
import { keys, poolItem, poolState, registryOf } from './items.ts';

export function dynamodbPools(client: DynamoDBDocumentClient, table: string): PoolStore {
  const get = (key: Record<string, string>) =>
    available(() => client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true })));

  return {
    async readRegistry(vrf) {
      return registryOf(vrf, (await get(keys.registry(vrf))).Item);
    },

    async writeRegistry({ vrf, version, pools }) {
      const before = version - 1;
      const condition =
        before === 0
          ? { ConditionExpression: poolExpressions.registryAbsent }
          : {
              ConditionExpression: poolExpressions.registryUnchanged,
              ExpressionAttributeValues: { ':before': before },
            };
      const item = { ...keys.registry(vrf), v: version, pools };
      return (await conditional(() => client.send(new PutCommand({ TableName: table, Item: item, ...condition }))))
        .done;
    },

    async readPool(id) {
      const { Item } = await get(keys.pool(id));
      return Item && poolState(Item);
    },

    async createPool(pool) {
      const condition = { ConditionExpression: poolExpressions.poolAbsent };
      const request = new PutCommand({ TableName: table, Item: poolItem(pool), ...condition });
      return (await conditional(() => client.send(request))).done;
    },

    async changePool({ definition, state, version }) {
      const request = new UpdateCommand({
        TableName: table,
        Key: keys.pool(definition.id),
        UpdateExpression: 'SET def = :definition, st = :state, v = :version',
        ConditionExpression: poolExpressions.poolUnchanged,
        ExpressionAttributeValues: {
          ':definition': definition,
          ':state': state,
          ':version': version,
          ':before': version - 1,
        },
      });
      return (await conditional(() => client.send(request))).done;
    },

    async openPool(id, from, to) {
      const request = new UpdateCommand({
        TableName: table,
        Key: keys.pool(id),
        UpdateExpression: 'SET opened = :to',
        ConditionExpression: `${poolExpressions.poolActive} AND ${poolExpressions.openUnchanged}`,
        ExpressionAttributeValues: { ':active': 'active', ':from': Number(from), ':to': Number(to) },
      });
      return (await conditional(() => client.send(request))).done;
    },
  };
}
