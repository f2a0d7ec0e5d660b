/** What a verb does: from the configuration on standard input to what is printed. */

import { LessorError } from '../../core/contract/problems.ts';
import type { Limits } from '../api/time-limits.ts';
import { type NetworkConfiguration, parseInput } from '../cni/network-configuration.ts';
import { resultAddresses } from '../cni/prev-result.ts';
import { type Requests, readRequest } from '../cni/request.ts';
import { cniError } from '../cni/result.ts';
import { NEWEST_VERSION, type Verb, writtenVersion } from '../cni/version.ts';
import { logCall } from '../log/call-log.ts';
import { watchCall } from '../log/call-record.ts';
import { logFileOf } from '../machine/node-configuration.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { add } from './add.ts';
import { assemble, assembleNetwork, type Plugin, type Watching } from './assemble.ts';
import { remove } from './del.ts';
import { notingRefusals } from './note-refusal.ts';
import { failed, printed, type Reply } from './reply.ts';

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
  ADD: ofContainer<'ADD'>(notingRefusals(add)),
  DEL: ofContainer<'DEL'>(remove),
  CHECK: ofContainer<'CHECK'>(async (plugin, { previous }) => (await import('./check.ts')).check(plugin, previous)),
  GC: async ({ network, valid }, calling) =>
    (await import('./gc.ts')).gc(assembleNetwork(calling.surroundings, network, calling), valid),
  STATUS: async ({ network }, calling) =>
    (await import('./status.ts')).status(network, () => assembleNetwork(calling.surroundings, network, calling)),
};

/** Never throws. */
export async function carryOut(
  verb: Verb,
  { surroundings, limits }: { readonly surroundings: Surroundings; readonly limits: Limits | undefined },
  stdin: () => string,
): Promise<Reply> {
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
    watch.failed(object, error instanceof LessorError ? error.code : undefined);
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
