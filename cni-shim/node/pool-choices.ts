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
import { isWithin } from './pool-cache.ts';

/** Who asks, as far as the choice of the pool depends on it. */
export interface Asking {
  readonly request: PoolRequest;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string | undefined;
  /** Those that the pod names. */
  readonly podPools?: readonly string[] | undefined;
}

export interface PoolChoices {
  /** Names the pods of the network for which one choice is made: their namespace, where the service chooses by it, and the pools that they name. */
  readonly among: string;
  /** The id of the pool that was chosen last for such a pod. */
  likely(): string | undefined;
  /** Of the pools that were chosen for such a request, whatever the pod: not those that pods named, where others get no address. */
  all(): readonly string[];
  /** Whether that was lately, and the node may lease there by itself without asking for the choice again. */
  isDelegated(now: number): boolean;
  /**
   * Notes which pool the service chose.
   * @param delegatedAt milliseconds since 1970: where the node leases in it by itself from then on
   */
  chosen(pool: string, delegatedAt?: number): void;
}

/** Namespaces that are remembered: what is forgotten costs one request without a proposal. */
const MOST_NAMESPACES = 256;

/** Of them, for the pods of one namespace that name pools: a namespace leaves room for others. */
const MOST_LISTS = 8;
/** Longer ones are not remembered: each ADD of the network reads them all. */
const LONGEST_LIST = 512;

/** After so long one ADD asks, and hears whether another pool is meant by now, and what has changed in this one. */
const DELEGATED_FOR_MS = 10 * 60_000;

type Choice = readonly [pool: string, delegatedAt?: number];

export function openPoolChoices(
  { meta, setMeta }: Pick<NodeRecords, 'meta' | 'setMeta'>,
  network: string,
  { request, labels, namespace, podPools }: Asking,
): PoolChoices {
  const row = `choices ${network}`;
  const serviceChooses = request.ranges === undefined && request.names?.length === 0;
  const text = JSON.stringify(serviceChooses ? { request, labels } : { request });
  const among = serviceChooses || podPools !== undefined ? (namespace ?? '') : '';
  const list = podPools?.join(',');
  const key = list === undefined ? among : ofList(among, list);
  const isTooLong = list !== undefined && list.length > LONGEST_LIST;

  /** Pool ids by namespace, the one noted last at the end; none for another request. */
  function choices(): ReadonlyMap<string, Choice> {
    const read = parseJson(meta(row) ?? '');
    if (!isObject(read) || read.request !== text || !Array.isArray(read.pools)) return new Map();
    const noted = read.pools.filter((one) => Array.isArray(one) && isId(String(one[1])));
    return new Map((noted as [string, string, number?][]).map(([among, ...choice]) => [among, choice]));
  }

  return {
    among: key,
    likely: () => choices().get(key)?.[0],
    all: () => [...new Set([...choices()].flatMap(([of, [pool]]) => (isOfList(of) ? [] : [pool])))],
    isDelegated(now) {
      const at = choices().get(key)?.[1];
      return at !== undefined && isWithin(DELEGATED_FOR_MS, at, now);
    },
    chosen(pool, delegatedAt) {
      const known = choices();
      const [before, at] = known.get(key) ?? [];
      if (isTooLong || (before === pool && at === delegatedAt)) return;
      const others = [...known].filter(([other]) => other !== key);
      const alike = others.filter(([other]) => list !== undefined && other.startsWith(ofList(among, '')));
      const forgotten = new Set(alike.slice(0, 1 - MOST_LISTS));
      const kept = others.filter((one) => !forgotten.has(one)).slice(1 - MOST_NAMESPACES);
      const all = [...kept.map(([other, choice]) => [other, ...choice]), [key, pool, delegatedAt]];
      setMeta(
        row,
        JSON.stringify({ request: text, pools: all.map((one) => one.filter((part) => part !== undefined)) }),
      );
    },
  };
}

/** No name of a namespace has a space. */
const ofList = (among: string, list: string): string => `${among} ${list}`;
const isOfList = (key: string): boolean => key.includes(' ');
