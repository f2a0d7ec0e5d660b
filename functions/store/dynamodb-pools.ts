/** Pools and the VRF registry in DynamoDB. */
import {
  type DynamoDBDocumentClient,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { ApartShare } from '../../core/pools/apart-share.ts';
import type { Registry } from '../../core/pools/registry.ts';
import { blockFromText, blockToText } from '../../core/protocol/slot-ref.ts';
import type { PoolState, PoolStore } from '../../core/store.ts';
import { available, type Conditional, conditional, queryAll, readItem } from './dynamodb-client.ts';
import { poolExpressions as when } from './expressions.ts';
import { indexItem, keys, openedForAttribute, poolItem, poolState, tokenAttribute } from './items.ts';
import { packRegistry, registryOf } from './registry-item.ts';

export function dynamodbPools(client: DynamoDBDocumentClient, table: string): PoolStore {
  /** What stands in the way is told, since it may be what an earlier copy of this very request wrote. */
  const put = (input: Omit<PutCommandInput, 'TableName'>) =>
    conditional(() => client.send(new PutCommand({ ...input, ...of(table) })));
  const update = (input: Omit<UpdateCommandInput, 'TableName'>) =>
    conditional(() => client.send(new UpdateCommand({ ...input, ...of(table) })));

  return {
    ...notes(client, table),

    async readRegistry(vrf) {
      return registryOf(vrf, await readItem(client, table, keys.registry(vrf)));
    },

    async writeRegistry(registry, token) {
      return carriedOut(await update(registryWrite(registry, token)), registry.version, token);
    },

    async readPool(id) {
      const item = await readItem(client, table, keys.pool(id));
      return item && poolState(item);
    },

    async createPool(pool, token) {
      const noted = token === undefined ? {} : { [tokenAttribute(pool.version)]: token };
      const written = await put({ Item: { ...poolItem(pool), ...noted }, ConditionExpression: when.poolAbsent });
      return carriedOut(written, pool.version, token);
    },

    async changePool(pool, token) {
      return carriedOut(await update(poolChange(pool, token)), pool.version, token);
    },

    async openPool(id, from, to) {
      const written = await update({
        Key: keys.pool(id),
        UpdateExpression: 'SET opened = :to',
        ConditionExpression: `${when.poolActive} AND ${when.openUnchanged}`,
        ExpressionAttributeValues: { ':active': 'active', ':from': indexItem(from), ':to': indexItem(to) },
      });
      return written.done || (written.item?.st === 'active' && written.item.opened === indexItem(to));
    },

    async openApart(id, block, most, by) {
      const written = await update({ Key: keys.pool(id), ...opening(block, most, by) });
      return (
        written.done || (written.item?.st === 'active' && poolState(written.item).openApart?.includes(block) === true)
      );
    },

    async notePassed(id, passed) {
      return (await update(passedNote(id, passed))).done;
    },
  };
}

const joinedStretches = (
  client: DynamoDBDocumentClient,
  table: string,
): Pick<PoolStore, 'noteJoined' | 'readJoined'> => ({
  async noteJoined(id, stretch) {
    const item = { pk: keys.joined(id), sk: blockToText(stretch) };
    await available(() => client.send(new PutCommand({ TableName: table, Item: item })));
  },

  async readJoined(id) {
    const items = await queryAll(client, table, keys.joined(id));
    return new Set(items.map(({ sk }) => blockFromText(String(sk))));
  },
});

const vrfs = (client: DynamoDBDocumentClient, table: string): Pick<PoolStore, 'noteVrf' | 'readVrfs'> => ({
  async noteVrf(vrf) {
    // An update without anything to set makes the item where there is none: who may not put items notes it too.
    await available(() => client.send(new UpdateCommand({ TableName: table, Key: { pk: keys.vrfs, sk: vrf } })));
  },

  async readVrfs(after, limit) {
    const request = new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk > :after',
      // No key is empty, and every name comes behind a space.
      ExpressionAttributeValues: { ':pk': keys.vrfs, ':after': after || ' ' },
      ConsistentRead: true,
      Limit: limit,
    });
    return ((await available(() => client.send(request))).Items ?? []).map(({ sk }) => String(sk));
  },
});

const notes = (client: DynamoDBDocumentClient, table: string) => ({
  ...joinedStretches(client, table),
  ...vrfs(client, table),
});

const of = (table: string) => ({ TableName: table, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }) as const;

/** A token that is overwritten is one of more writes ago than are known: the write then counts as another's. */
const carriedOut = (written: Conditional<unknown>, version: number, token: string | undefined): boolean =>
  written.done || (token !== undefined && written.item?.[tokenAttribute(version)] === token);

function registryWrite(registry: Registry, token: string | undefined): Omit<UpdateCommandInput, 'TableName'> {
  const { vrf, version } = registry;
  return {
    Key: keys.registry(vrf),
    ...changeTo(version, token, {
      set: 'SET z = :list',
      remove: ' REMOVE pools',
      values: { ':list': packRegistry(registry) },
      condition: version === 1 ? when.registryAbsent : when.registryUnchanged,
    }),
  };
}

/** All but what is open, which grows by itself. */
const poolChange = (
  { definition, state, first, version }: PoolState,
  token: string | undefined,
): Omit<UpdateCommandInput, 'TableName'> => ({
  Key: keys.pool(definition.id),
  ...changeTo(version, token, {
    set: `SET def = :definition, st = :state${first === undefined ? '' : ', fst = :first'}`,
    values: {
      ':definition': definition,
      ':state': state,
      ...(first === undefined ? {} : { ':first': indexItem(first) }),
    },
    condition: when.poolUnchanged,
  }),
});

/** Another request may have opened the block since it was looked at: it is counted once. */
function opening(
  block: bigint,
  most: number,
  by: ApartShare | undefined,
): Omit<UpdateCommandInput, 'TableName' | 'Key'> {
  const condition = `${when.poolActive} AND (${when.apartAbsent} OR ${when.apartRoom})`;
  const text = blockToText(block);
  const values = { ':active': 'active', ':blocks': new Set([text]), ':most': most };
  if (by === undefined)
    return {
      UpdateExpression: 'ADD apart :blocks',
      ConditionExpression: condition,
      ExpressionAttributeValues: values,
    };
  return {
    UpdateExpression: 'ADD apart :blocks, #by :one',
    ConditionExpression: `${condition} AND (${when.apartAbsent} OR ${when.notApart}) AND (${when.apartUncounted} OR ${when.apartShare})`,
    ExpressionAttributeNames: { '#by': openedForAttribute(by.part) },
    ExpressionAttributeValues: { ...values, ':block': text, ':one': 1, ':share': by.most },
  };
}

interface Change {
  readonly set: string;
  readonly remove?: string;
  readonly values: Record<string, unknown>;
  readonly condition: string;
}

/** Of a versioned item: what changes, the version and the token of the write. */
function changeTo(version: number, token: string | undefined, { set, remove = '', values, condition }: Change) {
  const [noted, names, tokens] =
    token === undefined
      ? ['', {}, {}]
      : [', #token = :token', { '#token': tokenAttribute(version) }, { ':token': token }];
  const before = condition.includes(':before') ? { ':before': version - 1 } : {};
  return {
    UpdateExpression: `${set}, v = :version${noted}${remove}`,
    ConditionExpression: condition,
    ...(token === undefined ? {} : { ExpressionAttributeNames: names }),
    ExpressionAttributeValues: { ...values, ':version': version, ...tokens, ...before },
  };
}

const passedNote = (id: string, { blocks, version }: { blocks: number; version: number }) => ({
  Key: keys.pool(id),
  UpdateExpression: 'SET passed = :blocks, passedAt = :before',
  ConditionExpression: `${when.poolUnchanged} AND ${when.passedLess}`,
  ExpressionAttributeValues: { ':blocks': blocks, ':before': version },
});
