/**
 * The states of the pools from which a network's addresses came, and which of them the next ADD is likely to be given:
 *
 *     pools/<pool id>.json   the state of one pool
 *     choices.json           for one wish, the pool that the service chose last, by namespace where that matters
 *
 * So pods of two namespaces that get different pools propose slots in turn, and neither's state displaces the other's. A
 * wrong guess is a proposal in vain: the service overlooks one of a pool that it does not choose.
 */
import type { FormerBlock } from '../core/contract/messages.ts';
import { isObject, parseJson } from './fields.ts';
import { type Files, replaceFile } from './files.ts';
import { type Circumstances, formerBlocks, type NodeState, readNodeState } from './node-state.ts';
import type { PoolWish } from './pool-wish.ts';

/** Who asks, as far as the choice of the pool depends on it. */
export interface Asking {
  readonly wish: PoolWish;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string | undefined;
}

export interface PoolStates {
  /** Of the pool that was chosen last for such a pod; undefined where nothing is known of it in this boot. */
  likely(): NodeState | undefined;
  of(pool: string): NodeState | undefined;
  /** Blocks of an earlier boot in the likely pool, which the service may let this one take over. */
  former(): readonly FormerBlock[];
  write(state: NodeState): void;
  /** Notes which pool the service chose. */
  chosen(pool: string): void;
}

/** Namespaces that are remembered: what is forgotten costs one request without a proposal. */
const MOST_NAMESPACES = 256;
const POOL_ID = /^[0-9a-f]{16}$/;

/** `drafts`: a directory that somebody sweeps. */
export function openPoolStates(
  files: Files,
  { directory, drafts, circumstances }: { directory: string; drafts: string; circumstances: Circumstances },
  { wish, labels, namespace }: Asking,
): PoolStates {
  const stateFile = (pool: string) => `${directory}/pools/${pool}.json`;
  const choicesFile = `${directory}/choices.json`;
  const serviceChooses = wish.ranges === undefined && wish.names?.length === 0;
  const text = JSON.stringify(serviceChooses ? { wish, labels } : { wish });
  const key = serviceChooses ? (namespace ?? '') : '';

  /** Pool ids by namespace, the one noted last at the end; none for another wish. */
  function choices(): ReadonlyMap<string, string> {
    const read = parseJson(files.read(choicesFile) ?? '');
    if (!isObject(read) || read.wish !== text || !Array.isArray(read.pools)) return new Map();
    const pairs = read.pools.filter((pair) => Array.isArray(pair) && POOL_ID.test(String(pair[1])));
    return new Map(pairs as [string, string][]);
  }
  const likelyPool = () => choices().get(key);
  const of = (pool: string) => readNodeState(files, stateFile(pool), circumstances);

  return {
    of,
    likely() {
      const pool = likelyPool();
      return pool === undefined ? undefined : of(pool);
    },
    former() {
      const pool = likelyPool();
      if (pool === undefined) return [];
      return formerBlocks(files, stateFile(pool), circumstances).map((block) => ({ ...block, pool }));
    },
    write: (state) => replaceFile(files, stateFile(state.pool.id), JSON.stringify(state), drafts),
    chosen(pool) {
      const known = choices();
      if (known.get(key) === pool) return;
      const others = [...known].filter(([other]) => other !== key).slice(1 - MOST_NAMESPACES);
      replaceFile(files, choicesFile, JSON.stringify({ wish: text, pools: [...others, [key, pool]] }), drafts);
    },
  };
}
