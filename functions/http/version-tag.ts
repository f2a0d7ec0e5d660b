/** Versions as HTTP writes them (RFC 9110, sections 8.8.3 and 13.1.1). */
import { LessorError } from '../../core/contract/problems.ts';

/** The ETag of an answer that shows one pool. */
export const versionTag = (version: number): { headers: Record<string, string> } => ({
  headers: { etag: `"${version}"` },
});

/**
 * The version that a request is for; undefined where it is for any.
 * @param header `If-Match` as the request has it
 * @throws LessorError request.invalid
 */
export function versionWanted(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const [, digits] = /^"(\d{1,15})"$/.exec(header) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new LessorError('request.invalid', `If-Match ${JSON.stringify(header)} is no version`, {
    remedy: 'give the ETag of the pool as it was read, like "3" with its quotation marks, or leave the header out',
  });
}
