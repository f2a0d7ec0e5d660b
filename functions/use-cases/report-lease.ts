/** A lease that a node took from its own block while the service could not be reached: exactly that slot, or none. */
import type { ReportRequest, ReportResult } from '../../core/contract/node.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Holding, SlotKey, SlotState } from '../../core/lease.ts';
import { blockFromText } from '../../core/pool-space.ts';
import { type Call, type Dependencies, type KnownPool, knownPool } from './dependencies.ts';
import { claimantOf, isOf, ownerOf } from './own-blocks.ts';

/**
 * The container lives already, so neither quota nor state of the pool stands in the way.
 * @throws LessorError lease.lost, address.cooling, request.invalid
 */
export async function reportLease(deps: Dependencies, call: Call, request: ReportRequest): Promise<ReportResult> {
  const { attachment, nonce, generation, pod, slot: asked } = request;
  const slot: SlotKey = { pool: asked.pool, block: blockFromText(asked.block), slot: asked.slot };
  const pool = await knownPool(deps, slot.pool);
  if (pool === undefined) throw lost(`pool ${slot.pool} is no more`);
  ensureReportable(pool, slot);
  const owner = await ownerOf(deps, slot, generation);
  if (!isOf(claimantOf(call, request), owner))
    throw lost(`block ${asked.block} of pool ${pool.definition.name} is not this node's at generation ${generation}`);
  const { incarnation } = owner;
  const now = deps.now();
  const holding: Holding = { attachment, nonce, node: call.caller, incarnation, heldAt: now, ...(pod ? { pod } : {}) };
  const outcome = await deps.store.leases.hold(slot, holding, generation);
  if (outcome.held) return { incarnation };
  throw whyNot(pool, slot, generation, outcome.current);
}

/** A slot beyond its block would be passed by no fence. @throws LessorError request.invalid */
function ensureReportable({ definition, space }: KnownPool, { block, slot }: SlotKey): void {
  const { name } = definition;
  if (definition.affinity === 'shared') {
    const remedy = 'report what was leased from a block of the node';
    throw new LessorError(
      'request.invalid',
      `slot.pool: pool ${name} has shared affinity, so no node leases there without the service: ${remedy}`,
    );
  }
  const count = space.slotsIn(block);
  if (slot < count) return;
  const remedy = `give a slot below ${count}`;
  throw new LessorError(
    'request.invalid',
    `slot.slot ${slot} lies beyond block ${block.toString(16)} of pool ${name}: ${remedy}`,
  );
}

function whyNot(
  { definition, space }: KnownPool,
  { block, slot }: SlotKey,
  generation: number,
  current: SlotState | undefined,
): LessorError {
  const addresses = space.addresses(block, slot).map(({ address }) => address);
  const which = `address ${addresses.join(', ')} of pool ${definition.name}`;
  if (current?.held) {
    const { node = '?', attachment } = current.holding ?? {};
    const containerId = attachment?.containerId ?? '?';
    return lost(`${which} is held by container ${containerId} on node ${node}`, { node, containerId });
  }
  if (current === undefined || current.generation > generation) return lost(`the block of ${which} has moved on`);
  const freeAt = new Date(current.reusableAt).toISOString();
  return new LessorError('address.cooling', `${which} cools: report it again after ${freeAt}`, { freeAt });
}

const lost = (what: string, facts: Record<string, string> = {}) =>
  new LessorError('lease.lost', `${what}: delete the container and create it again`, facts);
