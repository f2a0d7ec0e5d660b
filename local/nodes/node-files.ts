/** The files of a node: its configuration and its credentials, as an administrator would write them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessKeys } from '../aws/identities.ts';
import type { LocalStack } from '../stack/stack.ts';

/** @returns the path of the configuration file; the credentials are readable by their owner only */
export function writeNodeFiles(
  directory: string,
  { endpoint, region }: Pick<LocalStack, 'endpoint' | 'region'>,
  keys: AccessKeys,
): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const credentials = join(directory, 'credentials');
  writeFileSync(credentials, credentialsFile(keys), { mode: 0o600 });
  const config = join(directory, 'node.json');
  writeFileSync(
    config,
    JSON.stringify({ endpoint, region, dataDir: join(directory, 'state'), credentials: { file: credentials } }),
  );
  return config;
}

function credentialsFile({ accessKeyId, secretAccessKey, sessionToken }: AccessKeys): string {
  const lines = ['[default]', `aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`];
  if (sessionToken !== undefined) lines.push(`aws_session_token = ${sessionToken}`);
  return `${lines.join('\n')}\n`;
}
