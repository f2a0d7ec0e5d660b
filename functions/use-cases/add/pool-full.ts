/** That no address can be had: which limit stands in the way, or from when on one can be had. */
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { KnownPool } from '../memory.ts';
import { poolText } from '../pools/pool-text.ts';

/** What follows the pool's name, and the remedy. */
type Limit = (definition: PoolDefinition) => readonly [string, string];

const limits = {
  pool: () => ['is exhausted', 'delete pods, or add ranges to the pool'],
  block: () => [
    'is exhausted: each block belongs to a node',
    'delete pods until a node gives a block back, or add ranges to the pool',
  ],
  node: ({ maxBlocksPerNode }) => [
    `has no address left for this node, whose blocks are as many as maxBlocksPerNode ${maxBlocksPerNode} allows`,
    "delete pods of this node, or raise the pool's maxBlocksPerNode",
  ],
} satisfies Record<string, Limit>;

/**
 * @param coolingUntil milliseconds since 1970, or infinity
 * @param former blocks of an earlier boot, as `<pool>:<block>:<generation>`: a request that names them may take them over
 */
export function full(
  { definition, space }: KnownPool,
  coolingUntil: number,
  limit: keyof typeof limits = 'pool',
  former: readonly string[] = [],
): LessorError {
  const { name, vrf } = definition;
  const facts = {
    pool: name,
    vrf,
    capacity: String(space.capacity),
    limit: limit === 'node' ? 'node' : 'pool',
    // That others have room in their blocks helps no one else. Of a pool of some namespaces it says nothing about other pods.
    ...(definition.affinity === 'node' && definition.namespaces.length === 0 ? { affinity: definition.affinity } : {}),
    ...(former.length === 0 ? {} : { former }),
  };
  if (coolingUntil < Number.POSITIVE_INFINITY) {
    const freeAt = new Date(coolingUntil).toISOString();
    return new LessorError('pool.cooling', `${poolText(definition)} has only cooling addresses left`, {
      remedy: `the first can be had at ${freeAt}`,
      facts: { ...facts, freeAt },
    });
  }
  const [what, remedy] = limits[limit](definition);
  return new LessorError('pool.exhausted', `${poolText(definition)} ${what}`, { remedy, facts });
}
