/**
 * What an error of DynamoDB, or of the way to it, means: what passes is worth another try, what does not is a fault of the
 * deployment or of the code. Names are those of the developer guide, "Error handling with DynamoDB".
 */
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { LessorError, type ProblemCode } from '../../core/contract/problems.ts';

interface Meaning {
  readonly code: Extract<ProblemCode, `service.${string}`>;
  readonly what: string;
  readonly remedy: string;
}

const throttled: Meaning = {
  code: 'service.unavailable',
  what: 'DynamoDB throttles the requests',
  remedy:
    'try again; if it stays so, look at the metric ThrottledRequests of the tables, and at the quotas of the account for DynamoDB',
};
const conflict: Meaning = {
  code: 'service.busy',
  what: 'Another write of the same item was under way in DynamoDB',
  remedy: 'try again',
};
const denied: Meaning = {
  code: 'service.fault',
  what: 'The function may not do this in DynamoDB',
  remedy: 'deploy the stack again, and look for a policy, a key policy or a boundary that takes a right from its role',
};
const unknownYet: Meaning = {
  code: 'service.unavailable',
  what: 'DynamoDB does not know the credentials of the function',
  remedy: 'try again: new ones take a moment to be known; if it stays so, deploy the stack again',
};
const absent: Meaning = {
  code: 'service.fault',
  what: 'DynamoDB has no such table',
  remedy: 'deploy the stack again: the function is configured for a table that is not there, or not any more',
};
const wrong: Meaning = {
  code: 'service.fault',
  what: 'DynamoDB refuses the request as wrong',
  remedy: 'this is a mistake of the service: report it with what its log has under the request id',
};
const tooLarge: Meaning = {
  code: 'service.fault',
  what: 'What is to be stored is larger than DynamoDB takes',
  remedy: 'store less under the same name; this should have been refused before: report it',
};
const failed: Meaning = { code: 'service.unavailable', what: 'DynamoDB failed for the moment', remedy: 'try again' };
const unreached: Meaning = {
  code: 'service.unavailable',
  what: 'DynamoDB did not answer the request',
  remedy: 'try again',
};
const ours: Meaning = {
  code: 'service.fault',
  what: 'The request for DynamoDB could not be made',
  remedy: 'this is a mistake of the service: report it with what its log has under the request id',
};

const byName: Readonly<Record<string, Meaning>> = {
  ProvisionedThroughputExceededException: throttled,
  RequestLimitExceeded: throttled,
  ThrottlingException: throttled,
  TransactionConflictException: conflict,
  TransactionInProgressException: conflict,
  ReplicatedWriteConflictException: conflict,
  ExpiredTokenException: unknownYet,
  UnrecognizedClientException: unknownYet,
  RequestExpired: unknownYet,
  InternalServerError: failed,
  ServiceUnavailable: failed,
  ServiceUnavailableException: failed,
  AccessDeniedException: denied,
  InvalidSignatureException: denied,
  IncompleteSignatureException: denied,
  MissingAuthenticationTokenException: denied,
  ResourceNotFoundException: absent,
  ItemCollectionSizeLimitExceededException: tooLarge,
};

/** @param error what the client threw, a condition that did not hold excepted */
export function storeProblem(error: unknown): LessorError {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const { code, what, remedy } = meaningOf(error, name, message);
  return new LessorError(code, `${what} (${name})`, { remedy, cause: error });
}

function meaningOf(error: unknown, name: string, message: string): Meaning {
  if (!(error instanceof DynamoDBServiceException)) return isOfTheWay(error) ? unreached : ours;
  if (name === 'ValidationException')
    return /item size|exceeded the maximum allowed size/i.test(message) ? tooLarge : wrong;
  const { $fault, $metadata, $retryable } = error;
  const known = byName[name];
  if (known) return known;
  if ($retryable?.throttling) return throttled;
  return $fault === 'server' || ($metadata.httpStatusCode ?? 0) >= 500 ? failed : wrong;
}

/** The connection broke, or what came over it was no answer of DynamoDB's. A code of Node's own, ERR_…, is a mistake in a call. */
function isOfTheWay(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  const isOfSystem = typeof code === 'string' && /^E[A-Z]/.test(code) && !code.startsWith('ERR_');
  return isOfSystem || error.name === 'TimeoutError' || error.name === 'AbortError' || '$response' in error;
}
