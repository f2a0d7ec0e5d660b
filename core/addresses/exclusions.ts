/** Addresses of a pool that are not handed out, as spans: an excluded /16 costs what an excluded address costs. */
import { type Address, bits, formatAddress, lastOf, networkOf, parseAddress, parsePrefix } from './address.ts';
import { overlaps, type Range, type RangeOutcome, type Span, spanText } from './range.ts';
import { covering, difference } from './slot-intervals.ts';

/** `first` and `last` are inclusive; `text` is the one spelling under which it is stored. */
export interface Exclusion extends Span {
  readonly text: string;
}

/**
 * Reads `10.1.0.5`, `10.1.0.0/28` and `10.1.0.5-10.1.0.9`, in either family. `problem` names field, value and remedy.
 */
export function parseExclusions(exclude: readonly string[], field = 'exclude'): RangeOutcome<Exclusion[]> {
  const parsed: Exclusion[] = [];
  for (const [index, text] of exclude.entries()) {
    const outcome = parseExclusion(text, `${field}[${index}] ${JSON.stringify(text)}`);
    if (!outcome.ok) return outcome;
    parsed.push(outcome.value);
  }
  return { ok: true, value: parsed };
}

/** An exclusion without any effect is a mistyped one, and the address that was meant would be handed out. */
export function outsideOf(
  exclusions: readonly Exclusion[],
  ranges: readonly Range[],
  field = 'exclude',
): string | undefined {
  const stray = exclusions.findIndex((exclusion) => !ranges.some((range) => overlaps(range, exclusion)));
  const text = exclusions[stray]?.text;
  if (text === undefined) return undefined;
  return `${field}[${stray}] ${JSON.stringify(text)} holds no address of the pool's ranges (${ranges.map(spanText).join(', ')}): correct it or leave it out`;
}

/** Whether whatever is in `some` is in `all` too. */
export const includes = (all: readonly Exclusion[], some: readonly Exclusion[]): boolean =>
  some.every(({ family, first, last }) => {
    const ofFamily = all.filter((one) => one.family === family);
    const intervals = covering(ofFamily.map((one) => ({ from: one.first, to: one.last })));
    return difference({ from: first, to: last }, intervals).length === 0;
  });

const refuse = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });

function parseExclusion(text: string, where: string): RangeOutcome<Exclusion> {
  if (text.includes('/')) return parseExcludedSubnet(text, where);
  const [first, last, ...more] = text.split('-').map(parseAddress);
  if (first === undefined || more.length > 0 || (text.includes('-') && last === undefined)) return unreadable(where);
  return last === undefined ? { ok: true, value: exclusionOf(first, first) } : parseExcludedSpan(first, last, where);
}

const unreadable = (where: string) =>
  refuse(
    `${where} is not an address, a subnet or a span: write it like 10.1.0.5, 10.1.0.0/28 or 10.1.0.5-10.1.0.9, in IPv4 without leading zeros`,
  );

function parseExcludedSubnet(text: string, where: string): RangeOutcome<Exclusion> {
  const subnet = parsePrefix(text);
  if (subnet === undefined) return unreadable(where);
  const network = networkOf(subnet);
  if (network.value !== subnet.address.value) {
    return refuse(
      `${where} has host bits set: the subnet of that length is ${formatAddress(network)}/${subnet.length}, the address alone ${formatAddress(subnet.address)}`,
    );
  }
  if (subnet.length === bits(network.family)) return { ok: true, value: exclusionOf(network, network) };
  const { family, value: first } = network;
  return {
    ok: true,
    value: { family, first, last: lastOf(subnet).value, text: `${formatAddress(network)}/${subnet.length}` },
  };
}

function parseExcludedSpan(first: Address, last: Address, where: string): RangeOutcome<Exclusion> {
  if (first.family !== last.family) return refuse(`${where} begins in one family and ends in the other: write two`);
  if (first.value > last.value) return refuse(`${where} ends before it begins: swap the two addresses`);
  return { ok: true, value: exclusionOf(first, last) };
}

function exclusionOf(first: Address, last: Address): Exclusion {
  const text = first.value === last.value ? [first] : [first, last];
  return { family: first.family, first: first.value, last: last.value, text: text.map(formatAddress).join('-') };
}
