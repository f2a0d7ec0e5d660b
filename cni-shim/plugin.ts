/** What ADD and DEL work with, made from the configurations: the API, the journal, the node's state. */
import type { Attachment } from '../core/contract/messages.ts';
import { type Api, apiClient, type Limits } from './api-client.ts';
import type { Observer } from './call-record.ts';
import { credentialSupply } from './credentials.ts';
import type { Invocation } from './invocation.ts';
import { type Journal, openJournal } from './journal.ts';
import { journalIn } from './journal-id.ts';
import type { NetworkConfiguration } from './network-configuration.ts';
import { loadNodeConfiguration } from './node-configuration.ts';
import { openPoolStates, type PoolStates } from './pool-states.ts';
import type { Surroundings } from './surroundings.ts';

export interface Plugin {
  readonly surroundings: Surroundings;
  readonly network: NetworkConfiguration;
  readonly invocation: Invocation;
  readonly attachment: Attachment;
  readonly bootId: string;
  readonly api: Api;
  readonly journal: Journal;
  /** Names the journal: another one after it was lost. */
  readonly journalId: string;
  readonly pools: PoolStates;
  /** The node's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Addresses that are asked for, each once: of CNI_ARGS, args and runtimeConfig, in host-local's order. */
  readonly addresses: readonly string[];
  /** Who is told for the log. */
  readonly observer: Observer | undefined;
}

export interface Watching {
  readonly limits?: Limits | undefined;
  readonly observer?: Observer;
}

/** @throws LessorError `node.configuration`, `node.storage`. */
export function assemble(
  surroundings: Surroundings,
  network: NetworkConfiguration,
  invocation: Invocation,
  { limits, observer }: Watching = {},
): Plugin {
  const { files, now } = surroundings;
  const { address } = invocation;
  const { endpoint, region, dataDir, labels, credentials: choice } = loadNodeConfiguration(network, surroundings);
  // Whatever VRF the configuration names by then, a DEL finds what the ADD wrote.
  const directory = `${dataDir}/networks/${network.name}`;
  const bootId = surroundings.bootId();
  const journal = openJournal(files, directory, now);
  let made: string | undefined;
  // Not before it is needed: a DEL that finds nothing leaves nothing.
  const journalId = () => {
    made ??= journalIn(files, directory);
    return made;
  };
  const circumstances = {
    bootId,
    get journal() {
      return journalId();
    },
  };
  const credentials = credentialSupply(surroundings, { dataDir, choice });
  return {
    surroundings,
    network,
    invocation,
    attachment: { network: network.name, containerId: invocation.containerId, ifname: invocation.ifname },
    bootId,
    api: apiClient({
      endpoint,
      region,
      credentials,
      surroundings,
      observer,
      ...(limits === undefined ? {} : { limits }),
    }),
    journal,
    get journalId() {
      return journalId();
    },
    // The journal sweeps the directory of its drafts.
    pools: openPoolStates(
      files,
      { directory, drafts: journal.drafts, circumstances },
      { wish: network.pool, labels, namespace: invocation.pod?.namespace },
    ),
    labels,
    observer,
    addresses: [...new Set([...(address === undefined ? [] : [address]), ...network.addresses])],
  };
}
