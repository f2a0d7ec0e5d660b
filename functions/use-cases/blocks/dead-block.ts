/** What of a block belongs to a life that is over: what the reclaim frees of it, and what a dry run of a declaration tells. */
import type { BlockState } from '../../../core/protocol/block.ts';
import { against, allows, type SlotState } from '../../../core/protocol/lease.ts';
import type { BlockKey } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import { knownPool } from '../known-pools.ts';

export interface Life {
  readonly node: string;
  readonly incarnation: number;
}

export type DeadShare =
  /** The block is the node's own, and is taken back with all that is held in it. */
  | { readonly kind: 'block'; readonly block: BlockState }
  /** Leases in a block that is not: they are freed one by one. */
  | { readonly kind: 'leases'; readonly slots: readonly number[] };

/** Reads each pool once, before many blocks of it ask for it at the same moment. */
export async function knowPoolsOf(deps: Dependencies, keys: readonly BlockKey[]): Promise<void> {
  for (const pool of new Set(keys.map((key) => key.pool))) await knownPool(deps, pool);
}

export async function deadShareOf(deps: Dependencies, key: BlockKey, life: Life): Promise<DeadShare> {
  const pool = await knownPool(deps, key.pool);
  if (pool?.definition.affinity === 'node') {
    const block = await deps.store.blocks.read(key);
    if (block?.owner?.node !== life.node) return { kind: 'leases', slots: [] };
    // Else it took its block over in a later life: what the earlier one leased there is freed lease by lease.
    if (block.owner.incarnation <= life.incarnation) return { kind: 'block', block };
  }
  const isSwept = ([, state]: [number, SlotState]) => allows('sweep', state, against(life));
  const slots = [...(await deps.store.leases.readBlock(key))].filter(isSwept).map(([slot]) => slot);
  return { kind: 'leases', slots };
}
