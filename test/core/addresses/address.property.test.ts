import { isIP } from 'node:net';
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { describe, expect, it } from 'vitest';
import { bits, formatAddress, lastOf, networkOf, parseAddress, parsePrefix } from '../../../core/addresses/address.ts';
import { address, nearlyAddress, spelling6, subnet } from '../arbitraries.ts';

type Parse = typeof parseAddress;

/** What the library and node:net say; undefined for what Lessor refuses on purpose: zones, dotted IPv6, IPv4-mapped. */
function oracle(text: string) {
  switch (isIP(text)) {
    case 4:
      return { family: 4, value: new Address4(text).bigInt() };
    case 6: {
      if (/[%.]/.test(text)) return undefined;
      const value = new Address6(text).bigInt();
      return value >> 32n === 0xffffn ? undefined : { family: 6, value };
    }
    default:
      return undefined;
  }
}

const readsAsOthersDo = (parse: Parse) =>
  fc.property(nearlyAddress, (text) => {
    expect(parse(text)).toEqual(oracle(text));
  });

describe('an address', () => {
  it('is read exactly where node:net reads one, and as the number that ip-address gives', () => {
    fc.assert(readsAsOthersDo(parseAddress), { numRuns: 3000 });
  });

  it('is not read as the sloppy do: the property catches parsers that are', () => {
    const octal: Parse = (text) => parseAddress(text.replace(/\b0+(?=\d)/g, ''));
    const trimming: Parse = (text) => parseAddress(text.trim());
    for (const sloppy of [octal, trimming]) {
      expect(fc.check(readsAsOthersDo(sloppy), { seed: 1, numRuns: 3000 }).failed).toBe(true);
    }
  });

  it('is one number in each of its IPv6 spellings, and RFC 5952 text for it', () => {
    fc.assert(
      fc.property(spelling6, ({ value, text }) => {
        expect(parseAddress(text)).toEqual({ family: 6, value });
        expect(formatAddress({ family: 6, value })).toBe(new Address6(text).correctForm());
      }),
      { numRuns: 1000 },
    );
  });

  it('comes back from its own text', () => {
    fc.assert(
      fc.property(address, (one) => {
        const text = formatAddress(one);
        expect(isIP(text)).toBe(one.family);
        expect(parseAddress(text)).toEqual(one);
      }),
    );
  });
});

describe('a prefix', () => {
  it('begins and ends where ip-address says', () => {
    fc.assert(
      fc.property(
        subnet,
        fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
        ({ family, network, length, hostBits }, any) => {
          const host = network + (any & ((1n << hostBits) - 1n));
          const text = `${formatAddress({ family, value: host })}/${length}`;
          const prefix = parsePrefix(text);
          const mapped = family === 6 && host >> 32n === 0xffffn;
          expect(prefix).toEqual(mapped ? undefined : { address: { family, value: host }, length });
          if (prefix === undefined) return;
          const theirs = family === 4 ? new Address4(text) : new Address6(text);
          expect(networkOf(prefix)).toEqual({ family, value: theirs.startAddress().bigInt() });
          expect(lastOf(prefix)).toEqual({ family, value: theirs.endAddress().bigInt() });
        },
      ),
    );
  });

  it('has a length from 0 to the bits of its family, written one way', () => {
    fc.assert(
      fc.property(
        address,
        fc.integer({ min: -3, max: 140 }),
        fc.constantFrom('', '0', ' ', '+'),
        (one, length, lead) => {
          const valid = lead === '' && length >= 0 && length <= bits(one.family);
          expect(parsePrefix(`${formatAddress(one)}/${lead}${length}`) !== undefined).toBe(valid);
        },
      ),
    );
  });
});
