/** A block of this node that no attachment uses is given back where the node has room elsewhere: other nodes may need it. */
import type { ClaimedBlock, SlotReference } from '../core/contract/messages.ts';
import { LessorError } from '../core/contract/problems.ts';
import { type Journal, slotName } from './journal.ts';
import { learnGiveBack, type NodeState, stopUsing } from './node-state.ts';
import type { Plugin } from './plugin.ts';
import { proposals } from './propose.ts';

/**
 * After `released` was released. A pool that is being drained wants its last block back too. At most one request; that it fails is no failure of the DEL: the next one tries again.
 */
export async function giveBackEmptyBlock(plugin: Plugin, released: SlotReference, draining: boolean): Promise<void> {
  const { surroundings, bootId, journalId, api, journal, pools } = plugin;
  const state = pools.of(released.pool);
  if (state?.pool.affinity !== 'node') return;
  const empty = emptyBlock(state, journal, released, draining ? 'any' : surroundings.now());
  const due = empty ?? state.gaveBack.find(({ answered }) => !answered);
  if (due === undefined) return;
  const { block, generation } = due;
  // Not proposed any more before anybody else may have it.
  if (empty) pools.write(stopUsing(state, empty));
  try {
    const answer = await api.giveBack({ pool: state.pool.id, block, generation, boot: bootId, journal: journalId });
    const now = pools.of(released.pool);
    if (now !== undefined && answer !== undefined)
      pools.write(learnGiveBack(now, { block, generation }, answer.generation));
  } catch (error) {
    if (!(error instanceof LessorError)) throw error;
  }
}

/** The released slot's block, if the journal has no other slot of it and another block has a slot to propose `now`. */
function emptyBlock(
  state: NodeState,
  journal: Journal,
  { pool, block }: SlotReference,
  now: number | 'any',
): ClaimedBlock | undefined {
  const claimed = state.blocks.find((one) => one.block === block);
  const names = new Set(journal.slotNames());
  if (claimed === undefined || [...names].some((name) => name.startsWith(`${pool}.${block}.`))) return undefined;
  if (now === 'any') return claimed;
  const rest = { ...state, blocks: state.blocks.filter((one) => one !== claimed) };
  for (const slot of proposals(rest, now)) if (!names.has(slotName(slot))) return claimed;
  return undefined;
}
