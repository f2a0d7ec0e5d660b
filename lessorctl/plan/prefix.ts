/** Prefixes as numbers: which one is free, and how they are written. */
import { Address4, Address6 } from 'ip-address';
import { wrong } from '../settings/wrong.ts';

export interface PlannedPrefix {
  readonly bits: 32 | 128;
  readonly length: number;
  readonly first: bigint;
}

/** First and last address. */
export interface TakenSpan {
  readonly first: bigint;
  readonly last: bigint;
}

/** @param what names it. @throws LessorError `request.invalid` */
export function readPrefix(what: string, text: string): PlannedPrefix {
  const isIpv6 = text.includes(':');
  const isWritten = /^[^/]+\/\d{1,3}$/.test(text) && (isIpv6 ? Address6.isValid(text) : Address4.isValid(text));
  if (!isWritten) throw wrong(`${what} ${JSON.stringify(text)} is no prefix`, 'write it like 10.0.0.0/8 or fd00::/48');
  const address = isIpv6 ? new Address6(text) : new Address4(text);
  const prefix: PlannedPrefix = {
    bits: isIpv6 ? 128 : 32,
    length: address.subnetMask,
    first: address.startAddress().bigInt(),
  };
  if (address.bigInt() !== prefix.first)
    throw wrong(`${what} ${text} has bits beyond its prefix`, `is ${prefixText(prefix)} meant?`);
  return prefix;
}

/** Without a prefix length, and without a zone. */
export const isAddress = (text: string): boolean =>
  /^[0-9a-f.:]+$/i.test(text) && (text.includes(':') ? Address6.isValid(text) : Address4.isValid(text));

const sizeOf = ({ bits, length }: Pick<PlannedPrefix, 'bits' | 'length'>): bigint => 1n << BigInt(bits - length);

export const spanOf = (prefix: PlannedPrefix): TakenSpan => ({
  first: prefix.first,
  last: prefix.first + sizeOf(prefix) - 1n,
});

export function prefixText({ bits, length, first }: PlannedPrefix): string {
  const address = bits === 128 ? Address6.fromBigInt(first) : Address4.fromBigInt(first);
  return `${address.correctForm()}/${length}`;
}

/** Aligned prefixes of that length within another one that meet none of the spans, from the beginning. */
export function freePrefixes(
  within: PlannedPrefix,
  length: number,
  used: readonly TakenSpan[],
  most: number,
): PlannedPrefix[] {
  if (length < within.length || length > within.bits) return [];
  const { last } = spanOf(within);
  const size = sizeOf({ bits: within.bits, length });
  const inOrder = [...used].sort((a, b) => (a.first < b.first ? -1 : 1));
  const found: PlannedPrefix[] = [];
  let at = within.first;
  let next = 0;
  while (at <= last && found.length < most) {
    // Spans do not overlap in one VRF, but what is left out by hand may: those that end before are passed for good.
    while (next < inOrder.length && (inOrder[next]?.last ?? 0n) < at) next++;
    const met = inOrder.slice(next).find((span) => span.first < at + size && span.last >= at);
    if (met === undefined) {
      found.push({ bits: within.bits, length, first: at });
      at += size;
    } else at = alignedAfter(met.last, size);
  }
  return found;
}

const alignedAfter = (last: bigint, size: bigint): bigint => ((last + size) / size) * size;

/** How many addresses of a prefix are in none of the spans. */
export function freeAddresses(within: PlannedPrefix, used: readonly TakenSpan[]): bigint {
  const { first, last } = spanOf(within);
  let [free, at] = [sizeOf(within), first];
  for (const span of [...used].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    // biome-ignore lint/complexity/useMathMinMax: Math knows no bigint
    const from = span.first > at ? span.first : at;
    // biome-ignore lint/complexity/useMathMinMax: Math knows no bigint
    const to = span.last < last ? span.last : last;
    if (to < from) continue;
    free -= to - from + 1n;
    at = to + 1n;
  }
  return free;
}
