/** What the verbs work with, made from the configurations: the API, and what the node keeps of the network. */
import type { Attachment } from '../core/contract/messages.ts';
import { type Api, apiClient, type Limits } from './api-client.ts';
import { credentialSupply } from './credentials.ts';
import type { Invocation } from './invocation.ts';
import type { NetworkConfiguration } from './network-configuration.ts';
import { type NetworkRecords, openRecords } from './network-records.ts';
import { loadNodeConfiguration } from './node-configuration.ts';
import { openPoolChoices, type PoolChoices } from './pool-choices.ts';
import { openReachability, type Reachability } from './reachability.ts';
import type { Surroundings } from './surroundings.ts';

export interface Plugin {
  readonly surroundings: Surroundings;
  readonly network: NetworkConfiguration;
  readonly invocation: Invocation;
  readonly attachment: Attachment;
  readonly bootId: string;
  readonly api: Api;
  readonly reachability: Reachability;
  readonly records: NetworkRecords;
  readonly choices: PoolChoices;
  /** The node's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Addresses that are asked for, each once: of CNI_ARGS, args and runtimeConfig, in host-local's order. */
  readonly addresses: readonly string[];
}

/** @throws LessorError `node.configuration`, `node.storage`. */
export function assemble(
  surroundings: Surroundings,
  network: NetworkConfiguration,
  invocation: Invocation,
  limits?: Limits,
): Plugin {
  const { address } = invocation;
  const { endpoint, region, dataDir, labels, credentials: choice } = loadNodeConfiguration(network, surroundings);
  const bootId = surroundings.bootId();
  // Whatever VRF the configuration names by then, a DEL finds what the ADD wrote.
  const records = openRecords(surroundings, { dataDir, name: network.name, bootId });
  const credentials = credentialSupply(surroundings, { dataDir, choice });
  return {
    surroundings,
    network,
    invocation,
    attachment: { network: network.name, containerId: invocation.containerId, ifname: invocation.ifname },
    bootId,
    api: apiClient({ endpoint, region, credentials, surroundings, ...(limits === undefined ? {} : { limits }) }),
    reachability: openReachability(surroundings, dataDir),
    records,
    choices: openPoolChoices(surroundings.files, records, {
      wish: network.pool,
      labels,
      namespace: invocation.pod?.namespace,
    }),
    labels,
    addresses: [...new Set([...(address === undefined ? [] : [address]), ...network.addresses])],
  };
}
