/** The journal has when an ADD of the cluster's network got no address, for the agent that tells the scheduler. */
import { LessorError } from '../../core/contract/problems.ts';
import { CLUSTER_INTERFACE, noteRefusedNetwork } from '../node/refused-network.ts';
import type { Plugin } from './assemble.ts';

/** @returns the same, which notes why it failed before it does */
export const notingRefusals =
  <T>(add: (plugin: Plugin) => Promise<T>) =>
  async (plugin: Plugin): Promise<T> => {
    try {
      return await add(plugin);
    } catch (error) {
      if (error instanceof LessorError && concerns(plugin, error)) note(plugin, error);
      throw error;
    }
  };

/**
 * A node that leaves has been drained. STATUS says that the data directory cannot be written. And that a pod does not get the address that
 * it asks for says nothing of others.
 */
const concerns = ({ attachment, addresses, network }: Plugin, { code }: LessorError): boolean =>
  attachment.ifname === CLUSTER_INTERFACE &&
  !['node.leaving', 'node.storage'].includes(code) &&
  addresses.length === 0 &&
  network.podPools === undefined &&
  network.identity === undefined;

function note({ records, network, labels, surroundings }: Plugin, { code, what, remedy, facts }: LessorError): void {
  try {
    noteRefusedNetwork(records, {
      network: network.name,
      pool: network.pool,
      labels,
      code,
      what,
      ...(remedy === undefined ? {} : { remedy }),
      ofNodes: facts.affinity === 'node',
      at: surroundings.now(),
    });
  } catch {
    // The ADD failed for a reason of its own, and says that.
  }
}
