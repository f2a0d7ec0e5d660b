/**
 * Where the node's AWS credentials come from, in the order of the AWS tools: environment, shared files, container
 * endpoint, instance metadata. What a process or the network had to be asked for is kept in a file (0600) until
 * shortly before it expires, because every call of the plugin is a new process.
 */

import { replaceFile, sweepDrafts } from '../machine/files.ts';
import { isObject, parseJson } from '../machine/json.ts';
import { inDataDir } from '../machine/layout.ts';
import type { CredentialChoice } from '../machine/node-configuration.ts';
import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { containerCredentials } from './container.ts';
import type { ExpiringCredentials } from './credentials-json.ts';
import { instanceCredentials } from './instance.ts';
import { sharedFileCredentials } from './shared-files.ts';
import type { Credentials } from './sigv4.ts';
import type { CredentialSource } from './source.ts';

export interface CredentialSupply {
  /** `fresh` passes over the cache, for when the service denied what came from there. */
  get(options: { fresh: boolean }): Promise<{ credentials: Credentials; cached: boolean }>;
}

/** As long before their end credentials are no longer used: a request and its repeats fit in. */
const MARGIN_MS = 5 * 60_000;

export function credentialSupply(
  surroundings: Surroundings,
  { dataDir, choice }: { dataDir: string; choice: CredentialChoice | undefined },
): CredentialSupply {
  return {
    async get({ fresh }) {
      // Each time, since a process that stays outlives the keys in a shared file.
      const source = findSource(surroundings, choice);
      if (source.kind === 'static') return { credentials: source.credentials, cached: false };
      const kept = fresh ? undefined : readCache(surroundings, inDataDir(dataDir).credentials, source.name);
      if (kept !== undefined) return { credentials: kept, cached: true };
      const fetched = await source.fetch();
      keep(surroundings, dataDir, { source: source.name, ...fetched });
      return { credentials: fetched, cached: false };
    },
  };
}

function findSource(surroundings: Surroundings, choice: CredentialChoice | undefined): CredentialSource {
  const chosen = choice?.profile !== undefined || choice?.file !== undefined;
  const source = chosen
    ? sharedFileCredentials(surroundings, choice)
    : (environmentCredentials(surroundings) ??
      sharedFileCredentials(surroundings, undefined) ??
      containerCredentials(surroundings) ??
      instanceCredentials(surroundings));
  if (source !== undefined) return source;
  const looked = chosen
    ? `profile ${choice.profile ?? 'default'} in ${choice.file ?? 'the shared files'}`
    : 'environment, shared files, container endpoint and instance metadata (which AWS_EC2_METADATA_DISABLED turns off)';
  throw refusal(
    'node.credentials',
    `no AWS credentials were found: ${looked}`,
    'give the node an instance role, or name a profile or file as credentials in the node configuration',
  );
}

function environmentCredentials({ env }: Surroundings): CredentialSource | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { kind: 'static', credentials: { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) } };
}

function readCache({ files, now }: Surroundings, path: string, source: string): Credentials | undefined {
  const cache = parseJson(files.read(path) ?? '');
  if (!isObject(cache) || cache.source !== source) return undefined;
  const { expiration, accessKeyId, secretAccessKey, sessionToken } = cache as unknown as ExpiringCredentials;
  if (!(Date.parse(expiration ?? '') - MARGIN_MS > now())) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function keep({ files, now }: Surroundings, dataDir: string, cache: ExpiringCredentials & { source: string }): void {
  if (cache.expiration === undefined) return;
  sweepDrafts(files, dataDir, now());
  replaceFile(files, inDataDir(dataDir).credentials, JSON.stringify(cache), dataDir);
}
