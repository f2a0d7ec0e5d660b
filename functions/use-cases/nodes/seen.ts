/** That a node is up, said by itself: shown to people, never evidence of anything. */
import type { NodeView, SeenRequest, SeenResult } from '../../../core/contract/nodes.ts';
import { blockToText } from '../../../core/pools/pool-space.ts';
import type { BlockKey } from '../../../core/protocol/lease.ts';
import { placeFrom } from '../../../core/protocol/node.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { unknownNode } from './membership.ts';

/** Makes no node and begins no life: a node that never leased anything has nothing to lose. */
export async function seen(
  { store, now }: Dependencies,
  { caller }: Call,
  { boot, name, version }: SeenRequest,
): Promise<SeenResult> {
  const news = {
    seenAt: now(),
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
  };
  if (await store.nodes.noteSeen(caller, boot, news)) return { declaredDead: false };
  const node = await store.nodes.readNode(caller);
  if (node === undefined || node.boot !== boot) return { declaredDead: false };
  return node.alive ? { declaredDead: false } : { declaredDead: true, incarnation: node.incarnation };
}

/** @throws LessorError node.unknown */
export async function readNode({ store }: Dependencies, id: string): Promise<NodeView> {
  const [node, news] = await Promise.all([store.nodes.readNode(id), store.nodes.readNews(id)]);
  if (node === undefined) throw unknownNode(id);
  const { alive, incarnation, boot, places } = node;
  const { seenAt, name, version } = news ?? {};
  return {
    node: id,
    alive,
    incarnation,
    boot,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(seenAt === undefined ? {} : { seenAt: new Date(seenAt).toISOString() }),
    blocks: [...places]
      .map(placeFrom)
      .sort(byPoolAndBlock)
      .map(({ pool, block }) => ({ pool, block: blockToText(block) })),
  };
}

const byPoolAndBlock = (a: BlockKey, b: BlockKey): number =>
  a.pool === b.pool ? Number(a.block > b.block) - Number(a.block < b.block) : a.pool < b.pool ? -1 : 1;
