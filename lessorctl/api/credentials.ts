/** Who signs: the AWS SDK's own chain, with environment, SSO, assumed roles, web identity, processes, containers and instances. */
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { LessorError } from '../../core/contract/problems.ts';

export interface SigningKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type KeySource = () => Promise<SigningKeys>;

/** It warns of a profile that goes before keys in the environment, which is what --profile means. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export function keysOfChain(profile: string | undefined, region: string): KeySource {
  const options = { ...(profile === undefined ? {} : { profile }), clientConfig: { region }, logger: silent };
  const provide = fromNodeProviderChain(options);
  return async () => {
    try {
      return await provide();
    } catch (cause) {
      const whose = profile === undefined ? '' : ` of profile ${profile}`;
      const [why = ''] = (cause as Error).message.split('\n');
      throw new LessorError('node.credentials', `there are no usable AWS credentials${whose} (${why})`, {
        remedy: 'log in (aws sso login), name another --profile, or see aws sts get-caller-identity',
        cause,
      });
    }
  };
}
