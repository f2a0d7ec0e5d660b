/** What ADD and DEL work with, made from the configurations: the API, the journal, the node's state. */
import type { Attachment } from '../core/contract/messages.ts';
import { type Api, apiClient, type Limits } from './api-client.ts';
import { credentialSupply } from './credentials.ts';
import { replaceFile } from './files.ts';
import type { Invocation } from './invocation.ts';
import { type Journal, openJournal } from './journal.ts';
import type { NetworkConfiguration } from './network-configuration.ts';
import { loadNodeConfiguration } from './node-configuration.ts';
import { type NodeState, readNodeState } from './node-state.ts';
import type { Surroundings } from './surroundings.ts';

/** The routing domain of pools that are written in a network configuration. */
export const vrf = 'default';

export interface Plugin {
  readonly surroundings: Surroundings;
  readonly network: NetworkConfiguration;
  readonly invocation: Invocation;
  readonly attachment: Attachment;
  readonly bootId: string;
  readonly api: Api;
  readonly journal: Journal;
  readState(): NodeState | undefined;
  writeState(state: NodeState): void;
}

/** @throws LessorError `node.configuration`, `node.storage`. */
export function assemble(
  surroundings: Surroundings,
  network: NetworkConfiguration,
  invocation: Invocation,
  limits?: Limits,
): Plugin {
  const { files, now } = surroundings;
  const { endpoint, region, dataDir, credentials: choice } = loadNodeConfiguration(network, surroundings);
  const directory = `${dataDir}/${vrf}/${network.name}`;
  const stateFile = `${directory}/state.json`;
  const bootId = surroundings.bootId();
  const journal = openJournal(files, directory, now);
  const credentials = credentialSupply(surroundings, { dataDir, choice });
  return {
    surroundings,
    network,
    invocation,
    attachment: { network: network.name, containerId: invocation.containerId, ifname: invocation.ifname },
    bootId,
    api: apiClient({ endpoint, region, credentials, surroundings, ...(limits === undefined ? {} : { limits }) }),
    journal,
    readState: () => readNodeState(files, stateFile, { bootId, ranges: network.ranges }),
    // The journal sweeps the directory of its drafts.
    writeState: (state) => replaceFile(files, stateFile, JSON.stringify(state), journal.drafts),
  };
}
