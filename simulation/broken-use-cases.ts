/** Use cases as they must not be: each takes one decision as the service did not, or has never done. */
import type { AllocateRequest, ReleaseRequest } from '../core/contract/lease.ts';
import type { Ending } from '../core/protocol/lease.ts';
import { blockKeyFromText, slotFromWire } from '../core/protocol/slot-ref.ts';
import type { Store } from '../core/store.ts';
import { allocate } from '../functions/use-cases/add/allocate.ts';
import type { Call, Dependencies } from '../functions/use-cases/dependencies.ts';
import { findHeld } from '../functions/use-cases/leases/find-held.ts';
import { emptyMemory } from '../functions/use-cases/memory.ts';
import { declareDeath } from '../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../functions/use-cases/reclaim/reclaim.ts';
import { callOf } from '../test/functions/world.ts';

const MINUTE_MS = 60_000;
const MOST_NODES = 12;
const nodeIds = Array.from({ length: MOST_NODES }, (_, index) => `i-${index + 1}`);

const endingNow = ({ now }: Pick<Dependencies, 'now'>): Ending => ({ endedAt: now(), reusableAt: now() });

/** How a pool is given out is not looked up: who proposes nothing is given any slot, whosever the block is. */
export async function givesAnySlot(deps: Dependencies, call: Call, request: AllocateRequest) {
  if (request.proposal !== undefined) return allocate(deps, call, request);
  const { pools } = deps.store;
  const readPool: Store['pools']['readPool'] = async (id) => {
    const state = await pools.readPool(id);
    return state && { ...state, definition: { ...state.definition, affinity: 'shared' } };
  };
  const store = { ...deps.store, pools: { ...pools, readPool } };
  return allocate({ ...deps, memory: emptyMemory(), store }, call, request);
}

/** The container is meant, whichever of its leases the request was about. */
export async function releasesByContainer(deps: Dependencies, call: Call, { attachment }: ReleaseRequest) {
  const { containerId, ifname } = attachment;
  for (const { key, nonce } of await findHeld(deps, call, attachment))
    await deps.store.leases.release(key, { containerId, ifname, node: call.caller, nonce }, endingNow(deps));
  return { released: [] };
}

/** It frees what its owner's namesakes have. */
export async function releasesByPodName({ store, now }: Dependencies, { caller }: Call, { slot }: ReleaseRequest) {
  const pod = slot && (await store.leases.readSlot(slotFromWire(slot)))?.holding?.pod;
  const node = await store.nodes.readNode(caller);
  for (const block of [...(node?.joinedBlocks ?? [])].map(blockKeyFromText))
    for (const [index, { held, holding }] of await store.leases.readBlock(block)) {
      const isNamesake = held && pod !== undefined && holding?.pod?.name === pod.name;
      if (!isNamesake || holding.pod?.namespace !== pod.namespace) continue;
      const { attachment, nonce, node: its } = holding;
      await store.leases.release({ ...block, slot: index }, { ...attachment, nonce, node: its }, endingNow({ now }));
    }
  return { released: [] };
}

/** Whatever the node holds, whenever it leased it. */
export const sweepsAnyLife: typeof reclaim = async (deps, call) => {
  const { nodes, leases } = deps.store;
  const { deaths } = await nodes.listDeaths({ limit: 100 });
  for (const { node: id, sweptAt } of deaths) {
    if (sweptAt !== undefined) continue;
    for (const key of [...((await nodes.readNode(id))?.joinedBlocks ?? [])].map(blockKeyFromText))
      for (const slot of (await leases.readBlock(key)).keys())
        await leases.sweep({ ...key, slot }, { node: id, incarnation: Number.MAX_SAFE_INTEGER }, endingNow(deps));
  }
  return reclaim(deps, call);
};

/** After ten minutes nothing can be on its way any more: the slots that are free are not passed. */
export const freesAfterAWhile: typeof reclaim = async (deps) => {
  const { nodes, blocks, leases } = deps.store;
  const { deaths } = await nodes.listDeaths({ limit: 100 });
  for (const { node: id, incarnation, declaredAt } of deaths) {
    const node = await nodes.readNode(id);
    if (node === undefined || deps.now() - declaredAt < 10 * MINUTE_MS) continue;
    for (const key of [...node.joinedBlocks].map(blockKeyFromText)) {
      const block = await blocks.read(key);
      if (block?.owner?.node !== id || block.owner.incarnation > incarnation || block.state !== 'claimed') continue;
      const generation = block.generation + 1;
      if (!(await blocks.fence(key, block.generation, true))) continue;
      for (const [slot, { held }] of await leases.readBlock(key))
        if (held) await leases.evict({ ...key, slot }, generation, endingNow(deps));
      await blocks.finish(key, generation);
    }
  }
  return { nodes: [], waiting: 0 };
};

/** Who says nothing is declared dead. */
export const freesSilentNodes: typeof reclaim = async (deps, call) => {
  for (const id of nodeIds) {
    const { heartbeatAt } = (await deps.store.nodes.readHeartbeat(id)) ?? {};
    if (heartbeatAt === undefined || deps.now() - heartbeatAt < 20 * MINUTE_MS) continue;
    await declareDeath(deps, callOf('clock'), { node: id, reason: 'silent for 20 minutes', alsoIfAlive: true });
  }
  return reclaim(deps, call);
};
