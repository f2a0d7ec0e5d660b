/**
 * That a node may lease in a block, or claim it: the block is in the node's item before the node's first lease there, and
 * before its claim, so that what a dead node had is found without searching the pool.
 */
import { LessorError } from '../../../core/contract/problems.ts';
import { BLOCKS_A_STRETCH, stretchOf } from '../../../core/protocol/block.ts';
import { bootsAfter, type NodeState, type Whereabouts } from '../../../core/protocol/node.ts';
import { blockKeyToText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import type { KnownPool, Member } from '../memory.ts';

const ATTEMPTS = 4;

export const unknownNode = (id: string): LessorError =>
  new LessorError('node.unknown', `Node ${id} never leased an address here`, {
    remedy: 'give its id as a lease shows it',
  });

export interface Joined extends Member {
  /** Blocks, as `blockKeyToText`, that the node had joined before this write. */
  readonly before: ReadonlySet<string>;
}

/**
 * The node's life and the blocks that it has joined, `block` of a shared pool among them.
 * @param incarnation the life that the node was told in this boot, or the one after a life that is over; with it and a warm memory, no
 * request is made
 * @throws LessorError service.busy
 */
export async function member(
  deps: Dependencies,
  call: Call,
  pool: KnownPool,
  block: bigint,
  { incarnation, boot }: { incarnation: number | undefined; boot: string },
): Promise<Member> {
  const { caller } = call;
  const textOf = (one: bigint) => blockKeyToText({ pool: pool.definition.id, block: one });
  const needed = textOf(block);
  const belongs = (node: Member | undefined) => node?.incarnation === incarnation && node?.joinedBlocks.has(needed);
  const known = deps.memory.nodes.get(caller, deps.now());
  if (known && belongs(known)) return known;
  // What is remembered of the node is young: another environment has hardly joined the block since.
  if (incarnation !== undefined && known?.incarnation !== incarnation) {
    const stored = await deps.store.nodes.readNode(caller);
    // A late request of an earlier boot may have begun the life that this one waits for.
    if (stored?.alive && stored.boot === boot && belongs(stored)) return remembered(deps, stored);
  }
  await noteJoined(deps, pool, stretchOf(block));
  return join(deps, call, neighboursOf(pool, block).map(textOf), boot);
}

/** Before anybody joins it: a stretch that is not noted holds nothing, and need not be read. */
export async function noteJoined(
  { store, memory, now }: Dependencies,
  pool: KnownPool,
  stretch: bigint,
): Promise<void> {
  const { id } = pool.definition;
  const key = blockKeyToText({ pool: id, block: stretch });
  if (pool.joinsNoted !== true || memory.joinedStretches.get(key, now())) return;
  await store.pools.noteJoined(id, stretch);
  memory.joinedStretches.set(key, true, now());
}

/** The block, and those around it that are open and not wholly excluded. */
function neighboursOf({ space, open }: KnownPool, block: bigint): bigint[] {
  const first = stretchOf(block) * BLOCKS_A_STRETCH;
  const end = first + BLOCKS_A_STRETCH < open ? first + BLOCKS_A_STRETCH : open;
  const leasable = space.leasableBlocks();
  const neighbours: bigint[] = [];
  for (let number = leasable.countBelow(first); number < leasable.countBelow(end); number += 1n)
    neighbours.push(leasable.at(number));
  return neighbours.includes(block) ? neighbours : [block, ...neighbours];
}

/**
 * The node's life and the blocks that it has joined, `joinedBlocks` among them: one write, and more where a life begins.
 * @throws LessorError service.busy
 */
export async function join(
  deps: Dependencies,
  call: Pick<Call, 'caller' | 'account' | 'cluster'>,
  joinedBlocks: readonly string[],
  boot: string,
): Promise<Joined> {
  const { caller } = call;
  let isListed = false;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { joined, node, before } = await deps.store.nodes.join(caller, joinedBlocks, boot, deps.now(), isListed);
    if (joined) return { ...remembered(deps, node), before };
    // Before its life begins, and so before it can hold a lease: what it leaves behind is found although it never says that it is up.
    await deps.store.nodes.noteListed(
      caller,
      { incarnation: node.incarnation + 1, ...whereaboutsOf(call) },
      deps.now(),
    );
    isListed = true;
    if (node.incarnation === 0) continue;
    // Another boot, or it was declared dead and is here again: its next life begins. What is still under way against the
    // last one, a declaration as well as a sweep, can free nothing of this one.
    // What an earlier life of the same boot leased may still run: it was declared dead wrongly.
    await deps.store.nodes.beginLife(caller, node.incarnation, bootsAfter(node, boot), deps.now());
  }
  throw new LessorError('service.busy', `Node ${caller} begins one life after the other`, { remedy: 'try again' });
}

export const whereaboutsOf = ({ account, cluster }: Pick<Call, 'account' | 'cluster'>): Whereabouts => ({
  ...(account === undefined ? {} : { account }),
  ...(cluster === undefined ? {} : { cluster }),
});

function remembered(deps: Dependencies, { id, incarnation, joinedBlocks }: NodeState): Member {
  const member = { incarnation, joinedBlocks };
  deps.memory.nodes.set(id, member, deps.now());
  return member;
}
