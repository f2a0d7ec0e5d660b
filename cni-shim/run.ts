/** One call of the plugin: from environment and standard input to what is printed and the exit code. */
import { add } from './add.ts';
import type { Limits } from './api-client.ts';
import { remove } from './delete.ts';
import { parseJson } from './fields.ts';
import { parseInvocation } from './invocation.ts';
import { parseInput, parseNetworkConfiguration } from './network-configuration.ts';
import { assemble } from './plugin.ts';
import { refusal } from './refusal.ts';
import { cniError, supportedVersions } from './result.ts';
import type { Surroundings } from './surroundings.ts';

export interface Outcome {
  /** Empty, or one JSON object. */
  readonly stdout: string;
  readonly exitCode: 0 | 1;
}

const NEWEST_VERSION = '1.0.0';

/** `stdin` is read only where the verb has use for it. Never throws: what goes wrong is a CNI error object. */
export async function run(surroundings: Surroundings, stdin: () => string, limits?: Limits): Promise<Outcome> {
  const verb = surroundings.env.CNI_COMMAND;
  let cniVersion: string | undefined;
  try {
    if (verb === 'VERSION') return printed(versions(stdin()));
    if (verb !== 'ADD' && verb !== 'DEL') throw unknownVerb(verb);
    const invocation = parseInvocation(verb, surroundings.env);
    const input = parseInput(stdin());
    cniVersion = versionText(input);
    const plugin = assemble(surroundings, parseNetworkConfiguration(verb, input), invocation, limits);
    if (verb === 'ADD') return printed(await add(plugin));
    await remove(plugin);
    return { stdout: '', exitCode: 0 };
  } catch (error) {
    return { ...printed(cniError(error, cniVersion ?? NEWEST_VERSION)), exitCode: 1 };
  }
}

const printed = (value: unknown): Outcome => ({ stdout: `${JSON.stringify(value)}\n`, exitCode: 0 });

/** CNI specification, section 4, VERSION: `cniVersion` is the input's. */
const versions = (stdin: string) => ({
  cniVersion: versionText(parseJson(stdin)) ?? NEWEST_VERSION,
  supportedVersions,
});

function versionText(input: unknown): string | undefined {
  const version = (input as { cniVersion?: unknown } | null | undefined)?.cniVersion;
  return typeof version === 'string' ? version : undefined;
}

const unknownVerb = (verb: string | undefined) =>
  refusal(
    'cni.environment',
    verb ? `CNI_COMMAND ${JSON.stringify(verb)} is not supported` : 'CNI_COMMAND is not set',
    'this is a CNI IPAM plugin for a container runtime to call; it knows ADD, DEL and VERSION',
  );
