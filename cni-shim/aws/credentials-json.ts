import { isObject, parseJson } from '../machine/json.ts';
import type { Credentials } from './sigv4.ts';

export interface ExpiringCredentials extends Credentials {
  /** RFC 3339. */
  readonly expiration?: string;
}

/** Credentials as processes and endpoints write them; they differ in the token's key. Undefined for anything else. */
export function parseCredentials(text: string, tokenKey: 'SessionToken' | 'Token'): ExpiringCredentials | undefined {
  const answer = parseJson(text);
  if (!isObject(answer)) return undefined;
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Expiration: expiration } = answer;
  const sessionToken = answer[tokenKey];
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(typeof sessionToken === 'string' ? { sessionToken } : {}),
    ...(typeof expiration === 'string' ? { expiration } : {}),
  };
}
