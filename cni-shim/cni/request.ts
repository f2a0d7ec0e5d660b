/** What a verb is asked to do, read from environment and standard input: nothing of them is looked at afterwards. */

import type { Environment } from '../machine/surroundings.ts';
import { type Invocation, parseInvocation } from './environment.ts';
import { type NetworkConfiguration, parseNetworkConfiguration } from './network-configuration.ts';
import { previousAddresses } from './prev-result.ts';
import { type ValidAttachment, validAttachments } from './valid-attachments.ts';
import type { Verb } from './version.ts';

interface OfContainer {
  readonly network: NetworkConfiguration;
  readonly invocation: Invocation;
}

export interface Requests {
  readonly ADD: OfContainer;
  readonly DEL: OfContainer;
  /** `previous`: addresses that the attachment should have, without prefix lengths. */
  readonly CHECK: OfContainer & { readonly previous: readonly string[] };
  /** `valid`: attachments that live; undefined where the runtime does not say, so that nothing may be freed. */
  readonly GC: { readonly network: NetworkConfiguration; readonly valid: readonly ValidAttachment[] | undefined };
  readonly STATUS: { readonly network: NetworkConfiguration };
}

type Readers = { readonly [V in Verb]: (env: Environment, input: Record<string, unknown>) => Requests[V] };

const ofContainer = (verb: 'ADD' | 'DEL' | 'CHECK', env: Environment, input: Record<string, unknown>): OfContainer => ({
  invocation: parseInvocation(verb, env),
  network: parseNetworkConfiguration(verb, input),
});

const readers: Readers = {
  ADD: (env, input) => ofContainer('ADD', env, input),
  DEL: (env, input) => ofContainer('DEL', env, input),
  CHECK: (env, input) => {
    const read = ofContainer('CHECK', env, input);
    return { ...read, previous: previousAddresses(input, read.network.cniVersion) };
  },
  GC: (_, input) => ({ network: parseNetworkConfiguration('GC', input), valid: validAttachments(input) }),
  STATUS: (_, input) => ({ network: parseNetworkConfiguration('STATUS', input) }),
};

/** @throws LessorError `cni.environment`, `cni.version`, `cni.configuration`, which name the variable or the field. */
export function readRequest<V extends Verb>(verb: V, env: Environment, input: Record<string, unknown>): Requests[V] {
  return readers[verb](env, input);
}
