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

/** Addresses one after the other; both ends are inclusive. */
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
  const subnet = parsePrefix(text.subnet);
  if (!subnet)
    return refuse(
      `${where}.subnet ${quote(text.subnet)} is not an address and a prefix length: write it like 10.1.0.0/16 or fd00:1::/64`,
    );
  const family = subnet.address.family;
  const network = networkOf(subnet);
  if (network.value !== subnet.address.value) {
    return refuse(
      `${where}.subnet ${quote(text.subnet)} has host bits set: for a prefix length of ${subnet.length} the network address is ${formatAddress(network)}`,
    );
  }
  if (subnet.length > bits(family) - 2) {
    return refuse(
      `${where}.subnet ${quote(text.subnet)} is too small to allocate from: use a prefix length of ${bits(family) - 2} or less`,
    );
  }
  const last = lastOf(subnet).value;
  const field = (name: 'rangeStart' | 'rangeEnd' | 'gateway', otherwise: bigint): RangeOutcome<bigint> => {
    const value = text[name];
    if (value === undefined || value === '') return { ok: true, value: otherwise };
    const address = parseAddress(value);
    if (!address) return refuse(`${where}.${name} ${quote(value)} is not an IP address`);
    if (address.family !== family)
      return refuse(`${where}.${name} ${value} is IPv${address.family}, but its subnet ${text.subnet} is IPv${family}`);
    return { ok: true, value: address.value };
  };
  const gateway = field('gateway', network.value + 1n);
  if (!gateway.ok) return gateway;
  const whole = { rangeStart: network.value, rangeEnd: last, gateway: network.value + 1n };
  const start = field('rangeStart', mode === 'block' ? whole.rangeStart : network.value + 1n);
  if (!start.ok) return start;
  const end = field('rangeEnd', mode === 'block' || family === 6 ? last : last - 1n);
  if (!end.ok) return end;
  for (const [name, { value }] of Object.entries({ rangeStart: start, rangeEnd: end, gateway })) {
    if (mode === 'block' && value !== whole[name as keyof typeof whole]) {
      return refuse(
        `${where}.${name} ${show(family, value)} does not go with gateway "block", which cuts whole subnets into blocks with a gateway each: leave it out`,
      );
    }
  }
  const inside = (value: bigint) => value >= network.value && value <= last;
  for (const [name, { value }] of [
    ['rangeStart', start],
    ['rangeEnd', end],
  ] as const) {
    if (!inside(value)) return refuse(`${where}.${name} ${show(family, value)} lies outside its subnet ${text.subnet}`);
  }
  if (start.value > end.value) {
    return refuse(
      `${where}.rangeStart ${show(family, start.value)} comes after its rangeEnd ${show(family, end.value)}: swap them`,
    );
  }
  const range = { family, subnet, first: start.value, last: end.value, gateway: gateway.value };
  if (overlaps(range, IPV4_MAPPED)) {
    return refuse(
      `${where} (${span(range)}) holds IPv4-mapped addresses (::ffff:0:0/96), which would be IPv4 addresses by another name: leave them out`,
    );
  }
  return { ok: true, value: range };
}

function firstOverlap(sets: readonly Range[][]): { ok: false; problem: string } | undefined {
  const all = sets.flatMap((set, setIndex) =>
    set.map((range, index) => ({ range, where: `ranges[${setIndex}][${index}]` })),
  );
  for (const [index, a] of all.entries()) {
    const b = all.slice(index + 1).find((other) => overlaps(a.range, other.range));
    if (b)
      return refuse(
        `${a.where} (${span(a.range)}) overlaps ${b.where} (${span(b.range)}): an address may be in one range only`,
      );
  }
  return undefined;
}

const quote = (value: string): string => JSON.stringify(value);
const show = (family: Family, value: bigint): string => formatAddress({ family, value } satisfies Address);

/** `first-last` for messages. */
export function span({ family, first, last }: Span): string {
  return `${show(family, first)}-${show(family, last)}`;
}
