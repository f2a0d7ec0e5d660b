/**
 * The scheduled reclaim: frees, by node and life, the leases of nodes that were declared dead, and takes back the blocks that
 * belong to them. It frees nothing else (I2, I3).
 */
import pMap from 'p-map';
import type { DeathRecord, NodeState } from '../../../core/protocol/node.ts';
import { type BlockKey, blockKeyFromText } from '../../../core/protocol/slot-ref.ts';
import { deadShareOf, knowPoolsOf, type Life } from '../blocks/dead-block.ts';
import { fenceBlock, resumeFence } from '../blocks/fence-block.ts';
import { boundedStore, timeIsUp } from '../bounded-store.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { endingNow, knownPool } from '../known-pools.ts';
import { standingOf } from '../nodes/standing.ts';
import { CONCLUDED_AFTER_MS, dueAt, dueDeaths, retryAfterFailure } from './due.ts';
import { tellingOfFreed } from './freed.ts';
import { noteConcluded, readUnconcluded } from './unconcluded.ts';

/** While one waits for an answer, others go on; a large one keeps the others waiting no more than its share. */
const NODES_AT_ONCE = 4;
const BLOCKS_AT_ONCE = 16;

export interface ReclaimReport {
  readonly nodes: readonly { readonly node: string; readonly incarnation: number; readonly freed: number }[];
  /** Deaths that were due and for which the time did not suffice: the next run begins with them. */
  readonly waiting: number;
}

/** What became of a death in this run. */
export type ReclaimOutcome =
  | { readonly is: 'swept'; readonly death: DeathRecord; readonly freed: number; readonly sweptAt: number }
  /** Its declaration was interrupted before the mark, which may come yet; `withdrawn`: which never will. */
  | { readonly is: 'unconfirmed' | 'withdrawn'; readonly death: DeathRecord }
  | { readonly is: 'waiting'; readonly death: DeathRecord }
  | { readonly is: 'failed'; readonly death: DeathRecord; readonly cause: unknown };

const unhurried: Pick<Call, 'remainingMs'> = { remainingMs: () => Number.POSITIVE_INFINITY };

/**
 * The deaths that are due, new ones first, as far as the time suffices. Safe to run twice at once and to be stopped
 * anywhere: each step is one conditional write.
 * @throws what the first node failed with that could not be reclaimed, once the others are
 */
export async function reclaim(
  { store, ...others }: Dependencies,
  call: Pick<Call, 'remainingMs'> = unhurried,
): Promise<ReclaimReport> {
  const { inTime, always } = boundedStore(store, call);
  const deps = { ...others, store: inTime };
  const notes = { ...others, store: always };
  const unconcluded = await readUnconcluded(deps, call);
  const due = dueDeaths(unconcluded.deaths, deps.now());
  const outcomes = await pMap(due, (death) => reclaimDeath(deps, notes, call, death), { concurrency: NODES_AT_ONCE });
  const after = new Map(outcomes.map((outcome) => [outcome.death, outcome]));
  await noteConcluded(
    notes,
    unconcluded,
    unconcluded.deaths.map((death) => seenAs(after.get(death), death, deps.now())),
  );
  // One node that cannot be reclaimed keeps no other waiting; the schedule's failure is seen, and a later run tries again.
  for (const outcome of outcomes) if (outcome.is === 'failed') throw outcome.cause;
  return {
    nodes: outcomes.flatMap((outcome) =>
      outcome.is === 'swept'
        ? [{ node: outcome.death.node, incarnation: outcome.death.incarnation, freed: outcome.freed }]
        : [],
    ),
    waiting: outcomes.filter(({ is }) => is === 'waiting').length,
  };
}

/**
 * The reclaim of one death, at once after its declaration: with the same bounds, and safe beside the scheduled one, which
 * goes on with what is left.
 */
export function reclaimNow(
  { store, ...others }: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  death: DeathRecord,
): Promise<ReclaimOutcome> {
  const { inTime, always } = boundedStore(store, call);
  return reclaimDeath({ ...others, store: inTime }, { ...others, store: always }, call, death);
}

/** The record as this run leaves it. What was never confirmed in all that time is concluded: its repeat makes another record. */
function seenAs(outcome: ReclaimOutcome | undefined, death: DeathRecord, now: number): DeathRecord {
  const isOld = now - death.declaredAt >= CONCLUDED_AFTER_MS;
  if (outcome?.is === 'withdrawn') return { ...death, withdrawn: true };
  if (outcome?.is === 'swept') return { ...death, sweptAt: outcome.sweptAt };
  return outcome?.is === 'unconfirmed' && isOld ? { ...death, sweptAt: now } : death;
}

async function reclaimDeath(
  deps: Dependencies,
  notes: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  death: DeathRecord,
): Promise<ReclaimOutcome> {
  const sweptAt = deps.now();
  let freed = 0;
  const note = () => {
    freed += 1;
  };
  try {
    const node = await deps.store.nodes.readNode(death.node);
    const standing = await standingOf(deps.store, node, death);
    if (standing === 'void') await notes.store.nodes.withdrawDeath(death);
    if (node === undefined || standing !== 'marked')
      return { is: standing === 'void' ? 'withdrawn' : 'unconfirmed', death };
    await sweepNode({ ...deps, store: tellingOfFreed(deps.store, note) }, node, death.incarnation);
  } catch (error) {
    const stopped = timeIsUp(call);
    const retryAt = stopped ? {} : { retryAt: retryAfterFailure(death, deps.now()) };
    // Where it cannot be noted either, the next run tries again.
    if (freed > 0 || !stopped) await notes.store.nodes.recordSweep(death, { freed, ...retryAt }).catch(() => undefined);
    return stopped ? { is: 'waiting', death } : { is: 'failed', death, cause: firstOf(error) };
  }
  try {
    // What is settled leaves the list of nodes. The note is last: a node that could not be taken from it is looked at again.
    if (dueAt({ ...death, sweptAt }) === undefined) await notes.store.nodes.unlist(death.node, death.incarnation);
    await notes.store.nodes.recordSweep(death, { freed, sweptAt });
    return { is: 'swept', death, freed, sweptAt };
  } catch (cause) {
    return { is: 'failed', death, cause };
  }
}

const firstOf = (error: unknown): unknown => (error instanceof AggregateError ? error.errors[0] : error);

async function sweepNode(deps: Dependencies, { id, joinedBlocks }: NodeState, incarnation: number): Promise<void> {
  const keys = [...joinedBlocks].map(blockKeyFromText);
  await knowPoolsOf(deps, keys);
  const each = (key: BlockKey) => reclaimBlock(deps, key, { node: id, incarnation });
  // One block that cannot be reclaimed keeps no other waiting.
  await pMap(keys, each, { concurrency: BLOCKS_AT_ONCE, stopOnError: false });
}

async function reclaimBlock(deps: Dependencies, key: BlockKey, life: Life): Promise<void> {
  const share = await deadShareOf(deps, key, life);
  if (share.kind === 'leases') {
    if (share.slots.length > 0) await sweepSlots(deps, key, life, share.slots);
    return;
  }
  const { generation, state } = share.block;
  const { outcome } =
    state === 'releasing'
      ? await resumeFence(deps, key, share.block)
      : await fenceBlock(deps, key, { generation, forced: true });
  // The node had begun to give it back, and a lease was held: only now it is known that nothing of that life runs any more.
  if (outcome === 'kept') await reclaimBlock(deps, key, life);
}

async function sweepSlots(deps: Dependencies, key: BlockKey, life: Life, slots: readonly number[]): Promise<void> {
  const ending = endingNow(deps, await knownPool(deps, key.pool));
  for (const slot of slots) await deps.store.leases.sweep({ ...key, slot }, life, ending);
}
