/** That no address can be had: which limit stands in the way, or from when on one can be had. */
import { LessorError } from '../../../core/contract/problems.ts';
import type { KnownPool } from '../memory.ts';

const remedies = {
  pool: 'is exhausted: each address is held. Delete pods, or give the network a larger pool',
  block:
    'is exhausted: each block belongs to a node. Delete pods until a node gives a block back, or give the network a larger pool',
  node: 'has no address left for this node',
} as const;

/**
 * @param coolingUntil milliseconds since 1970, or infinity
 * @param former blocks of an earlier boot, as `<pool>:<block>:<generation>`: a request that names them may take them over
 */
export function full(
  { definition, space }: KnownPool,
  coolingUntil: number,
  limit: keyof typeof remedies = 'pool',
  former: readonly string[] = [],
): LessorError {
  const { name, vrf, ranges, maxBlocksPerNode } = definition;
  const which = `Pool ${name} in VRF ${vrf} (capacity ${space.capacity}: ${JSON.stringify(ranges)})`;
  const facts = {
    pool: name,
    vrf,
    capacity: String(space.capacity),
    limit: limit === 'node' ? 'node' : 'pool',
    ...(former.length === 0 ? {} : { former }),
  };
  if (coolingUntil < Number.POSITIVE_INFINITY) {
    const freeAt = new Date(coolingUntil).toISOString();
    return new LessorError('pool.cooling', `${which} has only cooling addresses left`, {
      remedy: `the first can be had at ${freeAt}`,
      facts: { ...facts, freeAt },
    });
  }
  const reached =
    limit === 'node'
      ? `, which has as many blocks as maxBlocksPerNode ${maxBlocksPerNode} allows: delete pods of this node, or raise the pool's maxBlocksPerNode`
      : '';
  return new LessorError('pool.exhausted', `${which} ${remedies[limit]}${reached}`, { facts });
}
