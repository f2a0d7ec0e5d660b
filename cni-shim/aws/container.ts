/** The container credential endpoint (AWS SDKs and Tools Reference Guide, "Container credential provider"). */

import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { askForCredentials } from './endpoint.ts';
import type { CredentialSource } from './source.ts';

/** Plain HTTP is for these only: anything else would send the authorization token over a network in the clear. */
const localHosts = ['127.0.0.1', 'localhost', '[::1]', '169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'];

/** Undefined where the environment names no endpoint. @throws LessorError `node.credentials`. */
export function containerCredentials(surroundings: Surroundings): CredentialSource | undefined {
  const { env, files } = surroundings;
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const url = relative ? `http://169.254.170.2${relative}` : env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (!url) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'https:' && !(parsed?.protocol === 'http:' && localHosts.includes(parsed.hostname)))
    throw refusal(
      'node.credentials',
      `AWS_CONTAINER_CREDENTIALS_FULL_URI ${JSON.stringify(url)} may not be asked`,
      'use https, or http to the loopback or the container endpoint of ECS or EKS',
    );
  return {
    kind: 'fetched',
    name: `container ${url}`,
    fetch() {
      const tokenFile = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
      const token = tokenFile ? files.read(tokenFile)?.trim() : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
      if (tokenFile && !token)
        throw refusal(
          'node.credentials',
          `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE ${tokenFile} is missing or empty`,
          'mount the token where the plugin runs',
        );
      return askForCredentials(surroundings, {
        url,
        headers: token ? { authorization: token } : {},
        endpoint: `the container credential endpoint ${parsed.host}`,
        remedy: 'look at the agent that serves it, or leave AWS_CONTAINER_CREDENTIALS_* unset to use another source',
      });
    },
  };
}
