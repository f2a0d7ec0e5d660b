/** The scheduled reclaim: frees, by node and nonce, the leases of nodes that were declared dead. It frees nothing else (I3). */
import { against, allows, type BlockKey } from '../../core/lease.ts';
import { type DeathRecord, type NodeState, placeFrom } from '../../core/node.ts';
import { type Dependencies, knownPool } from './dependencies.ts';

/** A request of the dead node may arrive late; so long its places are gone through again. Only a leak depends on it (I9). */
const SWEPT_AGAIN_FOR_MS = 7 * 24 * 60 * 60 * 1000;
const BLOCKS_AT_ONCE = 16;

export interface ReclaimReport {
  readonly nodes: readonly { readonly node: string; readonly incarnation: number; readonly freed: number }[];
}

/** Safe to run twice at once and to be stopped anywhere: each step is one conditional write. */
export async function reclaim(deps: Dependencies): Promise<ReclaimReport> {
  const nodes: ReclaimReport['nodes'][number][] = [];
  for (const death of await deps.store.nodes.listDeaths()) {
    const settled = death.sweptAt !== undefined && death.sweptAt - death.declaredAt > SWEPT_AGAIN_FOR_MS;
    if (settled) continue;
    const node = await confirmed(deps, death);
    if (node === undefined) continue;
    const freed = await sweepNode(deps, node, death.incarnation);
    await deps.store.nodes.recordSweep(death.node, death.incarnation, freed, deps.now());
    nodes.push({ node: death.node, incarnation: death.incarnation, freed });
  }
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

async function sweepNode(deps: Dependencies, { id, places }: NodeState, incarnation: number): Promise<number> {
  const left = [...places].map(placeFrom);
  let freed = 0;
  while (left.length > 0) {
    const blocks = left.splice(0, BLOCKS_AT_ONCE);
    const counts = await Promise.all(blocks.map((block) => sweepBlock(deps, block, id, incarnation)));
    freed += counts.reduce((sum, count) => sum + count, 0);
  }
  return freed;
}

async function sweepBlock(deps: Dependencies, block: BlockKey, node: string, incarnation: number): Promise<number> {
  const slots = await deps.store.leases.readBlock(block);
  const pool = await knownPool(deps, block.pool);
  const reusableAt = deps.now() + (pool?.definition.cooldownSeconds ?? 0) * 1000;
  const by = { node, incarnation };
  let freed = 0;
  for (const [slot, state] of slots) {
    if (!allows('sweep', state, against(by))) continue;
    if (await deps.store.leases.sweep({ ...block, slot }, by, reusableAt)) freed += 1;
  }
  return freed;
}
