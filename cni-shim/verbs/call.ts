/** One call of the plugin: from environment and standard input to what is printed and the exit code. */

import type { Limits } from '../api/client.ts';
import { type NetworkConfiguration, parseInput } from '../cni/network-configuration.ts';
import { resultAddresses } from '../cni/prev-result.ts';
import { type Requests, readRequest } from '../cni/request.ts';
import { type CniError, cniError } from '../cni/result.ts';
import { isVerb, NEWEST_VERSION, supportedVersions, type Verb, writtenVersion } from '../cni/version.ts';
import { logCall } from '../log/call-log.ts';
import { watchCall } from '../log/call-record.ts';
import { isObject, parseJson, show } from '../machine/json.ts';
import { logFileOf } from '../machine/node-configuration.ts';
import { refusal } from '../machine/refusal.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { add } from './add.ts';
import { assemble, assembleNetwork, type Plugin, type Watching } from './assemble.ts';
import { remove } from './del.ts';

export interface Reply {
  /** Empty, or one JSON object. */
  readonly stdout: string;
  readonly exitCode: 0 | 1;
}

interface Calling extends Watching {
  readonly surroundings: Surroundings;
}

/** Resolves to what is printed, undefined where that is nothing. @throws LessorError */
type Handler<V extends Verb> = (request: Requests[V], calling: Calling) => Promise<unknown>;

const ofContainer =
  <V extends 'ADD' | 'DEL' | 'CHECK'>(act: (plugin: Plugin, request: Requests[V]) => Promise<unknown>): Handler<V> =>
  (request, calling) =>
    act(assemble(calling.surroundings, request.network, request.invocation, calling), request);

/** Those that a runtime calls seldom are loaded when they are. */
const handlers: { readonly [V in Verb]: Handler<V> } = {
  ADD: ofContainer<'ADD'>(add),
  DEL: ofContainer<'DEL'>(remove),
  CHECK: ofContainer<'CHECK'>(async (plugin, { previous }) => (await import('./check.ts')).check(plugin, previous)),
  GC: async ({ network, valid }, calling) =>
    (await import('./gc.ts')).gc(assembleNetwork(calling.surroundings, network, calling), valid),
  STATUS: async ({ network }, calling) =>
    (await import('./status.ts')).status(network, () => assembleNetwork(calling.surroundings, network, calling)),
};

/** `stdin` is read only where the verb has use for it. Never throws: what goes wrong is a CNI error object. */
export async function run(surroundings: Surroundings, stdin: () => string, limits?: Limits): Promise<Reply> {
  const verb = surroundings.env.CNI_COMMAND;
  try {
    if (verb === 'VERSION') return printed(versions(stdin()));
    if (!isVerb(verb)) throw unknownVerb(verb);
  } catch (error) {
    return failed(cniError(error, NEWEST_VERSION));
  }
  return call(verb, { surroundings, limits }, stdin);
}

async function call(verb: Verb, { surroundings, limits }: Calling, stdin: () => string): Promise<Reply> {
  const watch = watchCall(verb, surroundings);
  const about: { cniVersion?: string | undefined; network?: NetworkConfiguration } = {};
  let reply: Reply;
  try {
    const input = parseInput(stdin());
    about.cniVersion = writtenVersion(input);
    const request = readRequest(verb, surroundings.env, input);
    about.network = request.network;
    watch.about(request);
    reply = await handle(verb, request, { surroundings, limits, observer: watch.observer });
  } catch (error) {
    const object = cniError(error, about.cniVersion ?? NEWEST_VERSION);
    watch.failed(object);
    reply = failed(object);
  }
  const file = logFileOf(about.network, surroundings);
  if (file !== undefined) logCall(file, watch.record());
  return reply;
}

async function handle<V extends Verb>(verb: V, request: Requests[V], calling: Calling): Promise<Reply> {
  const result = await handlers[verb](request, calling);
  if (result === undefined) return { stdout: '', exitCode: 0 };
  calling.observer?.addresses(resultAddresses(result, 'the result', request.network.cniVersion));
  return printed(result);
}

const failed = (error: CniError): Reply => ({ ...printed(error), exitCode: 1 });
const printed = (value: unknown): Reply => ({ stdout: `${JSON.stringify(value)}\n`, exitCode: 0 });

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
    `this is a CNI IPAM plugin for a container runtime to call; it knows ${[...Object.keys(handlers), 'VERSION'].join(', ')}`,
  );
