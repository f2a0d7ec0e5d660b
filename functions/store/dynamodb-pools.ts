/** Pools and the VRF registry in DynamoDB. */
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { PoolStore } from '../../core/store.ts';
import { available, conditional } from './dynamodb-client.ts';
import { poolExpressions } from './expressions.ts';
import { keys, poolOf, registryOf } from './items.ts';

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
      return Item && poolOf(Item);
    },

    async createPool(definition) {
      const item = { ...keys.pool(definition.id), definition };
      const condition = { ConditionExpression: poolExpressions.poolAbsent };
      return (await conditional(() => client.send(new PutCommand({ TableName: table, Item: item, ...condition }))))
        .done;
    },
  };
}
