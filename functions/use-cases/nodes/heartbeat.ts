/** That a node is up, said by itself: shown to people, never evidence of anything. */
import type { HeartbeatRequest, HeartbeatResult, NodeView } from '../../../core/contract/nodes.ts';
import { type BlockKey, blockKeyFromText, blockToText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { unknownNode, whereaboutsOf } from './membership.ts';

/**
 * Makes no node and begins no life: a node that never leased anything has nothing to lose. Whether the life is over is read from the
 * node itself; what it says goes into the list, which an earlier version did not have: a node comes to be listed by it.
 */
export async function heartbeat(
  { store, now }: Dependencies,
  call: Call,
  { boot, name, version, region }: HeartbeatRequest,
): Promise<HeartbeatResult> {
  const { caller } = call;
  const node = await store.nodes.readNode(caller);
  if (node === undefined || node.boot !== boot) return { node: caller, declaredDead: false };
  const { incarnation, alive } = node;
  if (!alive) return { node: caller, declaredDead: true, incarnation };
  await store.nodes.noteHeartbeat(caller, {
    ...{ incarnation, heartbeatAt: now() },
    ...whereaboutsOf(call),
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(region === undefined ? {} : { region }),
  });
  return { node: caller, declaredDead: false };
}

/** @throws LessorError node.unknown */
export async function readNode({ store }: Dependencies, id: string): Promise<NodeView> {
  const [node, said] = await Promise.all([store.nodes.readNode(id), store.nodes.readHeartbeat(id)]);
  if (node === undefined) throw unknownNode(id);
  const { alive, incarnation, boot, joinedBlocks } = node;
  const { heartbeatAt, name, version } = said ?? {};
  return {
    node: id,
    alive,
    incarnation,
    boot,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(heartbeatAt === undefined ? {} : { heartbeatAt: new Date(heartbeatAt).toISOString() }),
    blocks: [...joinedBlocks]
      .map(blockKeyFromText)
      .sort(byPoolAndBlock)
      .map(({ pool, block }) => ({ pool, block: blockToText(block) })),
  };
}

const byPoolAndBlock = (a: BlockKey, b: BlockKey): number =>
  a.pool === b.pool ? Number(a.block > b.block) - Number(a.block < b.block) : a.pool < b.pool ? -1 : 1;
