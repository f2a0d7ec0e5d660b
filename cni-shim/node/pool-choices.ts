/**
 * From which pool the next ADD is likely to be given its address: the journal has, for one request of a network, the pool that the service chose last, by namespace where that matters.
 *
 * So pods of two namespaces that get different pools propose slots in turn. A wrong guess is a proposal in vain: the
 * service overlooks one of a pool that it does not choose.
 */

import { isId } from '../../core/contract/limits.ts';
import type { PoolRequest } from '../cni/pool-request.ts';
import { isObject, parseJson } from '../machine/json.ts';
import type { NodeRecords } from './node-records.ts';

/** Who asks, as far as the choice of the pool depends on it. */
export interface Asking {
  readonly request: PoolRequest;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string | undefined;
}

export interface PoolChoices {
  /** Names the pods of the network for which one choice is made: their namespace, where the service chooses by it. */
  readonly among: string;
  /** The id of the pool that was chosen last for such a pod. */
  likely(): string | undefined;
  /** Of the pools that were chosen for such a request, whatever the pod. */
  all(): readonly string[];
  /** Notes which pool the service chose. */
  chosen(pool: string): void;
}

/** Namespaces that are remembered: what is forgotten costs one request without a proposal. */
const MOST_NAMESPACES = 256;

export function openPoolChoices(
  { meta, setMeta }: Pick<NodeRecords, 'meta' | 'setMeta'>,
  network: string,
  { request, labels, namespace }: Asking,
): PoolChoices {
  const row = `choices ${network}`;
  const serviceChooses = request.ranges === undefined && request.names?.length === 0;
  const text = JSON.stringify(serviceChooses ? { request, labels } : { request });
  const key = serviceChooses ? (namespace ?? '') : '';

  /** Pool ids by namespace, the one noted last at the end; none for another request. */
  function choices(): ReadonlyMap<string, string> {
    const read = parseJson(meta(row) ?? '');
    if (!isObject(read) || read.request !== text || !Array.isArray(read.pools)) return new Map();
    const pairs = read.pools.filter((pair) => Array.isArray(pair) && isId(String(pair[1])));
    return new Map(pairs as [string, string][]);
  }

  return {
    among: key,
    likely: () => choices().get(key),
    all: () => [...new Set(choices().values())],
    chosen(pool) {
      const known = choices();
      if (known.get(key) === pool) return;
      const others = [...known].filter(([other]) => other !== key).slice(1 - MOST_NAMESPACES);
      setMeta(row, JSON.stringify({ request: text, pools: [...others, [key, pool]] }));
    },
  };
}
