/** What the verbs work with, made from the configurations: the API, and what the node keeps of the network. */
import type { Attachment } from '../core/contract/messages.ts';
import { type Api, apiClient, type Limits } from './api-client.ts';
import type { Observer } from './call-record.ts';
import { credentialSupply } from './credentials.ts';
import type { Invocation } from './invocation.ts';
import type { NetworkConfiguration } from './network-configuration.ts';
import { type NetworkRecords, openRecords } from './network-records.ts';
import { loadNodeConfiguration } from './node-configuration.ts';
import { openPoolChoices, type PoolChoices } from './pool-choices.ts';
import { openReachability, type Reachability } from './reachability.ts';
import type { Surroundings } from './surroundings.ts';

/** What is the same for each attachment of a network. */
export interface NetworkPlugin {
  readonly surroundings: Surroundings;
  readonly network: NetworkConfiguration;
  readonly bootId: string;
  readonly api: Api;
  readonly reachability: Reachability;
  readonly records: NetworkRecords;
  readonly choices: PoolChoices;
  /** The node's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Who is told for the log. */
  readonly observer: Observer | undefined;
}

export interface Plugin extends NetworkPlugin {
  readonly invocation: Invocation;
  readonly attachment: Attachment;
  /** Addresses that are asked for, each once: of CNI_ARGS, args and runtimeConfig, in host-local's order. */
  readonly addresses: readonly string[];
}

export interface Watching {
  readonly limits?: Limits | undefined;
  readonly observer?: Observer;
}

/** @throws LessorError `node.configuration`, `node.storage`. */
export function assembleNetwork(
  surroundings: Surroundings,
  network: NetworkConfiguration,
  { limits, observer }: Watching,
  namespace?: string,
): NetworkPlugin {
  const { endpoint, region, dataDir, labels, credentials: choice } = loadNodeConfiguration(network, surroundings);
  const bootId = surroundings.bootId();
  // Whatever VRF the configuration names by then, a DEL finds what the ADD wrote.
  const records = openRecords(surroundings, { dataDir, name: network.name, bootId });
  const credentials = credentialSupply(surroundings, { dataDir, choice });
  return {
    surroundings,
    network,
    bootId,
    api: apiClient({
      endpoint,
      region,
      credentials,
      surroundings,
      observer,
      ...(limits === undefined ? {} : { limits }),
    }),
    reachability: openReachability(surroundings, dataDir),
    records,
    choices: openPoolChoices(surroundings.files, records, { wish: network.pool, labels, namespace }),
    labels,
    observer,
  };
}

/** @throws LessorError `node.configuration`, `node.storage`. */
export function assemble(
  surroundings: Surroundings,
  network: NetworkConfiguration,
  invocation: Invocation,
  watching: Watching = {},
): Plugin {
  const { address, pod, containerId, ifname } = invocation;
  return {
    ...assembleNetwork(surroundings, network, watching, pod?.namespace),
    invocation,
    attachment: { network: network.name, containerId, ifname },
    addresses: [...new Set([...(address === undefined ? [] : [address]), ...network.addresses])],
  };
}
