/** Counts what the SDK sends again: nobody else sees it, since a repeat that succeeds is an answer like any other. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { emit } from './emit.ts';

/** The same client, each of whose requests is looked at from now on. */
export function countingRepeats(client: DynamoDBDocumentClient): DynamoDBDocumentClient {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        const result = await next(args);
        noteAttempts(result.output);
        return result;
      } catch (error) {
        noteAttempts(error);
        throw error;
      }
    },
    { step: 'initialize', name: 'countingRepeats' },
  );
  return client;
}

/** The SDK notes at its answers, and at its errors, how often it sent the request. */
function noteAttempts(told: unknown): void {
  const { attempts = 1 } = (told as { $metadata?: { attempts?: number } }).$metadata ?? {};
  if (attempts > 1) emit({ StoreRepeats: attempts - 1 });
}
