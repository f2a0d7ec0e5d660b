/** The functions' own DynamoDB client, whose requests are lost, late, doubled and throttled below its own repeats. */
import { ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { brisk, documentClient } from '../../functions/store/dynamodb-client.ts';
import { SELDOM } from './turns.ts';
import { faultOf, type Sky } from './weather.ts';

/** A client that gave up on a slow machine would send requests that are late without the storm's doing, and nobody would wait for them. */
export const UNHURRIED = { ...brisk, connectionMs: 30_000, requestMs: 30_000 };

export function stormClient(sky: Sky): DynamoDBDocumentClient {
  const client = documentClient(UNHURRIED);
  const { turns, faults, chance } = sky;
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const fault = faultOf(sky, /^(Get|Query)/.test(commandName) ? `read ${commandName}` : commandName);
        if (fault) faults[fault] += 1;
        if (fault === 'slow') await turns.next(SELDOM);
        if (fault === 'undone') throw chance.happens(0.3) ? throttled() : timedOut();
        if (fault === 'late' || fault === 'doubled') turns.later(() => next(args));
        if (fault === 'late') throw timedOut();
        const answer = await next(args);
        if (fault === 'lost') throw timedOut();
        return answer;
      },
    // Low: within each of the client's own tries.
    { step: 'finalizeRequest', priority: 'low', name: 'storm' },
  );
  return client;
}

const timedOut = () => Object.assign(new Error('the storm: no answer'), { name: 'TimeoutError' });
const throttled = () =>
  new ProvisionedThroughputExceededException({ message: 'the storm: too many', $metadata: { httpStatusCode: 400 } });
