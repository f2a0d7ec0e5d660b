/**
 * Ranges with a meaning of their own (IANA, IPv4 and IPv6 special-purpose address registries, RFC 6890). host-local hands out
 * any of them. A pod can do nothing with some; with others somebody may have a reason.
 */
import { lastOf, parsePrefix } from './address.ts';
import { overlaps, type Range, type Span, spanText } from './range.ts';

interface SpecialRange {
  readonly subnet: string;
  readonly span: Span;
  readonly is: string;
}

function special(subnet: string, is: string): SpecialRange {
  const prefix = parsePrefix(subnet);
  if (prefix === undefined) throw new RangeError(`${subnet} is no subnet`);
  const { family, value } = prefix.address;
  return { subnet, is, span: { family, first: value, last: lastOf(prefix).value } };
}

/** No pod can be reached by one. */
const UNUSABLE = [
  special('0.0.0.0/8', '"this network", never a destination (RFC 1122, section 3.2.1.3)'),
  special('127.0.0.0/8', 'loopback: it never leaves a pod (RFC 1122, section 3.2.1.3)'),
  special('224.0.0.0/4', 'multicast: no host has such an address (RFC 5771)'),
  special('255.255.255.255/32', 'the limited broadcast address (RFC 919, section 7)'),
  special('::/128', 'the unspecified address (RFC 4291, section 2.5.2)'),
  special('::1/128', 'loopback: it never leaves a pod (RFC 4291, section 2.5.3)'),
  special('ff00::/8', 'multicast: no host has such an address (RFC 4291, section 2.7)'),
];

/** Some networks have them: a node's NAT (169.254.0.0/16), or more pods than RFC 1918 has addresses (240.0.0.0/4). */
const DOUBTFUL = [
  special('169.254.0.0/16', 'link-local: no router forwards it (RFC 3927, section 2.7)'),
  special('fe80::/10', 'link-local: no router forwards it (RFC 4291, section 2.5.6)'),
  special('240.0.0.0/4', 'reserved: some hosts, routers and firewalls drop it (RFC 1112, section 4)'),
];

/** Why a pool cannot have these ranges; undefined where it can. It names field, value and remedy. */
export function unusableRange(ranges: readonly Range[]): string | undefined {
  const [found] = within(ranges, UNUSABLE);
  return found && `${found}. Leave these addresses out of the range`;
}

/** What is to be known of ranges that are taken all the same, a sentence each. */
export const doubtfulRanges = (ranges: readonly Range[]): string[] => within(ranges, DOUBTFUL);

const within = (ranges: readonly Range[], those: readonly SpecialRange[]): string[] =>
  ranges.flatMap((range) =>
    those
      .filter(({ span }) => overlaps(range, span))
      .map(({ subnet, is }) => `ranges: ${spanText(range)} has addresses of ${subnet}, which is ${is}`),
  );
