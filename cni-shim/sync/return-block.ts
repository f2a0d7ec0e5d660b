/** A block of this node that no attachment uses is given back where the node has room elsewhere: other nodes may need it. */
import type { ClaimedBlock, SlotReference } from '../../core/contract/ids.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { slotName } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import { afterKept, type PoolCache } from '../node/pool-cache.ts';
import { proposals } from '../node/propose.ts';

/**
 * After `released` was released. A pool that is being drained wants its last block back too. At most one request; that it
 * fails is no failure of the DEL: the next one tries again.
 */
export async function giveBackEmptyBlock(
  { records, api, now }: { records: NodeRecords; api: Calls; now: () => number },
  released: SlotReference,
  draining = false,
): Promise<void> {
  const cache = records.cacheOf(released.pool);
  if (cache?.pool.affinity !== 'node') return;
  const empty = emptyBlock(cache, records, released, draining ? 'any' : now());
  const isGivenBack = empty !== undefined && records.returnedBlocks.giveBack(released.pool, empty);
  const [due] = isGivenBack ? [empty] : records.returnedBlocks.due(released.pool);
  if (due !== undefined) await giveBack(records, api, released.pool, due);
}

/** `kept`: an address of it is held, as the service has it. */
export type GivenBack = 'released' | 'kept' | LessorError;

/** Tells the service of a block that is given back. Where that fails, the agent's next heartbeat tells it. */
export async function giveBack(
  records: NodeRecords,
  api: Calls,
  pool: string,
  due: ClaimedBlock,
): Promise<GivenBack | undefined> {
  const { block, generation } = due;
  const claim = { pool, block, generation, boot: records.bootId, journal: records.journalId };
  const life = records.cacheOf(pool)?.incarnation;
  const outcome = await outcomeOf(api.giveBack(claim));
  if (outcome.kind !== 'granted') return outcome.error;
  if (outcome.answer === undefined) return undefined;
  records.returnedBlocks.answered(pool, due);
  const { outcome: came, generation: kept } = outcome.answer;
  if (kept === undefined) return came;
  // What was kept in a life that the node has left meanwhile is nothing to the next one.
  records.update(pool, (cache) =>
    cache !== undefined && cache.incarnation === life ? afterKept(cache, { block, generation: kept }) : undefined,
  );
  return came;
}

const isUsed = ({ journal }: NodeRecords, pool: string, block: string): boolean =>
  journal.slotNames().some((name) => name.startsWith(`${pool}.${block}.`));

/** The released slot's block, if the journal has no other slot of it and another block has a slot to propose `now`. */
function emptyBlock(
  cache: PoolCache,
  records: NodeRecords,
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
