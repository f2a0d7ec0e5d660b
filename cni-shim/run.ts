/** One call of the plugin: from environment and standard input to what is printed and the exit code. */
import { add } from './add.ts';
import type { Limits } from './api-client.ts';
import { isVerb, NEWEST_VERSION, supportedVersions, type Verb, writtenVersion } from './cni-version.ts';
import { remove } from './delete.ts';
import { isObject, parseJson } from './fields.ts';
import { parseInput } from './network-configuration.ts';
import { assemble, assembleNetwork, type Plugin } from './plugin.ts';
import { refusal } from './refusal.ts';
import { type Requests, readRequest } from './request.ts';
import { cniError } from './result.ts';
import type { Surroundings } from './surroundings.ts';

export interface Outcome {
  /** Empty, or one JSON object. */
  readonly stdout: string;
  readonly exitCode: 0 | 1;
}

interface Calling {
  readonly surroundings: Surroundings;
  readonly limits?: Limits;
}

/** Resolves to what is printed, undefined where that is nothing. @throws LessorError */
type Handler<V extends Verb> = (request: Requests[V], calling: Calling) => Promise<unknown>;

const ofContainer =
  <V extends 'ADD' | 'DEL' | 'CHECK'>(act: (plugin: Plugin, request: Requests[V]) => Promise<unknown>): Handler<V> =>
  (request, { surroundings, limits }) =>
    act(assemble(surroundings, request.network, request.invocation, limits), request);

/** Those that a runtime calls seldom are loaded when they are. */
const handlers: { readonly [V in Verb]: Handler<V> } = {
  ADD: ofContainer<'ADD'>(add),
  DEL: ofContainer<'DEL'>(remove),
  CHECK: ofContainer<'CHECK'>(async (plugin, { previous }) => (await import('./check.ts')).check(plugin, previous)),
  GC: async ({ network, valid }, { surroundings, limits }) =>
    (await import('./collect.ts')).collect(assembleNetwork(surroundings, network, limits), valid),
  STATUS: async ({ network }, { surroundings, limits }) =>
    (await import('./status.ts')).status(assembleNetwork(surroundings, network, limits)),
};

/** `stdin` is read only where the verb has use for it. Never throws: what goes wrong is a CNI error object. */
export async function run(surroundings: Surroundings, stdin: () => string, limits?: Limits): Promise<Outcome> {
  const verb = surroundings.env.CNI_COMMAND;
  let cniVersion: string | undefined;
  try {
    if (verb === 'VERSION') return printed(versions(stdin()));
    if (!isVerb(verb)) throw unknownVerb(verb);
    const input = parseInput(stdin());
    cniVersion = writtenVersion(input);
    const calling = { surroundings, ...(limits === undefined ? {} : { limits }) };
    const result = await handle(verb, input, calling);
    return result === undefined ? { stdout: '', exitCode: 0 } : printed(result);
  } catch (error) {
    return { ...printed(cniError(error, cniVersion ?? NEWEST_VERSION)), exitCode: 1 };
  }
}

async function handle<V extends Verb>(verb: V, input: Record<string, unknown>, calling: Calling): Promise<unknown> {
  return handlers[verb](readRequest(verb, calling.surroundings.env, input), calling);
}

const printed = (value: unknown): Outcome => ({ stdout: `${JSON.stringify(value)}\n`, exitCode: 0 });

/** CNI specification, section 4, VERSION: `cniVersion` is the input's. */
function versions(stdin: string) {
  const input = parseJson(stdin);
  const cniVersion = (isObject(input) && 'cniVersion' in input && writtenVersion(input)) || NEWEST_VERSION;
  return { cniVersion, supportedVersions };
}

const unknownVerb = (verb: string | undefined) =>
  refusal(
    'cni.environment',
    verb ? `CNI_COMMAND ${JSON.stringify(verb)} is not supported` : 'CNI_COMMAND is not set',
    `this is a CNI IPAM plugin for a container runtime to call; it knows ${[...Object.keys(handlers), 'VERSION'].join(', ')}`,
  );
