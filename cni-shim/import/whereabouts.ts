/**
 * What whereabouts wrote down: an IPPool for each range (and network name, and slice of a node), in which the allocations go by
 * their offset from the range's address (k8snetworkplumbingwg/whereabouts, api/v1alpha1/ippool_types.go, storage/kubernetes/ipam.go).
 */
import { bits, formatAddress, parsePrefix } from '../../core/addresses/address.ts';
import { isObject } from '../machine/json.ts';
import {
  isContainerId,
  isInterface,
  type Oddity,
  type OtherAllocation,
  podOf,
  together,
  type WrittenDown,
} from './allocation.ts';
import { type KubernetesObject, textIn } from './kubernetes-list.ts';

export const readWhereabouts = (objects: readonly KubernetesObject[]): WrittenDown =>
  together(objects.filter(isPool).map(allocationsOf));

/** Calico has a kind of that name too, with a `cidr`. */
export const isPool = ({ kind, spec }: Pick<KubernetesObject, 'kind' | 'spec'>): boolean =>
  kind === 'IPPool' && spec.range !== undefined;

function allocationsOf({ name, spec }: KubernetesObject): WrittenDown {
  const [allocations, oddities]: [OtherAllocation[], Oddity[]] = [[], []];
  const odd = (where: string, why: string, address?: string, kind: Oddity['kind'] = 'unreadable') =>
    oddities.push({ from: where, kind, why, address });
  const range = parsePrefix(textIn(spec, 'range') ?? '');
  const entries = isObject(spec.allocations) ? Object.entries(spec.allocations) : [];
  if (range === undefined) {
    if (entries.length > 0) odd(`IPPool ${name}`, `its range ${JSON.stringify(spec.range)} is none`);
    return { allocations, oddities };
  }
  for (const [offset, allocation] of entries) {
    const from = `IPPool ${name}, allocation ${offset}`;
    // From the address that the range is written with, host bits and all.
    const value = /^\d{1,39}$/.test(offset) ? range.address.value + BigInt(offset) : undefined;
    if (value === undefined || value >= 1n << BigInt(bits(range.address.family))) {
      odd(from, 'its offset is no number in the range');
      continue;
    }
    const address = formatAddress({ family: range.address.family, value });
    const { id, podref, ifname } = isObject(allocation) ? allocation : {};
    const containerId = typeof id === 'string' ? id.trim() : '';
    if (!isContainerId(containerId)) {
      odd(from, containerId === '' ? 'it names no container' : `${JSON.stringify(id)} is no container id`, address);
      continue;
    }
    allocations.push({
      ...{ address, containerId, from },
      ifname: typeof ifname === 'string' && isInterface(ifname) ? ifname : undefined,
      pod: typeof podref === 'string' ? podOf(podref) : undefined,
      ...{ node: undefined, borrowedFrom: undefined, writtenAt: undefined },
    });
  }
  return { allocations, oddities };
}
