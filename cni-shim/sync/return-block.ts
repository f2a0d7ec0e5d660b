/** A block of this node that no attachment uses is given back where the node has room elsewhere: other nodes may need it. */
import type { ClaimedBlock, SlotReference } from '../../core/contract/ids.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { slotName } from '../node/journal-entry.ts';
import type { NetworkRecords } from '../node/network-records.ts';
import { afterKept, type PoolCache } from '../node/pool-cache.ts';
import { proposals } from '../node/propose.ts';

/**
 * After `released` was released. A pool that is being drained wants its last block back too. At most one request; that it
 * fails is no failure of the DEL: the next one tries again.
 */
export async function giveBackEmptyBlock(
  { records, api, now }: { records: NetworkRecords; api: Calls; now: number },
  released: SlotReference,
  draining: boolean,
): Promise<void> {
  const cache = records.cacheOf(released.pool);
  if (cache?.pool.affinity !== 'node') return;
  const empty = emptyBlock(cache, records, released, draining ? 'any' : now);
  if (empty !== undefined) records.givenBack.mark(released.pool, empty);
  const [due] = empty === undefined ? records.givenBack.due(released.pool) : [empty];
  if (due !== undefined) await giveBack(records, api, released.pool, due);
}

/** Asks for what a mark stands for. */
export async function giveBack(records: NetworkRecords, api: Calls, pool: string, due: ClaimedBlock): Promise<void> {
  const { block, generation } = due;
  // Only after the mark: a container that lives there unreported has named its slot before it looked for the mark.
  if (isUsed(records, pool, block)) return;
  const claim = { pool, block, generation, boot: records.bootId, journal: records.journalId };
  const outcome = await outcomeOf(api.giveBack(claim));
  if (outcome.kind !== 'granted' || outcome.answer === undefined) return;
  records.givenBack.answered(pool, due);
  const { generation: kept } = outcome.answer;
  const cache = records.cacheOf(pool);
  if (cache !== undefined && kept !== undefined) records.write(afterKept(cache, { block, generation: kept }));
}

const isUsed = ({ journal }: NetworkRecords, pool: string, block: string): boolean =>
  journal.slotNames().some((name) => name.startsWith(`${pool}.${block}.`));

/** The released slot's block, if the journal has no other slot of it and another block has a slot to propose `now`. */
function emptyBlock(
  cache: PoolCache,
  records: NetworkRecords,
  { pool, block }: SlotReference,
  now: number | 'any',
): ClaimedBlock | undefined {
  const claimed = cache.blocks.find((one) => one.block === block);
  if (claimed === undefined || isUsed(records, pool, block)) return undefined;
  if (now === 'any') return claimed;
  const names = new Set(records.journal.slotNames());
  const rest = { ...cache, blocks: cache.blocks.filter((one) => one !== claimed) };
  for (const slot of proposals(rest, now)) if (!names.has(slotName(slot))) return claimed;
  return undefined;
}
