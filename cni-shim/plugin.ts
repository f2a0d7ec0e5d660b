/** What ADD and DEL work with, made from the configurations: the API, the journal, the node's state. */
import type { Attachment, ClaimedBlock } from '../core/contract/messages.ts';
import { type Api, apiClient, type Limits } from './api-client.ts';
import { credentialSupply } from './credentials.ts';
import { replaceFile } from './files.ts';
import type { Invocation } from './invocation.ts';
import { type Journal, openJournal } from './journal.ts';
import { journalIn } from './journal-id.ts';
import type { NetworkConfiguration } from './network-configuration.ts';
import { loadNodeConfiguration } from './node-configuration.ts';
import { formerBlocks, type NodeState, readNodeState } from './node-state.ts';
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
  /** Names the journal: another one after it was lost. */
  readonly journalId: string;
  /** Blocks of an earlier boot, which the service may let this one take over. */
  formerBlocks(): readonly ClaimedBlock[];
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
  let made: string | undefined;
  // Not before it is needed: a DEL that finds nothing leaves nothing.
  const journalId = () => {
    made ??= journalIn(files, directory);
    return made;
  };
  const circumstances = {
    bootId,
    ranges: network.ranges,
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
    api: apiClient({ endpoint, region, credentials, surroundings, ...(limits === undefined ? {} : { limits }) }),
    journal,
    get journalId() {
      return journalId();
    },
    formerBlocks: () => formerBlocks(files, stateFile, circumstances),
    readState: () => readNodeState(files, stateFile, circumstances),
    // The journal sweeps the directory of its drafts.
    writeState: (state) => replaceFile(files, stateFile, JSON.stringify(state), journal.drafts),
  };
}
