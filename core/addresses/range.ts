/**
 * Ranges as host-local describes them (containernetworking/plugins, plugins/ipam/host-local/backend/allocator:
 * range.go, range_set.go), with its defaults filled in and its rules checked.
 */

import type { PoolDefinition, RangeText } from '../contract/pool.ts';
import {
  type Address,
  bits,
  type Family,
  formatAddress,
  lastOf,
  networkOf,
  type Prefix,
  parseAddress,
  parsePrefix,
} from './address.ts';

/** A range with every default filled in; `first` and `last` are inclusive. */
export interface Range {
  readonly family: Family;
  readonly subnet: Prefix;
  readonly first: bigint;
  readonly last: bigint;
  readonly gateway: bigint;
}

export type RangeOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

const refuse = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });

/**
 * Fills in host-local's defaults (rangeStart: the first address after the network's; rangeEnd: the last but the IPv4
 * broadcast; gateway: the first after the network's) and checks its rules. `problem` names field, value and remedy.
 */
export function resolveRangeSets(
  sets: readonly (readonly RangeText[])[],
): { ok: true; ranges: PoolDefinition['ranges'] } | { ok: false; problem: string } {
  const parsed = parseRangeSets(sets);
  return parsed.ok ? { ok: true, ranges: rangesToText(parsed.value) } : parsed;
}

/**
 * @param gateway `block`: each range is a whole subnet, its network and its broadcast address included, since it is cut
 * into subnets. With every default filled in, both modes read the same.
 */
export function parseRangeSets(
  sets: readonly (readonly RangeText[])[],
  gateway: PoolDefinition['gateway'] = 'pool',
): RangeOutcome<Range[][]> {
  if (sets.length === 0)
    return refuse('ranges holds no range set: give at least one, for example [[{"subnet": "10.1.0.0/16"}]]');
  const parsed: Range[][] = [];
  for (const [setIndex, set] of sets.entries()) {
    const where = `ranges[${setIndex}]`;
    const ranges: Range[] = [];
    for (const [index, text] of set.entries()) {
      const range = parseRange(text, `${where}[${index}]`, gateway);
      if (!range.ok) return range;
      ranges.push(range.value);
    }
    const first = ranges[0];
    if (first === undefined) return refuse(`${where} is empty: give it at least one range or leave the set out`);
    if (ranges.some((range) => range.family !== first.family)) {
      return refuse(`${where} mixes IPv4 and IPv6: put each family into a range set of its own`);
    }
    parsed.push(ranges);
  }
  return firstOverlap(parsed) ?? { ok: true, value: parsed };
}

/** Addresses of one family, one after the other; both ends are inclusive. */
export type Span = Pick<Range, 'family' | 'first' | 'last'>;

/** No spelling is read as one of these (address.ts), so that a pool could not be read again from its own text. */
const IPV4_MAPPED: Span = { family: 6, first: 0xffff_0000_0000n, last: 0xffff_ffff_ffffn };

/** Whether two ranges have an address in common (I8 compares pools by it). */
export function overlaps(a: Span, b: Span): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export const rangesToText = (sets: readonly (readonly Range[])[]): PoolDefinition['ranges'] =>
  sets.map((set) => set.map(rangeToText));

function rangeToText({ family, subnet, first, last, gateway }: Range): PoolDefinition['ranges'][number][number] {
  const text = (value: bigint) => formatAddress({ family, value });
  return {
    subnet: `${formatAddress(subnet.address)}/${subnet.length}`,
    rangeStart: text(first),
    rangeEnd: text(last),
    gateway: text(gateway),
  };
}

function parseRange(text: RangeText, where: string, mode: PoolDefinition['gateway']): RangeOutcome<Range> {
  const subnet = parseSubnet(text.subnet, where);
  if (!subnet.ok) return subnet;
  const ends = parseEnds(text, subnet.value, where, mode);
  if (!ends.ok) return ends;
  const range = { family: subnet.value.address.family, subnet: subnet.value, ...ends.value };
  if (overlaps(range, IPV4_MAPPED)) {
    return refuse(
      `${where} (${spanText(range)}) holds IPv4-mapped addresses (::ffff:0:0/96), which would be IPv4 addresses by another name: leave them out`,
    );
  }
  return { ok: true, value: range };
}

function parseSubnet(text: string, where: string): RangeOutcome<Prefix> {
  const subnet = parsePrefix(text);
  if (!subnet)
    return refuse(
      `${where}.subnet ${quote(text)} is not an address and a prefix length: write it like 10.1.0.0/16 or fd00:1::/64`,
    );
  const network = networkOf(subnet);
  if (network.value !== subnet.address.value) {
    return refuse(
      `${where}.subnet ${quote(text)} has host bits set: for a prefix length of ${subnet.length} the network address is ${formatAddress(network)}`,
    );
  }
  const longest = bits(network.family) - 2;
  if (subnet.length > longest) {
    return refuse(
      `${where}.subnet ${quote(text)} is too small to allocate from: use a prefix length of ${longest} or less`,
    );
  }
  return { ok: true, value: subnet };
}

/** @param subnet without host bits */
function parseEnds(
  text: RangeText,
  subnet: Prefix,
  where: string,
  mode: PoolDefinition['gateway'],
): RangeOutcome<Pick<Range, 'first' | 'last' | 'gateway'>> {
  const { family, value: network } = subnet.address;
  const last = lastOf(subnet).value;
  const whole = { rangeStart: network, rangeEnd: last, gateway: network + 1n };
  const gateway = parseField(text, 'gateway', whole.gateway, where, family);
  if (!gateway.ok) return gateway;
  const start = parseField(text, 'rangeStart', mode === 'block' ? whole.rangeStart : network + 1n, where, family);
  if (!start.ok) return start;
  const end = parseField(text, 'rangeEnd', mode === 'block' || family === 6 ? last : last - 1n, where, family);
  if (!end.ok) return end;
  for (const [name, { value }] of Object.entries({ rangeStart: start, rangeEnd: end, gateway })) {
    if (mode === 'block' && value !== whole[name as keyof typeof whole]) {
      return refuse(
        `${where}.${name} ${show(family, value)} does not go with gateway "block", which cuts whole subnets into blocks with a gateway each: leave it out`,
      );
    }
  }
  for (const [name, { value }] of Object.entries({ rangeStart: start, rangeEnd: end })) {
    if (value < network || value > last)
      return refuse(`${where}.${name} ${show(family, value)} lies outside its subnet ${text.subnet}`);
  }
  if (start.value > end.value) {
    return refuse(
      `${where}.rangeStart ${show(family, start.value)} comes after its rangeEnd ${show(family, end.value)}: swap them`,
    );
  }
  return { ok: true, value: { first: start.value, last: end.value, gateway: gateway.value } };
}

/** @param otherwise what counts where the field is left out or empty, as host-local takes it */
function parseField(
  text: RangeText,
  name: 'rangeStart' | 'rangeEnd' | 'gateway',
  otherwise: bigint,
  where: string,
  family: Family,
): RangeOutcome<bigint> {
  const value = text[name];
  if (value === undefined || value === '') return { ok: true, value: otherwise };
  const address = parseAddress(value);
  if (!address) return refuse(`${where}.${name} ${quote(value)} is not an IP address`);
  if (address.family !== family)
    return refuse(`${where}.${name} ${value} is IPv${address.family}, but its subnet ${text.subnet} is IPv${family}`);
  return { ok: true, value: address.value };
}

function firstOverlap(sets: readonly Range[][]): { ok: false; problem: string } | undefined {
  const all = sets.flatMap((set, setIndex) =>
    set.map((range, index) => ({ range, where: `ranges[${setIndex}][${index}]` })),
  );
  for (const [index, a] of all.entries()) {
    const b = all.slice(index + 1).find((other) => overlaps(a.range, other.range));
    if (b)
      return refuse(
        `${a.where} (${spanText(a.range)}) overlaps ${b.where} (${spanText(b.range)}): an address may be in one range only`,
      );
  }
  return undefined;
}

const quote = (value: string): string => JSON.stringify(value);
const show = (family: Family, value: bigint): string => formatAddress({ family, value } satisfies Address);

/**
 * What the ranges hold of their subnets that no host can have: the network address and, in IPv4, the broadcast address (RFC
 * 1122, section 3.2.1.3); in IPv6 the first one is the subnet-router anycast address (RFC 4291, section 2.6.1).
 */
export function networkAddresses(ranges: readonly Range[]): Span[] {
  return ranges.flatMap((range) => {
    const { family, subnet } = range;
    const ends = [subnet.address, ...(family === 4 ? [lastOf(subnet)] : [])];
    const spans = ends.map(({ value }) => ({ family, first: value, last: value }));
    return spans.filter((end) => overlaps(range, end));
  });
}

/** `first-last` for messages. */
export function spanText({ family, first, last }: Span): string {
  return `${show(family, first)}-${show(family, last)}`;
}
