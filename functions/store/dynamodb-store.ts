/** The store over the two tables. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Store } from '../../core/store.ts';
import { dynamodbBlocks } from './dynamodb-blocks.ts';
import { dynamodbCounters } from './dynamodb-counters.ts';
import { dynamodbFills } from './dynamodb-fills.ts';
import { dynamodbHistory } from './dynamodb-history.ts';
import { dynamodbIdentities } from './dynamodb-identities.ts';
import { dynamodbLeases } from './dynamodb-leases.ts';
import { dynamodbNodes } from './dynamodb-nodes.ts';
import { dynamodbPools } from './dynamodb-pools.ts';
import { packRegistry } from './registry-item.ts';

export interface Tables {
  readonly pools: string;
  readonly leases: string;
  readonly history: string;
}

export function dynamodbStore(client: DynamoDBDocumentClient, tables: Tables): Store {
  return {
    leases: dynamodbLeases(client, tables.leases),
    pools: dynamodbPools(client, tables.pools),
    blocks: dynamodbBlocks(client, tables.pools),
    nodes: dynamodbNodes(client, tables.pools),
    counters: dynamodbCounters(client, tables.pools),
    fills: dynamodbFills(client, tables.pools),
    identities: dynamodbIdentities(client, tables.pools),
    history: dynamodbHistory(client, tables.history),
    registryBytes: (registry) => packRegistry(registry).length,
  };
}
