/**
 * The shared files of the AWS tools (AWS SDKs and Tools Reference Guide, "Shared config and credentials files"): keys of
 * a profile, or a `credential_process` that prints them, as IAM Roles Anywhere's helper does.
 */

import { type Files, isFileError } from '../machine/files.ts';
import type { CredentialChoice } from '../machine/node-configuration.ts';
import { refusal } from '../machine/refusal.ts';
import type { Environment, Surroundings } from '../machine/surroundings.ts';
import { credentialsOfProcess } from './process.ts';
import type { CredentialSource } from './source.ts';

type Profile = ReadonlyMap<string, string>;

/** Undefined where no such profile has credentials. @throws LessorError `node.credentials`. */
export function sharedFileCredentials(
  { env, files }: Surroundings,
  choice: CredentialChoice | undefined,
): CredentialSource | undefined {
  const name = choice?.profile ?? (env.AWS_PROFILE || 'default');
  const read = (named: string | undefined, inHome: string) =>
    parseProfiles((named ? files.read(named) : readUnlessDenied(files, homeFile(env, inHome))) ?? '');
  const config = read(env.AWS_CONFIG_FILE, 'config');
  const profile = new Map([
    ...(config.get(name === 'default' ? name : `profile ${name}`) ?? []),
    ...(read(choice?.file ?? env.AWS_SHARED_CREDENTIALS_FILE, 'credentials').get(name) ?? []),
  ]);
  const accessKeyId = profile.get('aws_access_key_id');
  const secretAccessKey = profile.get('aws_secret_access_key');
  if (accessKeyId && secretAccessKey) {
    const token = profile.get('aws_session_token');
    return { kind: 'static', credentials: { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) } };
  }
  const command = profile.get('credential_process');
  if (command) return { kind: 'fetched', name: `process ${command}`, fetch: () => credentialsOfProcess(command, name) };
  for (const key of ['role_arn', 'sso_session', 'sso_start_url', 'web_identity_token_file']) {
    if (profile.has(key))
      throw refusal(
        'node.credentials',
        `profile ${name} needs ${key}, which the plugin does not follow`,
        'use keys, a credential_process or the instance role',
      );
  }
  return undefined;
}

/** Nobody named it: one that this user may not look at is as one that is not there. */
function readUnlessDenied(files: Files, path: string): string | undefined {
  try {
    return files.read(path);
  } catch (error) {
    if (isFileError(error) && error.code === 'EACCES') return undefined;
    throw error;
  }
}

/** The runtime that calls the plugin may have no HOME: root's is meant then. */
const homeFile = (env: Environment, file: string): string => `${env.HOME || '/root'}/.aws/${file}`;

/** Sections of an INI file; an indented line belongs to a nested setting, none of which holds credentials. */
export function parseProfiles(text: string): ReadonlyMap<string, Profile> {
  const profiles = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\[\s*([^\]]*?)\s*\]/.exec(line)?.[1]?.replace(/\s+/g, ' ');
    if (section !== undefined) {
      current = profiles.get(section) ?? new Map();
      profiles.set(section, current);
    }
    const [, key, value] = /^([^\s#;=[][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) current?.set(key.toLowerCase(), value.replace(/\s+[#;].*$/, ''));
  }
  return profiles;
}
