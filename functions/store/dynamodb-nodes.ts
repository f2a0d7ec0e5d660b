/** Nodes and the deaths that operators declared, in DynamoDB. */
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DeathRecord } from '../../core/protocol/node.ts';
import type { NodeStore } from '../../core/store.ts';
import { available, conditional, queryAll } from './dynamodb-client.ts';
import { nodeExpressions as when } from './expressions.ts';
import { ALIVE, DEAD, deathRecord, heartbeatOf, keys, nodeState } from './items.ts';

const FIRST_LIFE = 1;

export function dynamodbNodes(client: DynamoDBDocumentClient, table: string): NodeStore {
  const update = (
    key: Record<string, string>,
    expression: string,
    condition: string,
    values: Record<string, unknown>,
    answered: 'ALL_NEW' | 'ALL_OLD' = 'ALL_NEW',
  ) =>
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

  return {
    async readNode(id) {
      const { Item } = await available(() =>
        client.send(new GetCommand({ TableName: table, Key: keys.node(id), ConsistentRead: true })),
      );
      return Item && nodeState(id, Item);
    },

    async join(id, joinedBlocks, boot, now) {
      const outcome = await update(
        keys.node(id),
        'ADD bl :joinedBlocks SET st = if_not_exists(st, :alive), e = if_not_exists(e, :first), e1 = if_not_exists(e1, :first), boot = :boot, seen = :now',
        `${when.nodeAbsent} OR (${when.nodeAlive} AND ${when.sameBoot})`,
        { ':joinedBlocks': new Set(joinedBlocks), ':alive': ALIVE, ':first': FIRST_LIFE, ':boot': boot, ':now': now },
        'ALL_OLD',
      );
      const old = outcome.done ? outcome.output.Attributes : outcome.item;
      const fresh = {
        id,
        alive: true,
        incarnation: FIRST_LIFE,
        boot,
        firstOfBoot: FIRST_LIFE,
        earlier: [],
        joinedBlocks: new Set<string>(),
      };
      const node = old ? nodeState(id, old) : fresh;
      const after = outcome.done ? new Set([...node.joinedBlocks, ...joinedBlocks]) : node.joinedBlocks;
      return { joined: outcome.done, node: { ...node, joinedBlocks: after }, before: node.joinedBlocks };
    },

    async beginLife(id, incarnation, { boot, firstOfBoot, earlier }, now) {
      const outcome = await update(
        keys.node(id),
        'SET st = :alive, e = :next, e1 = :first, boot = :boot, bs = :earlier, seen = :now',
        when.sameIncarnation,
        {
          ':alive': ALIVE,
          ':incarnation': incarnation,
          ':next': incarnation + 1,
          ':first': firstOfBoot,
          ':boot': boot,
          ':now': now,
          ':earlier': earlier,
        },
      );
      return outcome.done;
    },

    async recordHeartbeat(id, boot, { heartbeatAt, name, version }) {
      const said = { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { ver: version }) };
      const sets = Object.keys(said).map((attribute) => `, #${attribute} = :${attribute}`);
      const outcome = await conditional(() =>
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: keys.node(id),
            UpdateExpression: `SET seen = :now${sets.join('')}`,
            ConditionExpression: `${when.nodeAlive} AND ${when.sameBoot}`,
            ExpressionAttributeValues: {
              ':alive': ALIVE,
              ':boot': boot,
              ':now': heartbeatAt,
              ...Object.fromEntries(Object.entries(said).map(([attribute, value]) => [`:${attribute}`, value])),
            },
            // `name` is one of DynamoDB's reserved words.
            ...(sets.length === 0
              ? {}
              : { ExpressionAttributeNames: Object.fromEntries(Object.keys(said).map((one) => [`#${one}`, one])) }),
          }),
        ),
      );
      return outcome.done;
    },

    async readHeartbeat(id) {
      const { Item } = await available(() =>
        client.send(new GetCommand({ TableName: table, Key: keys.node(id), ConsistentRead: true })),
      );
      return Item && heartbeatOf(Item);
    },

    async markDead(id, incarnation, now) {
      const outcome = await update(
        keys.node(id),
        'SET st = :dead, diedAt = :now',
        `${when.nodeAlive} AND ${when.sameIncarnation}`,
        { ':alive': ALIVE, ':dead': DEAD, ':incarnation': incarnation, ':now': now },
      );
      return outcome.done;
    },

    async recordDeath(record) {
      const request = new PutCommand({
        TableName: table,
        Item: deathItem(record),
        ConditionExpression: `${when.deathAbsent} OR ${when.deathOlder}`,
        ExpressionAttributeValues: { ':incarnation': record.incarnation },
      });
      return (await conditional(() => client.send(request))).done;
    },

    async listDeaths() {
      return (await queryAll(client, table, keys.death('').pk)).map(deathRecord);
    },

    async recordSweep(id, incarnation, freed, now) {
      const outcome = await update(keys.death(id), 'ADD freed :freed SET swept = :now', when.sameIncarnation, {
        ':incarnation': incarnation,
        ':freed': freed,
        ':now': now,
      });
      return outcome.done;
    },
  };
}

function deathItem({ node, incarnation, reason, declaredBy, declaredAt, freed, sweptAt }: DeathRecord) {
  const swept = sweptAt === undefined ? {} : { swept: sweptAt };
  return { ...keys.death(node), e: incarnation, why: reason, by: declaredBy, at: declaredAt, freed, ...swept };
}
