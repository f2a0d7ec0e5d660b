/** One round of the agent: who died without a DEL, what the service is still to be told, blocks that are to be given back. */
import type { Calls } from '../api-client.ts';
import { giveBack } from '../give-back.ts';
import type { JournalEntry } from '../journal-entry.ts';
import { type NetworkRecords, networksIn, openRecords } from '../network-records.ts';
import { type Settled, settle } from '../settle.ts';
import type { Surroundings } from '../surroundings.ts';
import { livingNamespaces, sandboxOf } from './sandboxes.ts';

export interface Place {
  readonly surroundings: Pick<Surroundings, 'files' | 'now'>;
  readonly dataDirs: readonly string[];
  readonly bootId: string;
}

/** What is kept of each network of this node. */
export const recordsIn = ({ surroundings, dataDirs, bootId }: Place): NetworkRecords[] =>
  dataDirs.flatMap((dataDir) =>
    networksIn(surroundings.files, dataDir).map((name) => openRecords(surroundings, { dataDir, name, bootId })),
  );

export type Death = { readonly entry: JournalEntry; readonly why: 'reboot' | 'namespace' };

/**
 * Entries whose containers are gone: at once where the machine has booted since, else after they were seen so for `graceMs`.
 * @param seen since when (ms) each was seen to be gone, by nonce; kept between rounds
 */
export function findDeaths(
  { surroundings: { files, now }, bootId }: Place,
  records: NetworkRecords,
  seen: Map<string, number>,
  graceMs: number,
): Death[] {
  let known: ReadonlySet<string> | undefined;
  const namespaces = () => {
    known ??= livingNamespaces(files);
    return known;
  };
  return records.journal.entries().flatMap((entry): Death[] => {
    if (sandboxOf(files, entry, { bootId, namespaces }) !== 'gone') {
      seen.delete(entry.nonce);
      return [];
    }
    if (entry.bootId !== bootId) return [{ entry, why: 'reboot' }];
    const since = seen.get(entry.nonce) ?? now();
    seen.set(entry.nonce, since);
    return now() - since >= graceMs ? [{ entry, why: 'namespace' }] : [];
  });
}

/** Takes the dead entries out of the journal; they are released with what else is to be. */
export const bury = ({ unsettled }: NetworkRecords, deaths: readonly Death[]): Death[] =>
  deaths.filter(({ entry }) => unsettled.retireUnlessAdded(entry));

/** Requests only where there is something to tell. */
export async function settleAll(
  { surroundings: { now } }: Place,
  networks: readonly NetworkRecords[],
  api: Calls,
): Promise<Settled> {
  const total = { reported: 0, released: 0, failures: [] as Settled['failures'][number][] };
  for (const records of networks) {
    const { reported, released, failures } = await settle({ records, api, now });
    total.reported += reported;
    total.released += released;
    total.failures.push(...failures);
    if (failures.some(({ error }) => error.kind.retry)) return total;
    for (const { pool } of records.states()) {
      for (const due of records.givenBack.due(pool.id)) await giveBack(records, api, pool.id, due);
    }
  }
  return total;
}

/** Whether anything waits to be told. */
export const hasUnsettled = (networks: readonly NetworkRecords[]): boolean =>
  networks.some(({ unsettled }) => unsettled.toReport().length + unsettled.toRelease().length > 0);
