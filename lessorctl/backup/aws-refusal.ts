/** What it means that AWS itself refuses a request, or is not reached. */
import { LessorError } from '../../core/contract/problems.ts';

/** @param what is asked for, as a person would say it */
export function refusedByAws(what: string, cause: unknown): LessorError {
  const { name, message } = cause as Error;
  if (name === 'CredentialsProviderError')
    return new LessorError('node.credentials', `${what}: there are no usable AWS credentials (${message})`, {
      remedy: 'log in (aws sso login), or name another --profile',
      cause,
    });
  if (/^(AccessDenied|UnrecognizedClient|ExpiredToken)/.test(name))
    return new LessorError('auth.denied', `${what}: AWS refuses it (${message})`, {
      remedy: 'docs/restore.md has the rights that it takes; the operator policy has none of them',
      cause,
    });
  return new LessorError('service.unavailable', `${what}: AWS says ${name} (${message})`, {
    remedy: 'look, and repeat the same command: what is done already is not done again',
    cause,
  });
}

/** Whether the thing that is meant is not there. */
export const isNotThere = (error: unknown): boolean =>
  error instanceof Error && /^(ResourceNotFound|TableNotFound|NotFound)Exception$/.test(error.name);
