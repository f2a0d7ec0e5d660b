/** One call of the plugin: from environment and standard input to what is printed and the exit code. */

import type { Limits } from '../api/time-limits.ts';
import { isVerb, NEWEST_VERSION, supportedVersions, verbs, writtenVersion } from '../cni/version.ts';
import { isObject, parseJson, show } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { failed, printed, type Reply } from './reply.ts';

/**
 * `stdin` is read only where the verb has use for it. Never throws: what goes wrong is a CNI error object. VERSION loads nothing
 * of what the others need.
 */
export async function run(surroundings: Surroundings, stdin: () => string, limits?: Limits): Promise<Reply> {
  const verb = surroundings.env.CNI_COMMAND;
  try {
    if (verb === 'VERSION') return printed(versions(stdin()));
    if (!isVerb(verb)) throw unknownVerb(verb);
  } catch (error) {
    return failed((await import('../cni/result.ts')).cniError(error, NEWEST_VERSION));
  }
  return (await import('./carry-out.ts')).carryOut(verb, { surroundings, limits }, stdin);
}

/** CNI specification, section 4, VERSION: `cniVersion` is the input's. */
function versions(stdin: string) {
  const input = parseJson(stdin);
  const cniVersion = (isObject(input) && 'cniVersion' in input && writtenVersion(input)) || NEWEST_VERSION;
  return { cniVersion, supportedVersions };
}

const unknownVerb = (verb: string | undefined) =>
  refusal(
    'cni.environment',
    verb ? `CNI_COMMAND ${show(verb)} is not supported` : 'CNI_COMMAND is not set',
    `this is a CNI IPAM plugin for a container runtime to call; it knows ${[...Object.keys(verbs), 'VERSION'].join(', ')}`,
  );
