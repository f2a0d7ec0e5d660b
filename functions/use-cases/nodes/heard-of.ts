/** When a node was last heard of: by what it said, by the blocks that it joined, and by the leases that it has. */
import { LessorError } from '../../../core/contract/problems.ts';
import type { NodeState } from '../../../core/protocol/node.ts';
import { blockKeyFromText } from '../../../core/protocol/slot-ref.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { whileTime } from '../in-flight.ts';

/** Agents say that they are up every ten minutes: a node that is silent for longer may be gone. */
export const LATELY_MS = 15 * 60_000;
/** What remains of the request's time must suffice for what is under way, and for what follows. */
const RESERVE_MS = 2_500;

/** Milliseconds since 1970; undefined where nothing is known. What it leased is only looked at where `since` tells nothing later. */
export async function heardOf(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  node: NodeState,
  since: number,
): Promise<number | undefined> {
  const { heartbeatAt = 0 } = (await deps.store.nodes.readHeartbeat(node.id)) ?? {};
  if (heartbeatAt > since) return heartbeatAt;
  const keys = [...node.joinedBlocks].map(blockKeyFromText);
  const leased = await whileTime(call, RESERVE_MS, keys, async (key) => {
    const slots = [...(await deps.store.leases.readBlock(key)).values()];
    const own = slots.filter(({ held, holding }) => held && holding?.node === node.id);
    return Math.max(0, ...own.map(({ holding }) => holding?.heldAt ?? 0));
  });
  if (leased.length < keys.length)
    throw new LessorError('service.busy', `Node ${node.id} has more blocks than could be looked into in time`, {
      remedy: 'try again, or declare it with alsoIfAlive: true, for which nothing is looked at',
    });
  const last = Math.max(heartbeatAt, ...leased);
  return last === 0 ? undefined : last;
}

export const isLately = ({ now }: Dependencies, at: number): boolean => at > now() - LATELY_MS;

/** When the node was heard of, where that is so short a while ago that its death is doubtful. */
export async function heardOfLately(
  deps: Dependencies,
  call: Pick<Call, 'remainingMs'>,
  node: NodeState,
): Promise<number | undefined> {
  const last = await heardOf(deps, call, node, deps.now() - LATELY_MS);
  return last !== undefined && isLately(deps, last) ? last : undefined;
}

export const stillAlive = (id: string, at: number): LessorError =>
  new LessorError('node.alive', `Node ${id} was heard of at ${new Date(at).toISOString()}`, {
    remedy:
      'make certain that nothing of it runs any more: if so, declare it with alsoIfAlive: true, or wait until it was silent for 15 minutes',
    facts: { heardOfAt: new Date(at).toISOString() },
  });
