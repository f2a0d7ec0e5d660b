/** The instance's role, from EC2's instance metadata service, version 2 only (EC2 User Guide, "Use IMDS"). */

import type { Surroundings } from '../machine/surroundings.ts';
import { ask, askForCredentials } from './endpoint.ts';
import type { CredentialSource } from './source.ts';

const ROLE_PATH = '/latest/meta-data/iam/security-credentials/';
/** The longest that the service allows; the token is used at once and not kept. */
const TOKEN_SECONDS = 21_600;

/** Undefined where AWS_EC2_METADATA_DISABLED is true. */
export function instanceCredentials(surroundings: Surroundings): CredentialSource | undefined {
  const { env } = surroundings;
  if (env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') return undefined;
  const base = (env.AWS_EC2_METADATA_SERVICE_ENDPOINT || 'http://169.254.169.254').replace(/\/+$/, '');
  const told = {
    endpoint: `the instance metadata service ${base}`,
    remedy:
      'on EC2 give the instance a role; elsewhere name a profile or file as credentials in the node configuration (and set AWS_EC2_METADATA_DISABLED=true)',
  };
  return {
    kind: 'fetched',
    name: `instance ${base}`,
    async fetch() {
      const token = await ask(surroundings, {
        ...told,
        url: `${base}/latest/api/token`,
        method: 'PUT',
        headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_SECONDS) },
      });
      const headers = { 'x-aws-ec2-metadata-token': token };
      const [role = ''] = (await ask(surroundings, { ...told, url: `${base}${ROLE_PATH}`, headers }))
        .trim()
        .split('\n');
      return askForCredentials(surroundings, {
        ...told,
        url: `${base}${ROLE_PATH}${encodeURIComponent(role)}`,
        headers,
      });
    },
  };
}
