/**
 * What pools are called that nodes write into their configurations. One network may have other ranges on each node, as with
 * flannel, kubenet and kindnet: each choice of ranges is a pool of its own.
 */
import { scatter } from '../addresses/scatter.ts';
import type { PoolDefinition } from '../contract/pool.ts';
import { beginWith, type RegisteredPool } from './registry.ts';

type Ranges = PoolDefinition['ranges'];

/** `<network>.<8 hex digits>`: however the ranges are spelt, the same ones make the same name. */
export const nameAfter = (network: string, ranges: Ranges): string => `${network}.${digits(JSON.stringify(ranges))}`;

/** By which names pools of such ranges go, in the order in which they are taken: the last one where two choices share their digits. */
function namesOf(network: string, ranges: Ranges): readonly [string, string, string] {
  const second = nameAfter(network, ranges);
  return [network, second, `${second}.${digits(second + JSON.stringify(ranges))}`];
}

/** @param named the VRF's pool of a name */
export function inlinePool(
  named: (name: string) => RegisteredPool | undefined,
  network: string,
  ranges: Ranges,
): RegisteredPool | undefined {
  const first = named(network);
  // Of most networks the ranges are the same on every node.
  if (first && beginWith(first.ranges, ranges)) return first;
  const all = namesOf(network, ranges).map(named);
  return all.find((pool) => pool && beginWith(pool.ranges, ranges));
}

/** The first name that is free, or the last one: its pool has other ranges. */
export function newInlineName(
  named: (name: string) => RegisteredPool | undefined,
  network: string,
  ranges: Ranges,
): string {
  const names = namesOf(network, ranges);
  return names.find((name) => named(name) === undefined) ?? names[2];
}

/** Whether a pool of that name may be the network's, if it has these ranges. */
export const isInlineName = (name: string, network: string, ranges: Ranges): boolean =>
  name === network || namesOf(network, ranges).includes(name);

const digits = (text: string): string => scatter(text).toString(16).padStart(8, '0');
