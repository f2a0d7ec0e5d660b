/** How full a pool is, of what the recount reads in any case. */
import type { KnownPool } from '../memory.ts';
import type { ReadBlock } from '../pools/read-pool.ts';

export interface PoolReading {
  /** The pool's id. */
  readonly id: string;
  readonly vrf: string;
  readonly name: string;
  /** Leases, those in reservations too. */
  readonly held: number;
  /**
   * 0 to 1, of what nodes can have without a reservation: addresses that are held or cool or, where blocks belong to nodes,
   * blocks that do. Where all is reserved or excluded nothing is in use.
   */
  readonly use: number;
  /** Of which it is a part: addresses or blocks that are taken, and all of them. Numbers of 2^53 and more are rounded. */
  readonly taken: number;
  readonly capacity: number;
  /** Where blocks belong to nodes: those that a node could still claim. */
  readonly freeBlocks?: number;
  /** Whether it is one of the few that have the most leases (`most.poolsMeasured`): they have metrics of their own. */
  readonly isLarge: boolean;
}

/**
 * Of the blocks that it is given one by one.
 * @param now milliseconds since 1970: what is reusable by then is free
 */
export function poolReading({ definition, space }: KnownPool, now: number) {
  const byBlock = definition.affinity === 'node';
  let held = 0;
  let addressesTaken = 0n;
  let blocksTaken = 0n;
  return {
    count({ block, state, slots }: ReadBlock): void {
      // One that is excluded by now is nobody's to claim in any case.
      if (state !== undefined && state.state !== 'free' && space.usableIn(block) > 0) blocksTaken += 1n;
      for (const [slot, { held: isHeld, reusableAt }] of slots) {
        if (isHeld) held += 1;
        if ((isHeld || reusableAt > now) && space.isUsable(block, slot)) addressesTaken += 1n;
      }
    },
    result(isLarge: boolean): PoolReading {
      const blocks = space.usableBlocks().size;
      const taken = byBlock ? blocksTaken : addressesTaken;
      const capacity = byBlock ? blocks : space.capacity - space.reserved;
      const { id, vrf, name } = definition;
      const free = byBlock ? { freeBlocks: Number(blocks - blocksTaken) } : {};
      return {
        ...{ id, vrf, name, held, use: part(taken, capacity) },
        ...{ taken: Number(taken), capacity: Number(capacity), ...free, isLarge },
      };
    },
  };
}

/** Numbers of addresses may be of 128 bits. */
const part = (taken: bigint, all: bigint): number => (all > 0n ? Math.min(1, Number(taken) / Number(all)) : 0);
