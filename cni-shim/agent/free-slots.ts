/** How many containers may still begin here without another block. */

import { slotName, slotsOf } from '../node/journal-entry.ts';
import type { NodeRecords } from '../node/node-records.ts';
import type { PoolCache } from '../node/pool-cache.ts';
import { proposals } from '../node/propose.ts';

/** Slots of the node's own blocks in that pool that are in no entry and were not seen taken lately: what cools is not counted. */
export function freeSlots({ journal, outbox }: NodeRecords, cache: PoolCache, now: number): number {
  const used = new Set([...journal.entries(), ...outbox.toRelease()].flatMap(slotsOf).map(slotName));
  let free = 0;
  for (const slot of proposals(cache, now)) if (!used.has(slotName(slot))) free++;
  return free;
}
