/** What the verbs work with, made from the configurations: the API, and what the node keeps of the network. */
import type { Attachment } from '../../core/contract/ids.ts';
import type { Api } from '../api/client.ts';
import { clientOnDemand } from '../api/client-on-demand.ts';
import { type Outage, openOutage } from '../api/outage.ts';
import type { Limits } from '../api/time-limits.ts';
import type { CredentialSupply } from '../aws/credentials.ts';
import type { Invocation } from '../cni/environment.ts';
import type { NetworkConfiguration } from '../cni/network-configuration.ts';
import type { Observer } from '../log/call-record.ts';
import { loadNodeConfiguration } from '../machine/node-configuration.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import { type NodeRecords, openRecords } from '../node/node-records.ts';
import { openPoolChoices, type PoolChoices } from '../node/pool-choices.ts';

/** What is the same for each attachment of a network. */
export interface NetworkPlugin {
  readonly surroundings: Surroundings;
  readonly network: NetworkConfiguration;
  readonly dataDir: string;
  readonly bootId: string;
  readonly api: Api;
  readonly credentials: CredentialSupply;
  readonly outage: Outage;
  readonly records: NodeRecords;
  readonly choices: PoolChoices;
  /** The node's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Who is told for the log. */
  readonly observer: Observer | undefined;
}

export interface Plugin extends NetworkPlugin {
  readonly invocation: Invocation;
  readonly attachment: Attachment;
  /** Addresses that are asked for, each once: of CNI_ARGS, args and runtimeConfig, in host-local's order, and of the pod's annotation. */
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
  // Whatever VRF the configuration names by then, a DEL finds what the ADD wrote.
  const records = openRecords(surroundings, dataDir);
  const { api, credentials } = clientOnDemand({
    endpoint,
    region,
    dataDir,
    choice,
    surroundings,
    observer,
    ...(limits === undefined ? {} : { limits }),
  });
  return {
    surroundings,
    network,
    dataDir,
    bootId: records.bootId,
    api,
    credentials,
    outage: openOutage(records, surroundings.now),
    records,
    choices: openPoolChoices(records, network.name, {
      request: network.pool,
      labels,
      namespace,
      podPools: network.podPools,
    }),
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
  const { addresses = [], pod, containerId, ifname } = invocation;
  return {
    ...assembleNetwork(surroundings, network, watching, pod?.namespace),
    invocation,
    attachment: { network: network.name, containerId, ifname },
    addresses: [...new Set([...addresses, ...network.addresses])],
  };
}
