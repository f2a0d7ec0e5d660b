/**
 * STATUS: whether an ADD can be carried out here (CNI specification, section 4). Kubernetes evicts what runs on a node whose
 * network is not ready, so by itself only a node that cannot work at all is not: what is full, drained or out of reach passes.
 * A network may ask for the specification's strict reading, whether an ADD could be given an address. Runtimes ask every few
 * seconds.
 */

import { LessorError } from '../../core/contract/problems.ts';
import type { NetworkConfiguration } from '../cni/network-configuration.ts';
import { storageError } from '../cni/result.ts';
import { isFileError, tryToWrite } from '../machine/files.ts';
import { notReady } from '../machine/refusal.ts';
import { hasRoomOfItsOwn, NO_REMEDY, verdict } from '../sync/availability.ts';
import type { NetworkPlugin } from './assemble.ts';

const WRITTEN_ROW = 'status asked';

/** @throws CniRefusal code 50 */
export async function status({ status: asks }: NetworkConfiguration, assembled: () => NetworkPlugin): Promise<void> {
  const asking = await workable(assembled);
  if (asks !== 'capacity' || hasRoomOfItsOwn(asking, asking.choices)) return;
  const { network, api } = asking;
  const { why, remedy } = await verdict({ ...asking, api: api.brief, name: network.name, pool: network.pool });
  if (why !== undefined) throw notReady(why, remedy ?? NO_REMEDY);
}

/** There is a configuration, the journal can be written, and there are credentials: without these no ADD ever succeeds. */
async function workable(assembled: () => NetworkPlugin): Promise<NetworkPlugin> {
  try {
    const plugin = assembled();
    ensureWritable(plugin);
    await plugin.credentials.get({ fresh: false });
    return plugin;
  } catch (thrown) {
    const error = isFileError(thrown) ? storageError(thrown) : thrown;
    if (!(error instanceof LessorError)) throw error;
    throw notReady(error.what, error.remedy ?? NO_REMEDY);
  }
}

function ensureWritable({ records, dataDir, surroundings: { files, now } }: NetworkPlugin): void {
  // Only an ADD makes a journal: while there is none, a DEL asks the service.
  if (records.knownJournalId === undefined) tryToWrite(files, dataDir);
  else for (const value of [String(now()), undefined]) records.setMeta(WRITTEN_ROW, value);
}
