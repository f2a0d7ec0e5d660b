/** Addresses as numbers, and as people write them. */
import { Address4, Address6 } from 'ip-address';

export interface AddressSpan {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** Undefined where it is none. */
export function addressOf(text: string): { family: 4 | 6; value: bigint } | undefined {
  if (text.includes('/')) return undefined;
  if (!text.includes(':'))
    return Address4.isValid(text) ? { family: 4, value: new Address4(text).bigInt() } : undefined;
  return Address6.isValid(text) ? { family: 6, value: new Address6(text).bigInt() } : undefined;
}

export const addressText = (family: 4 | 6, value: bigint): string =>
  (family === 4 ? Address4.fromBigInt(value) : Address6.fromBigInt(value)).correctForm();

/** `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`; undefined where it is none of them. */
export function spanOf(text: string): AddressSpan | undefined {
  const [from = '', to = from] = text.split('-');
  if (to !== from) {
    const [first, last] = [addressOf(from), addressOf(to)];
    return first && last && first.family === last.family
      ? { family: first.family, first: first.value, last: last.value }
      : undefined;
  }
  const family = from.includes(':') ? 6 : 4;
  const kind = family === 4 ? Address4 : Address6;
  if (!kind.isValid(from)) return undefined;
  const prefix = new kind(from);
  return { family, first: prefix.startAddress().bigInt(), last: prefix.endAddress().bigInt() };
}

/** Without the length of the subnet. */
export const bare = (address: string): string => address.split('/')[0] ?? address;
