/** The file in which an operator notes which service is meant: ~/.config/lessor/lessorctl.yaml, or $LESSORCTL_CONFIG. */
import * as z from 'zod/mini';
import { LessorError } from '../../core/contract/problems.ts';
import { parse } from '../../core/contract/request-schema.ts';
import type { Shell } from '../shell/shell.ts';
import { wrong } from './wrong.ts';

const text = z.optional(z.string().check(z.minLength(1), z.maxLength(2_048)));

const one = {
  /** The URL of the API. */
  endpoint: text,
  /** The CloudFormation stack whose output has it. */
  stack: text,
  /** The AWS Region of the API. */
  region: text,
  /** The profile of the AWS configuration whose credentials sign. */
  profile: text,
  vrf: text,
  /** The cluster of the nodes, as the deployment calls it. */
  cluster: text,
};

const settingsFile = z.strictObject({
  ...one,
  /** By the name of the kubeconfig's context. */
  contexts: z.optional(z.record(z.string(), z.strictObject(one))),
});

export type NotedSettings = Partial<Record<keyof typeof one, string | undefined>>;

export const settingsPath = ({ env, home }: Pick<Shell, 'env' | 'home'>): string =>
  env.LESSORCTL_CONFIG || `${env.XDG_CONFIG_HOME || `${home}/.config`}/lessor/lessorctl.yaml`;

/**
 * What is noted for a context of the kubeconfig, and for all of them.
 * @throws LessorError `request.invalid` where the file is none
 */
export async function readSettings(shell: Shell, context: string | undefined): Promise<NotedSettings> {
  const path = settingsPath(shell);
  const content = await shell.read(path);
  if (content === undefined) {
    if (!shell.env.LESSORCTL_CONFIG) return {};
    throw wrong(`LESSORCTL_CONFIG ${path} is not there`, 'write it, or unset the variable');
  }
  const { contexts, ...all } = await parsed(path, content);
  return { ...all, ...(context === undefined ? {} : contexts?.[context]) };
}

async function parsed(path: string, content: string): Promise<z.output<typeof settingsFile>> {
  const yaml = await import('yaml');
  let value: unknown;
  try {
    value = yaml.parse(content) ?? {};
  } catch (cause) {
    const [where] = (cause as Error).message.split('\n');
    throw wrong(`${path} is no YAML (${where?.replace(/:$/, '')})`, 'write it like: endpoint: https://…', cause);
  }
  try {
    return parse(settingsFile, value, path, false);
  } catch (error) {
    if (!(error instanceof LessorError)) throw error;
    throw wrong(error.message, 'it takes endpoint, stack, region, profile, vrf, cluster and contexts', error);
  }
}
