/** What one ADD works with, once its pool is known, and what it is answered. */

import type { ClaimedBlock } from '../../../core/contract/ids.ts';
import type { AllocateRequest, AllocateResult } from '../../../core/contract/lease.ts';
import type { Holding } from '../../../core/protocol/lease.ts';
import { blockKeyFromText, blockToText, type SlotKey, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies, KnownPool } from '../dependencies.ts';

/** Slots of a block that are held or cooling. */
export type Seen = Map<bigint, number[]>;

export interface Allocation {
  readonly deps: Dependencies;
  readonly call: Call;
  readonly request: AllocateRequest;
  /** Replaced where more of it is opened on the way. */
  pool: KnownPool;
  /** Slots that could not be had, by block, as far as they were seen. */
  readonly seen: Seen;
  /** The node's life in which a slot of this block would be held. */
  readonly incarnationIn: (block: bigint) => Promise<number>;
  /**
   * Tries to hold a slot; true if it is this attachment's now.
   * @param isOwn it is already, so that no quota stands in the way
   * @throws LessorError pool.quota
   */
  readonly hold: (key: SlotKey, isOwn?: boolean) => Promise<boolean>;
}

export function holdingOf({ caller }: Call, request: AllocateRequest, incarnation: number, now: number): Holding {
  const { attachment, nonce, pod } = request;
  return { attachment, nonce, node: caller, incarnation, heldAt: now, ...(pod ? { pod } : {}) };
}

/** The blocks of `pool` that are among those that a node has joined. */
export function joinedIn({ definition }: KnownPool, joinedBlocks: ReadonlySet<string>): bigint[] {
  const mine = [...joinedBlocks].map(blockKeyFromText).filter(({ pool }) => pool === definition.id);
  return mine.map(({ block }) => block);
}

export interface Told {
  readonly incarnation: number;
  readonly blocks: readonly ClaimedBlock[];
  readonly former?: readonly ClaimedBlock[];
}

export function answer(
  { pool, seen }: Pick<Allocation, 'pool' | 'seen'>,
  key: SlotKey,
  { incarnation, blocks, former }: Told,
): AllocateResult {
  const { definition, space } = pool;
  return {
    slot: slotToWire(key),
    addresses: space.addresses(key.block, key.slot),
    incarnation,
    blocks: [...blocks],
    pool: definition,
    ...(former === undefined ? {} : { former: [...former] }),
    ...(seen.size === 0 ? {} : { taken: [...seen].map(([index, slots]) => ({ block: blockToText(index), slots })) }),
  };
}
