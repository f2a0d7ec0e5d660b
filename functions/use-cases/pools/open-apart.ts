/**
 * Blocks that are opened apart, each for an address that somebody asks for. A pool has a bounded number of them for good, so what one
 * namespace may open is bounded by what it leaves to others.
 */
import { scatter } from '../../../core/addresses/scatter.ts';
import { most } from '../../../core/contract/limits.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { ApartShare } from '../../../core/pools/apart-share.ts';
import type { PoolState } from '../../../core/store.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshPool, remember } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { isOpen } from './open-blocks.ts';

/** Counts of all namespaces would not fit into the pool's item: two of one part, which differs from pool to pool, share theirs. */
export const PARTS = 512;
/** Looks, where others open blocks at the same moment. */
const TRIES = 4;

/** Who asks for an address: `''` where the pod is not known. */
export const partOf = ({ definition: { id } }: Pick<PoolState, 'definition'>, namespace: string): string =>
  (scatter(`${id} ${namespace}`) % PARTS).toString(36);

/** How many more may be opened in all, and of these for pods of that namespace: as many as it leaves to others. */
export function apartLeft(pool: Pick<PoolState, 'definition' | 'openApart' | 'openedFor'>, namespace: string) {
  const all = Math.max(0, most.blocksApart - (pool.openApart?.length ?? 0));
  const own = pool.openedFor?.get(partOf(pool, namespace)) ?? 0;
  return { all, ofNamespace: Math.max(0, Math.floor((all - own) / 2)) };
}

/**
 * The pool with `block` open, wherever it lies, for an address of it that somebody asks for: what lies before it stays as it
 * is. As it is otherwise, where that may not be: it is not active, or has as many blocks apart as it may have.
 * @param namespace whose pod asks for it; left out where it is no pod's wish
 * @throws LessorError service.busy
 */
export async function withOpen(
  deps: Dependencies,
  pool: KnownPool,
  block: bigint,
  namespace?: string,
): Promise<KnownPool> {
  if (isOpen(pool, block)) return pool;
  const { id } = pool.definition;
  let fresh = (await freshPool(deps, id)) ?? pool;
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (isOpen(fresh, block) || fresh.state !== 'active') return fresh;
    const bounds = boundsOf(fresh, namespace);
    if (bounds === undefined) return fresh;
    if (await deps.store.pools.openApart(id, block, bounds.most, bounds.by))
      return remember(deps, opened(fresh, block, bounds.by));
    fresh = (await freshPool(deps, id)) ?? fresh;
  }
  throw new LessorError('service.busy', `Others open blocks of pool ${pool.definition.name} all the time`, {
    remedy: 'try again',
  });
}

/**
 * What is left is shared between both bounds, so that many who read the same may open one each. Together they come to no more than
 * may be: of what one namespace opened there is at most as much as is left.
 */
function boundsOf(pool: KnownPool, namespace: string | undefined): { most: number; by?: ApartShare } | undefined {
  const { all, ofNamespace } = apartLeft(pool, namespace ?? '');
  if (namespace === undefined) return all === 0 ? undefined : { most: most.blocksApart };
  if (ofNamespace === 0) return undefined;
  const part = partOf(pool, namespace);
  const share = (pool.openedFor?.get(part) ?? 0) + ofNamespace;
  return { most: most.blocksApart - share, by: { part, most: share } };
}

function opened(pool: KnownPool, block: bigint, by: ApartShare | undefined): PoolState {
  const { openApart = [], openedFor = new Map<string, number>() } = pool;
  const counted = by && { openedFor: new Map([...openedFor, [by.part, (openedFor.get(by.part) ?? 0) + 1]]) };
  return { ...pool, openApart: [...openApart, block].sort((a, b) => (a < b ? -1 : 1)), ...counted };
}
