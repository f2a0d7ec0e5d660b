/** What another IPAM has written down, whichever it is. */

import { formatAddress, parseAddress } from '../../core/addresses/address.ts';
import type { Pod } from '../../core/contract/ids.ts';
import { isPrintable, patterns } from '../../core/contract/limits.ts';

export interface OtherAllocation {
  /** Without prefix length, in the one spelling that addresses have here. */
  readonly address: string;
  readonly containerId: string;
  /** Undefined where it is not written down. */
  readonly ifname: string | undefined;
  /** Without uid, which none of them knows. */
  readonly pod: Pod | undefined;
  /** As the cluster calls it; undefined where it is not written down. */
  readonly node: string | undefined;
  /** The node to which the other IPAM gave the block that the address lies in, where it is another one. */
  readonly borrowedFrom: string | undefined;
  /** The file, or the object and where in it: for people. */
  readonly from: string;
  /** Milliseconds since 1970, by this machine's clock: when it was written down. Undefined where that is not known. */
  readonly writtenAt: number | undefined;
}

/** What is there and is no container's allocation. */
export interface Oddity {
  readonly from: string;
  readonly why: string;
  /** Undefined where none can be read. */
  readonly address: string | undefined;
  /**
   * `unreadable`: a container may live with it all the same. `host`: an address of a node itself, as of a tunnel. `void`: it is
   * nobody's.
   */
  readonly kind: 'unreadable' | 'host' | 'void';
}

export interface WrittenDown {
  readonly allocations: readonly OtherAllocation[];
  readonly oddities: readonly Oddity[];
}

/** The one spelling, undefined where it is no address. */
export function addressText(text: string): string | undefined {
  const address = parseAddress(text);
  return address && formatAddress(address);
}

export const isContainerId = (text: string): boolean => text.length <= 255 && patterns.name.test(text);
export const isInterface = (text: string): boolean => text.length <= 15 && patterns.interfaceName.test(text);

/** `namespace/name`; undefined where it is not that, or could be shown nowhere. */
export function podOf(text: string): Pod | undefined {
  const [, namespace, name] = /^([^/]{1,253})\/([^/]{1,253})$/.exec(text) ?? [];
  return namespace === undefined || name === undefined || !isPrintable(text) ? undefined : { namespace, name };
}

export const together = (all: readonly WrittenDown[]): WrittenDown => ({
  allocations: all.flatMap(({ allocations }) => allocations),
  oddities: all.flatMap(({ oddities }) => oddities),
});
