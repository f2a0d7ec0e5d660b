/** Where a new pool could lie: aligned prefixes that no pool has. */
import { type AddressSpan, addressText } from './numbers.ts';

/** The length of the smallest IPv4 prefix with so many addresses to hand out, beside network, broadcast and gateway. */
export function lengthFor(addresses: number): number {
  const bits = Math.ceil(Math.log2(addresses + 3));
  return Math.max(8, 32 - Math.max(3, bits));
}

/** The first ones within a span, as text. */
export function freePrefixes(
  within: AddressSpan,
  length: number,
  taken: readonly AddressSpan[],
  most: number,
): string[] {
  const size = 1n << BigInt((within.family === 4 ? 32 : 128) - length);
  const inOrder = taken.filter(({ family }) => family === within.family).sort((a, b) => (a.first < b.first ? -1 : 1));
  const found: string[] = [];
  let at = ((within.first + size - 1n) / size) * size;
  while (at + size - 1n <= within.last && found.length < most) {
    const end = at + size - 1n;
    const met = inOrder.find(({ first, last }) => first <= end && at <= last);
    if (met === undefined) {
      found.push(`${addressText(within.family, at)}/${length}`);
      at += size;
    } else at = (met.last / size + 1n) * size;
  }
  return found;
}
