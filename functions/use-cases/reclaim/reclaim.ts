/**
 * The scheduled reclaim: frees, by node and life, the leases of nodes that were declared dead, and takes back the blocks that
 * belong to them. It frees nothing else (I2, I3).
 */
import pMap from 'p-map';
import { against, allows } from '../../../core/protocol/lease.ts';
import type { DeathRecord, NodeState } from '../../../core/protocol/node.ts';
import { type BlockKey, blockKeyFromText } from '../../../core/protocol/slot-ref.ts';
import { fenceBlock, resumeFence } from '../blocks/fence-block.ts';
import type { Dependencies } from '../dependencies.ts';
import { knownPool, reusableAfter } from '../known-pools.ts';

/** A request of the dead node may arrive late; so long its blocks are gone through again. Only a leak depends on it (I9). */
const SWEPT_AGAIN_FOR_MS = 7 * 24 * 60 * 60 * 1000;
const BLOCKS_AT_ONCE = 16;

export interface ReclaimReport {
  readonly nodes: readonly { readonly node: string; readonly incarnation: number; readonly freed: number }[];
}

/** Safe to run twice at once and to be stopped anywhere: each step is one conditional write. */
export async function reclaim(deps: Dependencies): Promise<ReclaimReport> {
  const nodes: ReclaimReport['nodes'][number][] = [];
  const failed: unknown[] = [];
  for (const death of await deps.store.nodes.listDeaths()) {
    const isOver = death.sweptAt !== undefined && death.sweptAt - death.declaredAt > SWEPT_AGAIN_FOR_MS;
    if (isOver) continue;
    try {
      const node = await confirmed(deps, death);
      if (node === undefined) continue;
      const freed = await sweepNode(deps, node, death.incarnation);
      await deps.store.nodes.recordSweep(death.node, death.incarnation, freed, deps.now());
      nodes.push({ node: death.node, incarnation: death.incarnation, freed });
    } catch (error) {
      failed.push(error);
    }
  }
  // One node that cannot be reclaimed keeps no other waiting; the schedule's failure is seen, and the next run tries again.
  if (failed.length > 0) throw failed[0];
  return { nodes };
}

/**
 * The node, if the life that the record names is over. A declaration that was interrupted after its record is no
 * evidence: the node may have started again since, in that same life.
 */
async function confirmed(deps: Dependencies, { node: id, incarnation }: DeathRecord): Promise<NodeState | undefined> {
  const node = await deps.store.nodes.readNode(id);
  const over = node && (node.incarnation > incarnation || (node.incarnation === incarnation && !node.alive));
  return over ? node : undefined;
}

async function sweepNode(deps: Dependencies, { id, joinedBlocks }: NodeState, incarnation: number): Promise<number> {
  const each = (joined: string) => reclaimBlock(deps, blockKeyFromText(joined), id, incarnation);
  const counts = await pMap(joinedBlocks, each, { concurrency: BLOCKS_AT_ONCE });
  return counts.reduce((sum, count) => sum + count, 0);
}

async function reclaimBlock(deps: Dependencies, key: BlockKey, node: string, incarnation: number): Promise<number> {
  const pool = await knownPool(deps, key.pool);
  if (pool?.definition.affinity !== 'node') return sweepBlock(deps, key, node, incarnation);
  const block = await deps.store.blocks.read(key);
  if (block?.owner?.node !== node) return 0;
  // It took its block over in a later life: what the earlier one leased there is freed lease by lease.
  if (block.owner.incarnation > incarnation) return sweepBlock(deps, key, node, incarnation);
  const { generation } = block;
  const { outcome, freed } =
    block.state === 'releasing'
      ? await resumeFence(deps, key, block)
      : await fenceBlock(deps, key, { generation, forced: true });
  // The node had begun to give it back, and a lease was held: only now it is known that nothing of that life runs any more.
  return outcome === 'kept' ? freed + (await reclaimBlock(deps, key, node, incarnation)) : freed;
}

async function sweepBlock(deps: Dependencies, block: BlockKey, node: string, incarnation: number): Promise<number> {
  const slots = await deps.store.leases.readBlock(block);
  const pool = await knownPool(deps, block.pool);
  const reusableAt = reusableAfter(deps, pool);
  const by = { node, incarnation };
  let freed = 0;
  for (const [slot, state] of slots) {
    if (!allows('sweep', state, against(by))) continue;
    if (await deps.store.leases.sweep({ ...block, slot }, by, reusableAt)) freed += 1;
  }
  return freed;
}
