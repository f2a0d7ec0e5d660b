/** The list of nodes in DynamoDB: in each of its parts, by the node's id. */
import { DeleteCommand, type DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { scatter } from '../../core/addresses/scatter.ts';
import { journalReport } from '../../core/contract/heartbeat.ts';
import { instanceStates, NODE_LIST_SHARDS } from '../../core/contract/limits.ts';
import {
  type Heartbeat,
  type ListedNode,
  nodeListKey,
  type SaidOfJournal,
  type Whereabouts,
} from '../../core/protocol/node.ts';
import type { NodeList, NodeStore } from '../../core/store.ts';
import { available, conditional, readItem } from './dynamodb-client.ts';
import { nodeExpressions as when } from './expressions.ts';
import { ALIVE, DEAD, keys } from './items.ts';

type Item = Record<string, unknown>;

const WATCH = { pk: 'NODES#WATCH', sk: 'S' };
const storedWatch = z.object({ since: z.number(), noted: z.number() });
const keyOf = (id: string) => ({ pk: nodeListKey(scatter(id) % NODE_LIST_SHARDS), sk: id });

const storedHeartbeat = z.object({
  seen: z.optional(z.number()),
  name: z.optional(z.string()),
  ver: z.optional(z.string()),
  jr: z.optional(z.string()),
  ja: z.optional(z.number()),
});

function heartbeatOf(item: Item): Heartbeat {
  const { seen, name, ver, jr, ja } = storedHeartbeat.parse(item);
  const journal = jr === undefined || ja === undefined ? undefined : saidOf(jr, ja);
  return {
    ...(seen === undefined ? {} : { heartbeatAt: seen }),
    ...(name === undefined ? {} : { name }),
    ...(ver === undefined ? {} : { version: ver }),
    ...(journal === undefined ? {} : { journal }),
  };
}

/** As text, which is shorter than a map. What another version wrote and this one does not know is not said. */
function saidOf(text: string, at: number): SaidOfJournal | undefined {
  const { data } = z.safeParse(journalReport, JSON.parse(text));
  return data && { at, report: data };
}

const storedListing = z.object({
  sk: z.string(),
  e: z.int(),
  st: z.string(),
  lf: z.number(),
  pt: z.optional(z.string()),
  ac: z.optional(z.string()),
  rg: z.optional(z.string()),
  cl: z.optional(z.string()),
  ec2: z.optional(z.enum(instanceStates)),
  ec2At: z.optional(z.number()),
  er: z.optional(z.string()),
  kn: z.optional(z.number()),
  kr: z.optional(z.string()),
});

/**
 * e incarnation, st alive or dead, lf when that life was listed, seen last heartbeat, name and ver as the node says them, jr what it counted in its journal and ja when it said so, pt and ac
 * partition and account, rg Region, cl cluster, ec2, er and ec2At what EC2 said, in which Region and when, kn since when it is known to EC2, kr in which Region last.
 */
function listedNode(item: Item): ListedNode {
  const { sk, e, st, lf, pt, ac, rg, cl, ec2, ec2At, er, kn, kr } = storedListing.parse(item);
  return {
    id: sk,
    incarnation: e,
    alive: st === ALIVE,
    lifeAt: lf,
    ...heartbeatOf(item),
    ...(pt === undefined || ac === undefined ? {} : { account: { partition: pt, id: ac } }),
    ...(rg === undefined ? {} : { region: rg }),
    ...(cl === undefined ? {} : { cluster: cl }),
    ...(ec2 === undefined || ec2At === undefined || er === undefined
      ? {}
      : { instance: { state: ec2, region: er, at: ec2At } }),
    ...(kn === undefined ? {} : { knownToEc2At: kn }),
    ...(kr === undefined ? {} : { knownToEc2In: kr }),
  };
}

const attributesOf = ({
  account,
  region,
  cluster,
  heartbeatAt,
  name,
  version,
  journal,
}: Whereabouts & Heartbeat): Item => ({
  ...{ pt: account?.partition, ac: account?.id, rg: region, cl: cluster },
  ...{ seen: heartbeatAt, name, ver: version },
  ...(journal === undefined ? {} : { jr: JSON.stringify(journal.report), ja: journal.at }),
});

/** What a node says of itself and leaves out stays. Its cluster is its role's: where that has none, it is of none. */
const noLonger = (said: Item): string => ('cl' in said && said.cl === undefined ? ' REMOVE cl' : '');

const ASKED = 'ec2 = :state, er = :region, ec2At = :at';

export const dynamodbNodeList = (
  client: DynamoDBDocumentClient,
  table: string,
): NodeList & Pick<NodeStore, 'readHeartbeat'> => ({ ...notes(client, table), ...reads(client, table) });

const updating =
  (client: DynamoDBDocumentClient, table: string) =>
  async (id: string, clauses: string, condition: string, values: Item, said: Item = {}) => {
    const given = Object.entries(said).filter(([, value]) => value !== undefined);
    const request = new UpdateCommand({
      TableName: table,
      Key: keyOf(id),
      UpdateExpression: `SET ${[clauses, ...given.map(([name]) => `#${name} = :${name}`)].join(', ')}${noLonger(said)}`,
      ConditionExpression: condition,
      // `name` is one of DynamoDB's reserved words.
      ...(given.length === 0
        ? {}
        : { ExpressionAttributeNames: Object.fromEntries(given.map(([name]) => [`#${name}`, name])) }),
      ExpressionAttributeValues: {
        ...values,
        ...Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
      },
    });
    return (await conditional(() => client.send(request))).done;
  };

function notes(
  client: DynamoDBDocumentClient,
  table: string,
): Pick<NodeList, 'noteListed' | 'noteHeartbeat' | 'noteListedDead' | 'noteInstance' | 'noteWatch' | 'unlist'> {
  const update = updating(client, table);
  return {
    noteListed: (id, { incarnation, ...said }, now) =>
      update(
        id,
        'e = :incarnation, st = :alive, lf = :now',
        `${when.listingAbsent} OR ${when.listedLifeOlder}`,
        { ':incarnation': incarnation, ':alive': ALIVE, ':now': now },
        attributesOf(said),
      ),

    noteHeartbeat: (id, { incarnation, ...said }) =>
      update(
        id,
        'e = :incarnation, st = :alive, lf = if_not_exists(lf, :seen)',
        `${when.listingAbsent} OR ${when.listedLifeOlder} OR (${when.sameListedLife} AND ${when.listedAlive})`,
        { ':incarnation': incarnation, ':alive': ALIVE },
        attributesOf(said),
      ),

    noteListedDead: (id, incarnation) =>
      update(id, 'e = :incarnation, st = :dead', `${when.listedLifeOlder} OR ${when.sameListedLife}`, {
        ':incarnation': incarnation,
        ':dead': DEAD,
      }),

    noteInstance: (id, { state, region, at }) =>
      update(
        id,
        state === 'not-found' ? ASKED : `${ASKED}, kn = if_not_exists(kn, :at), kr = :region`,
        `${when.listingThere} AND (${when.neverAsked} OR ${when.askedBefore})`,
        { ':state': state, ':region': region, ':at': at },
      ),

    async noteWatch({ since, at }) {
      const request = new UpdateCommand({
        TableName: table,
        Key: WATCH,
        UpdateExpression: 'SET since = :since, noted = :at',
        ConditionExpression: `${when.neverWatched} OR ${when.watchedLater}`,
        ExpressionAttributeValues: { ':since': since, ':at': at },
      });
      return (await conditional(() => client.send(request))).done;
    },

    async unlist(id, incarnation) {
      const request = new DeleteCommand({
        TableName: table,
        Key: keyOf(id),
        ConditionExpression: `${when.listedLifeOlder} OR ${when.sameListedLife}`,
        ExpressionAttributeValues: { ':incarnation': incarnation },
      });
      return (await conditional(() => client.send(request))).done;
    },
  };
}

function reads(
  client: DynamoDBDocumentClient,
  table: string,
): Pick<NodeList & NodeStore, 'readListed' | 'readWatch' | 'listNodes' | 'readHeartbeat'> {
  return {
    async readListed(id) {
      const item = await readItem(client, table, keyOf(id));
      return item && listedNode(item);
    },

    async readWatch() {
      const item = await readItem(client, table, WATCH);
      if (item === undefined) return undefined;
      const { since, noted } = storedWatch.parse(item);
      return { since, at: noted };
    },

    async listNodes({ shard, limit, after }) {
      const request = new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': nodeListKey(shard) },
        ConsistentRead: true,
        Limit: limit,
        ...(after === undefined ? {} : { ExclusiveStartKey: { pk: nodeListKey(shard), sk: after } }),
      });
      const { Items = [], LastEvaluatedKey } = await available(() => client.send(request));
      return {
        nodes: Items.map(listedNode),
        ...(LastEvaluatedKey === undefined ? {} : { next: String(LastEvaluatedKey.sk) }),
      };
    },

    async readHeartbeat(id) {
      const [own, listed] = await Promise.all([keys.node(id), keyOf(id)].map((key) => readItem(client, table, key)));
      // With the node itself are its joins, and what earlier versions noted of its heartbeats.
      const [before, now] = [own ?? {}, listed ?? {}].map(heartbeatOf) as [Heartbeat, Heartbeat];
      if (own === undefined) return undefined;
      const times = [before, now].map(({ heartbeatAt }) => heartbeatAt ?? 0);
      return { ...before, ...now, ...(Math.max(...times) === 0 ? {} : { heartbeatAt: Math.max(...times) }) };
    },
  };
}
