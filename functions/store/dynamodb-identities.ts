/** The slots that identities have, in DynamoDB: an item each. */
import { DeleteCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { blockToText } from '../../core/protocol/slot-ref.ts';
import type { IdentityStore } from '../../core/store.ts';
import { conditional, readItem } from './dynamodb-client.ts';
import { identityExpressions } from './expressions.ts';
import { keptSlot, keys } from './items.ts';

export function dynamodbIdentities(client: DynamoDBDocumentClient, table: string): IdentityStore {
  return {
    async read(key) {
      const item = await readItem(client, table, keys.identity(key));
      return item && keptSlot(item);
    },

    async point(key, { block, slot, token }, before) {
      const request = new UpdateCommand({
        TableName: table,
        Key: keys.identity(key),
        UpdateExpression: 'SET b = :block, s = :slot, t = :token',
        ConditionExpression: before === undefined ? identityExpressions.identityAbsent : identityExpressions.sameToken,
        ExpressionAttributeValues: {
          ':block': blockToText(block),
          ':slot': slot,
          ':token': token,
          ...(before === undefined ? {} : { ':before': before }),
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const outcome = await conditional(() => client.send(request));
      // A write whose answer is lost is sent again, and finds what it did.
      return outcome.done || (outcome.item !== undefined && keptSlot(outcome.item).token === token);
    },

    async forget(key, token) {
      const request = new DeleteCommand({
        TableName: table,
        Key: keys.identity(key),
        ConditionExpression: identityExpressions.sameToken,
        ExpressionAttributeValues: { ':before': token },
      });
      return (await conditional(() => client.send(request))).done;
    },
  };
}
