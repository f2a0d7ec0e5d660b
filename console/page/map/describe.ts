/** What an address of the map is, as far as it is known here. */
import type { LeaseRow } from '../../../core/contract/lease.ts';
import { bare } from '../space/numbers.ts';
import { areaAt, blockNumber, blockOfNumber, type Scope } from './scope.ts';

export interface Described {
  readonly address: string;
  readonly pool?: string;
  readonly state: 'outside' | 'excluded' | 'reserved' | 'free' | 'held' | 'cooling' | 'not seen yet';
  /** Of what is excluded or reserved. */
  readonly why?: string;
  readonly lease?: LeaseRow;
}

export function described(
  scope: Scope,
  index: number,
  leasesIn: (pool: string, block: bigint) => readonly LeaseRow[] | undefined,
): Described | undefined {
  const address = scope.addressAt(index);
  if (address === undefined) return undefined;
  const area = areaAt(scope, index);
  if (area === undefined) return { address, state: 'outside' };
  const { name: pool, gateway, blockSize } = area.space.pool;
  const rows = leasesIn(pool, blockOfNumber(area, blockNumber(area, index)));
  const lease = rows?.find(({ addresses }) => addresses.some((one) => bare(one) === address));
  if (lease !== undefined) return { address, pool, state: lease.state, lease };
  const mark = scope.marks.find((one) => one.space === area.space && one.first <= index && index <= one.last);
  if (mark !== undefined) return { address, pool, state: mark.kind, why: mark.why };
  if (gateway === 'block') {
    const slot = (index - area.first) % blockSize;
    const isIpv4 = !address.includes(':');
    if (slot < 2 || (isIpv4 && slot === blockSize - 1))
      return { address, pool, state: 'excluded', why: slot === 1 ? "the block's gateway" : 'network or broadcast' };
  }
  return { address, pool, state: rows === undefined ? 'not seen yet' : 'free' };
}

/** In a sentence, as a screen reader says it. */
export function sentenceOf({ address, pool, state, why, lease }: Described): string {
  const where = pool === undefined ? '' : `, pool ${pool}`;
  if (lease === undefined) return `${address}${where}: ${state}${why === undefined ? '' : `, ${why}`}`;
  const { pod, node, heldAt } = lease;
  const who = pod === undefined ? 'a pod that is not known' : `${pod.namespace}/${pod.name}`;
  return `${address}${where}: ${state === 'held' ? 'held by' : 'cools, last held by'} ${who} on ${node}, since ${heldAt}`;
}
