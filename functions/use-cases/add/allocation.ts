/** What one ADD works with, once its pool is known, and what it is answered. */

import type { AllocateRequest, AllocateResult } from '../../../core/contract/lease.ts';
import { most } from '../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import type { Holding } from '../../../core/protocol/lease.ts';
import {
  blockKeyFromText,
  blockKeyToText,
  blockToText,
  type SlotKey,
  slotFromWire,
  slotToWire,
} from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { leasingOf } from '../pools/leasing.ts';
import { isApart, isOpen } from '../pools/open-blocks.ts';

/** What the node is told of its life and its blocks of the pool. */
export type NodeBlocks = Pick<AllocateResult, 'incarnation' | 'blocks' | 'former'>;

export interface Allocation {
  readonly deps: Dependencies;
  readonly call: Call;
  readonly request: AllocateRequest;
  /** Replaced where more of it is opened on the way. */
  pool: KnownPool;
  /** Slots that are held or cooling, by block, as far as blocks were read. */
  readonly taken: Map<bigint, number[]>;
  /** Blocks that were read, and have no free slot. */
  readonly full: Set<bigint>;
  /** The node's life in which a slot of this block would be held. */
  readonly incarnationIn: (block: bigint) => Promise<number>;
  /**
   * Tries to hold a slot; true if it is this attachment's now.
   * @param isOwn it is already, so that no quota stands in the way
   * @throws LessorError pool.quota
   */
  readonly hold: (key: SlotKey, isOwn?: boolean) => Promise<boolean>;
  /** Before several slots are held: a quota that has not room for all of them leaves none behind. @throws LessorError pool.quota */
  readonly ensureQuota: (slots: number) => Promise<void>;
  readonly nodeBlocks: () => NodeBlocks;
}

export function holdingOf({ caller }: Call, request: AllocateRequest, incarnation: number, now: number): Holding {
  const { attachment, nonce, pod, identity } = request;
  const of = { ...(pod ? { pod } : {}), ...(identity === undefined ? {} : { identity }) };
  return { attachment, nonce, node: caller, incarnation, heldAt: now, ...of };
}

/** The blocks of `pool` that are among those that a node has joined; not those apart: there no slot is proposed or searched. */
export function joinedIn(pool: KnownPool, joinedBlocks: ReadonlySet<string>): bigint[] {
  const ofPool = blockKeyToText({ pool: pool.definition.id, block: 0n }).slice(0, -1);
  const mine = [...joinedBlocks].filter((text) => text.startsWith(ofPool)).map((text) => blockKeyFromText(text).block);
  return mine.filter((block) => block < pool.space.blocks && !isApart(pool, block));
}

/** A proposal of another pool, or of a slot that cannot be handed out, is a mistake of the node's and no more than a hint lost. */
export function usableProposal({ proposal }: AllocateRequest, pool: KnownPool): SlotKey | undefined {
  if (proposal?.pool !== pool.definition.id) return undefined;
  const key = slotFromWire(proposal);
  return isOpen(pool, key.block) && pool.space.isUsable(key.block, key.slot) ? key : undefined;
}

/**
 * A node needs to know where the pool's addresses are and which it need not propose. Quotas and reservations are the service's
 * to look at, and may be as long as a pool can be; what is reserved is told as excluded, as far as there is room.
 */
export function toldToNodes(pool: KnownPool, { cluster }: Call): PoolDefinition {
  const { definition } = pool;
  const { exclude, reservations } = definition;
  const withheld = [...exclude, ...reservations.flatMap(({ addresses }) => addresses)];
  const told = { exclude: withheld.slice(0, most.exclusions), reservations: [], quotas: {} };
  return { ...definition, ...told, leasing: leasingOf(pool, cluster) };
}

/** What an attachment gets where single addresses of its are another slot's than the others. */
export interface SlotsTogether {
  /** Held now. The first is whole. */
  readonly slots: readonly [SlotKey, ...SlotKey[]];
  /** One of each range set. */
  readonly addresses: AllocateResult['addresses'];
}

/** One address of a slot: that of range set `set`. */
export interface AddressOfSlot {
  readonly key: SlotKey;
  readonly set: number;
}

/** Of each set the address that is `chosen`, and where none is that of the whole slot. */
export function together(
  { definition, space }: KnownPool,
  whole: SlotKey,
  chosen: readonly AddressOfSlot[],
): SlotsTogether {
  const addresses = definition.ranges.flatMap((_, set) => {
    const { block, slot } = chosen.find((one) => one.set === set)?.key ?? whole;
    return space.addressOf(set, block, slot) ?? [];
  });
  const further = chosen.map(({ key }) => key).filter((key) => !sameSlot(key, whole));
  return { slots: [whole, ...distinct(further)], addresses };
}

const sameSlot = (a: SlotKey, b: SlotKey): boolean => a.pool === b.pool && a.block === b.block && a.slot === b.slot;

export const distinct = (keys: readonly SlotKey[]): SlotKey[] =>
  keys.filter((key, index) => keys.findIndex((other) => sameSlot(key, other)) === index);

export function answer(
  { call, pool, taken, full, nodeBlocks }: Pick<Allocation, 'call' | 'pool' | 'taken' | 'full' | 'nodeBlocks'>,
  key: SlotKey,
): AllocateResult {
  const { space } = pool;
  const { incarnation, blocks, former } = nodeBlocks();
  return {
    slot: slotToWire(key),
    addresses: space.addresses(key.block, key.slot),
    node: call.caller,
    incarnation,
    blocks,
    pool: toldToNodes(pool, call),
    ...(former === undefined ? {} : { former }),
    ...(taken.size === 0 ? {} : { taken: [...taken].map(([block, slots]) => ({ block: blockToText(block), slots })) }),
    ...(full.size === 0 ? {} : { full: [...full].slice(0, most.fullBlocks).map(blockToText) }),
  };
}
