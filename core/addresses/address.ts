/**
 * IP addresses and prefixes as numbers. Text is read strictly: dotted decimal without leading zeros (RFC 6943, section
 * 3.1.1), RFC 4291 text for IPv6 without zones, without dotted decimal and without IPv4-mapped addresses, since two
 * spellings of one address must not become two addresses.
 */

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** An address and the length of the subnet that it lies in. */
export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

export const bits = (family: Family): number => (family === 4 ? 32 : 128);

/** The address that `text` spells, or undefined where it spells none or spells it ambiguously. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parse6(text) : parse4(text);
}

/** RFC 5952 for IPv6, dotted decimal for IPv4. */
export function formatAddress({ family, value }: Address): string {
  return family === 4 ? format4(value) : format6(value);
}

/** `address/length`; host bits may be set. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  const length = Number(match?.[2]);
  return address && length <= bits(address.family) ? { address, length } : undefined;
}

/** The first address of the subnet: host bits cleared. */
export function networkOf({ address, length }: Prefix): Address {
  const hostBits = BigInt(bits(address.family) - length);
  return { family: address.family, value: (address.value >> hostBits) << hostBits };
}

/** The last address of the subnet: host bits set. */
export function lastOf(prefix: Prefix): Address {
  const hostBits = BigInt(bits(prefix.address.family) - prefix.length);
  return { family: prefix.address.family, value: networkOf(prefix).value + (1n << hostBits) - 1n };
}

/** Digit by digit: a VRF's list has tens of thousands of addresses, which one request reads. */
function parse4(text: string): Address | undefined {
  let value = 0;
  let dots = 0;
  let part: number | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit >= 0 && digit <= 9) {
      // A leading zero is octal for some readers (RFC 6943, section 3.1.1).
      if (part === 0) return undefined;
      part = (part ?? 0) * 10 + digit;
      if (part > 255) return undefined;
    } else if (text[index] === '.' && part !== undefined) {
      value = value * 256 + part;
      dots += 1;
      part = undefined;
    } else return undefined;
  }
  return dots === 3 && part !== undefined ? { family: 4, value: BigInt(value * 256 + part) } : undefined;
}

const ZERO = 48;

function parse6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (head === undefined) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  // RFC 4291, section 2.2: "::" stands for one or more groups.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...(tail ?? [])];
  let value = 0n;
  for (const group of groups) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  const mapped = value >> 32n === 0xffffn;
  return mapped ? undefined : { family: 6, value };
}

function format4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

function format6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn);
  const { start, length } = longestZeros(groups);
  const text = (part: bigint[]) => part.map((group) => group.toString(16)).join(':');
  // RFC 5952, section 4.2.2: "::" must not shorten just one group.
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly bigint[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let run = 0;
  groups.forEach((group, index) => {
    run = group === 0n ? run + 1 : 0;
    if (run > best.length) best = { start: index - run + 1, length: run };
  });
  return best;
}
