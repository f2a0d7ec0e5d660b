/** Nodes in DynamoDB, one item each, and one in the list of all. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { NodeState } from '../../core/protocol/node.ts';
import type { NodeStore } from '../../core/store.ts';
import { conditional, readItem } from './dynamodb-client.ts';
import { dynamodbDeaths } from './dynamodb-deaths.ts';
import { dynamodbNodeList } from './dynamodb-node-list.ts';
import { nodeExpressions as when } from './expressions.ts';
import { ALIVE, DEAD, keys, nodeState } from './items.ts';

const FIRST_LIFE = 1;

export const dynamodbNodes = (client: DynamoDBDocumentClient, table: string): NodeStore => ({
  ...lives(client, table),
  ...dynamodbNodeList(client, table),
  ...dynamodbDeaths(client, table),
});

interface Update {
  readonly key: Record<string, string>;
  readonly expression: string;
  readonly condition: string;
  readonly values: Record<string, unknown>;
}

/** @param answered which of the item's values come back where the condition held */
const updateOf =
  (client: DynamoDBDocumentClient, table: string) =>
  ({ key, expression, condition, values }: Update, answered: 'ALL_NEW' | 'ALL_OLD' = 'ALL_NEW') =>
    conditional(() =>
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: key,
          UpdateExpression: expression,
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
          ReturnValues: answered,
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );

function lives(
  client: DynamoDBDocumentClient,
  table: string,
): Pick<NodeStore, 'readNode' | 'join' | 'beginLife' | 'markDead'> {
  const update = updateOf(client, table);
  return {
    async readNode(id) {
      const item = await readItem(client, table, keys.node(id));
      return item && nodeState(id, item);
    },

    join: joining(update),

    async beginLife(id, incarnation, { boot, firstOfBoot, earlier }, now) {
      const outcome = await update({
        key: keys.node(id),
        expression: 'SET st = :alive, e = :next, e1 = :first, boot = :boot, bs = :earlier, seen = :now',
        condition: when.sameIncarnation,
        values: {
          ':alive': ALIVE,
          ':incarnation': incarnation,
          ':next': incarnation + 1,
          ':first': firstOfBoot,
          ':boot': boot,
          ':now': now,
          ':earlier': earlier,
        },
      });
      return outcome.done;
    },

    async markDead(id, incarnation, diedAt) {
      const outcome = await update({
        key: keys.node(id),
        expression: 'SET st = :dead, diedAt = :at',
        condition: `${when.nodeAlive} AND ${when.sameIncarnation}`,
        values: { ':alive': ALIVE, ':dead': DEAD, ':incarnation': incarnation, ':at': diedAt },
      });
      return outcome.done;
    },
  };
}

function joining(update: ReturnType<typeof updateOf>): NodeStore['join'] {
  return async (id, joinedBlocks, boot, now, isListed = true) => {
    // DynamoDB has no empty set: a node that joins nothing only makes itself known.
    const adding = joinedBlocks.length === 0 ? '' : 'ADD bl :joinedBlocks ';
    const outcome = await update(
      {
        key: keys.node(id),
        expression: `${adding}SET st = if_not_exists(st, :alive), e = if_not_exists(e, :first), e1 = if_not_exists(e1, :first), boot = :boot, seen = :now`,
        condition: `${isListed ? `${when.nodeAbsent} OR ` : ''}(${when.nodeAlive} AND ${when.sameBoot})`,
        values: {
          ...(joinedBlocks.length === 0 ? {} : { ':joinedBlocks': new Set(joinedBlocks) }),
          ':alive': ALIVE,
          ':first': FIRST_LIFE,
          ':boot': boot,
          ':now': now,
        },
      },
      'ALL_OLD',
    );
    const old = outcome.done ? outcome.output.Attributes : outcome.item;
    const node = old ? nodeState(id, old) : { ...newNode(id, boot), ...(outcome.done ? {} : notBegun) };
    const after = outcome.done ? new Set([...node.joinedBlocks, ...joinedBlocks]) : node.joinedBlocks;
    return { joined: outcome.done, node: { ...node, joinedBlocks: after }, before: node.joinedBlocks };
  };
}

/** As `join` makes it where it is absent. */
const newNode = (id: string, boot: string): NodeState => ({
  id,
  alive: true,
  incarnation: FIRST_LIFE,
  boot,
  firstOfBoot: FIRST_LIFE,
  earlier: [],
  joinedBlocks: new Set(),
});

const notBegun = { alive: false, incarnation: 0 } as const;
