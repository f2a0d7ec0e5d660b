/** Counts what a store consumes: its requests, and DynamoDB's own units. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export interface Costs {
  readonly requests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

export interface Meter {
  /** What was consumed since it was read last. */
  read(): Costs;
}

const READS = new Set(['GetItemCommand', 'QueryCommand']);

/** Every request of `client` from now on. A write that its condition refuses costs its unit too, and is not told by DynamoDB. */
export function meterOf(client: DynamoDBDocumentClient): Meter {
  let requests = 0;
  let writeUnits = 0;
  let readUnits = 0;
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        requests += 1;
        const isRead = READS.has(commandName);
        try {
          const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
          const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
          const units = ConsumedCapacity?.CapacityUnits ?? 0;
          if (isRead) readUnits += units;
          else writeUnits += units;
          return result;
        } catch (error) {
          if (!isRead) writeUnits += 1;
          throw error;
        }
      },
    { step: 'initialize' },
  );
  return {
    read: () => {
      const costs = { requests, writeUnits, readUnits };
      requests = 0;
      writeUnits = 0;
      readUnits = 0;
      return costs;
    },
  };
}
