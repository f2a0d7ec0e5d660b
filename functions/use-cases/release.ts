/** DEL: released by owner, never by address alone; what is not held any more is released as well. */
import type { ReleaseRequest, ReleaseResult } from '../../core/contract/messages.ts';
import { against, allows, type SlotKey } from '../../core/lease.ts';
import { placeFrom } from '../../core/node.ts';
import { blockFromText, blockToText } from '../../core/pool-space.ts';
import { type Call, type Dependencies, knownPool } from './dependencies.ts';

/** @throws LessorError service.unavailable */
export async function release(deps: Dependencies, call: Call, request: ReleaseRequest): Promise<ReleaseResult> {
  const known = request.slot && {
    pool: request.slot.pool,
    block: blockFromText(request.slot.block),
    slot: request.slot.slot,
  };
  const released: SlotKey[] = [];
  if (known && (await releaseSlot(deps, call, request, known))) released.push(known);
  // An answer that was lost may have left the lease in another slot than the journal has.
  if (known === undefined || !request.acknowledged) {
    for (const key of await findHeld(deps, call, request)) {
      if (await releaseSlot(deps, call, request, key)) released.push(key);
    }
  }
  return { released: released.map(({ pool, block, slot }) => ({ pool, block: blockToText(block), slot })) };
}

async function releaseSlot(
  deps: Dependencies,
  { caller }: Call,
  request: ReleaseRequest,
  key: SlotKey,
): Promise<boolean> {
  const { containerId, ifname } = request.attachment;
  const pool = await knownPool(deps, key.pool);
  const cooldownMs = (pool?.definition.cooldownSeconds ?? 0) * 1000;
  return deps.store.leases.release(
    key,
    { containerId, ifname, node: caller, nonce: request.nonce },
    deps.now() + cooldownMs,
  );
}

/** Slots that the attachment holds in any block that its node has joined. */
async function findHeld(deps: Dependencies, { caller }: Call, { attachment }: ReleaseRequest): Promise<SlotKey[]> {
  const node = await deps.store.nodes.readNode(caller);
  const places = [...(node?.places ?? [])].map(placeFrom);
  const me = against({ containerId: attachment.containerId, ifname: attachment.ifname, node: caller });
  const found = await Promise.all(
    places.map(async (place) => {
      const slots = [...(await deps.store.leases.readBlock(place))];
      const mine = slots.filter(
        ([, state]) => allows('releaseByOwner', state, me) && state.holding?.attachment.network === attachment.network,
      );
      return mine.map(([slot]) => ({ ...place, slot }));
    }),
  );
  return found.flat();
}
