/** Leases in DynamoDB: one conditional write a slot, one strongly consistent Query a block. */
import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { againstHolding, type Holding, type SlotOperation, type SlotState } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { LeaseStore } from '../../core/store.ts';
import { conditional, queryAll, readItem } from './dynamodb-client.ts';
import { conditionOf, valuesIn } from './expressions.ts';
import { FREE, HELD, keys, slotItem, slotOf, slotState } from './items.ts';

const RELEASED = 'SET s = :free, r = :reusableAt';
const EVICTED = `${RELEASED}, g = :generation`;
const ADVANCED = 'SET s = :free, g = :generation, r = if_not_exists(r, :never)';
const states = { ':held': HELD, ':free': FREE };

/** Every way in which a slot is freed, by its operation. */
const freeing =
  (client: DynamoDBDocumentClient, table: string) =>
  async (key: SlotKey, operation: SlotOperation, values: Record<string, unknown>, change = RELEASED) => {
    const condition = conditionOf(operation);
    const outcome = await conditional(() =>
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.slot(key),
          UpdateExpression: change,
          ConditionExpression: condition,
          ExpressionAttributeValues: valuesIn(`${change} ${condition}`, { ...states, ...values }),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    return outcome.done
      ? ({ released: true } as const)
      : { released: false as const, current: outcome.item && slotState(outcome.item) };
  };

export function dynamodbLeases(client: DynamoDBDocumentClient, table: string): LeaseStore {
  const free = freeing(client, table);
  const occupy = async (
    operation: 'hold' | 'assert',
    key: SlotKey,
    holding: Holding,
    { generation, sticky }: { generation: number; sticky: boolean },
  ) => {
    const condition = conditionOf(operation);
    const outcome = await conditional(() =>
      client.send(
        new PutCommand({
          TableName: table,
          Item: slotItem(key, holding, generation),
          ConditionExpression: condition,
          ExpressionAttributeValues: valuesIn(condition, {
            ...states,
            ...valuesOf(againstHolding(holding, generation, sticky)),
          }),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    return outcome.done
      ? ({ held: true } as const)
      : { held: false as const, current: outcome.item && slotState(outcome.item) };
  };
  return {
    hold: (key, holding, generation, sticky = false) => occupy('hold', key, holding, { generation, sticky }),

    assert: (key, holding, generation) => occupy('assert', key, holding, { generation, sticky: false }),

    release: (key, by, reusableAt) => free(key, 'release', valuesOf({ ...by, reusableAt })),

    async sweep(key, by, reusableAt) {
      return (await free(key, 'sweep', valuesOf({ ...by, reusableAt }))).released;
    },

    async advance(key, generation) {
      return (await free(key, 'advance', valuesOf({ generation, never: 0 }), ADVANCED)).released;
    },

    async evict(key, generation, reusableAt) {
      return (await free(key, 'evict', valuesOf({ generation, reusableAt }), EVICTED)).released;
    },

    async readSlot(key) {
      const item = await readItem(client, table, keys.slot(key));
      return item && slotState(item);
    },

    async readBlock(key) {
      const items = await queryAll(client, table, keys.slots(key));
      return new Map<number, SlotState>(items.map((item) => [slotOf(item), slotState(item)]));
    },
  };
}

const valuesOf = (values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));
