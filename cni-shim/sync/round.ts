/** One round of the agent: who died without a DEL, what the service is still to be told, blocks that are to be given back. */
import type { Calls } from '../api/client.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import type { JournalEntry } from '../node/journal-entry.ts';
import { type NetworkRecords, networksIn, openRecords } from '../node/network-records.ts';
import { livingNamespaces, sandboxOf } from './dead-sandboxes.ts';
import { type Settled, settle } from './flush.ts';
import { giveBack } from './return-block.ts';

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

/** Since when (ms) each entry's container was seen to be gone, by nonce. */
export type Gone = ReadonlyMap<string, number>;

/**
 * Entries whose containers are gone: at once where the machine has booted since, else after they were seen so for `graceMs`.
 * @param before what the round before saw of the same network; `gone` is for the next one
 */
export function findDeaths(
  { surroundings: { files, now }, bootId }: Place,
  records: NetworkRecords,
  before: Gone,
  graceMs: number,
): { readonly deaths: Death[]; readonly gone: Gone } {
  let known: ReadonlySet<string> | undefined;
  const namespaces = () => {
    known ??= livingNamespaces(files);
    return known;
  };
  const gone = new Map<string, number>();
  const deaths = records.journal.entries().flatMap((entry): Death[] => {
    if (sandboxOf(files, entry, { bootId, namespaces }) !== 'gone') return [];
    if (entry.bootId !== bootId) return [{ entry, why: 'reboot' }];
    // A clock that was set back must not have it wait until it has caught up.
    const since = Math.min(before.get(entry.nonce) ?? now(), now());
    gone.set(entry.nonce, since);
    return now() - since >= graceMs ? [{ entry, why: 'namespace' }] : [];
  });
  return { deaths, gone };
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
    if (!failures.every(({ error }) => error.kind.ofOneLease)) return total;
    for (const { pool } of records.states()) {
      for (const due of records.givenBack.due(pool.id)) await giveBack(records, api, pool.id, due);
    }
  }
  return total;
}

/** Whether anything waits to be told. */
export const hasUnsettled = (networks: readonly NetworkRecords[]): boolean =>
  networks.some(({ unsettled }) => unsettled.toReport().length + unsettled.toRelease().length > 0);
