import { describe, expect, it } from 'vitest';
import { formatAddress, lastOf, networkOf, parseAddress, parsePrefix } from '../../../core/addresses/address.ts';

const MALFORMED = [
  ['empty text', ''],
  ['white space before it', ' 1.2.3.4'],
  ['white space behind it', '1.2.3.4\n'],
  ['a leading zero, which some read as octal', '010.0.0.1'],
  ['an octet beyond 255', '1.2.3.256'],
  ['two octets, which some fill up', '10.1'],
  ['five octets', '1.2.3.4.5'],
  ['an empty octet', '1..2.3'],
  ['hexadecimal octets', '0x1.2.3.4'],
  ['a whole number', '167772161'],
  ['a sign', '+1.2.3.4'],
  ['other digits than 0-9', '١.2.3.4'],
  ['a group of five digits', '2001:db8::00001'],
  ['two gaps', '1::2::3'],
  ['three colons', ':::'],
  ['a lone colon at the end', '1:2:3:4:5:6:7:'],
  ['a lone colon at the start', ':1:2:3:4:5:6:7'],
  ['seven groups', '1:2:3:4:5:6:7'],
  ['nine groups', '1:2:3:4:5:6:7:8:9'],
  ['a gap for no group', '1:2:3:4::5:6:7:8'],
  ['a gap among nine groups', '1:2:3:4:5::6:7:8:9'],
  ['a zone', 'fe80::1%eth0'],
  ['brackets', '[::1]'],
  ['an IPv4-mapped address', '::ffff:1.2.3.4'],
  ['an IPv4-mapped address with a leading zero', '::ffff:010.0.0.1'],
  ['an IPv4-mapped address in hexadecimal', '::ffff:102:304'],
  ['dotted decimal at its end', '64:ff9b::1.2.3.4'],
] as const;

describe('an address', () => {
  it.each(MALFORMED)('is not read from %s: %j', (_, text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(parsePrefix(`${text}/8`)).toBeUndefined();
  });

  it.each([
    ['0.0.0.0', 4, 0n],
    ['255.255.255.255', 4, 0xffffffffn],
    ['::', 6, 0n],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 6, (1n << 128n) - 1n],
  ] as const)('reaches to the end of its space: %s', (text, family, value) => {
    expect(parseAddress(text)).toEqual({ family, value });
    expect(formatAddress({ family, value })).toBe(text);
  });

  it.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
  ])('%s is written %s (RFC 5952)', (text, canonical) => {
    const address = parseAddress(text);
    expect(address && formatAddress(address)).toBe(canonical);
  });
});

describe('a prefix', () => {
  it.each([
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/8/8',
    '10.0.0.0/8 ',
    '10.0.0.0/255.0.0.0',
    'fd00::/129',
    'fd00::/064',
    '/8',
  ])('is not read from %j', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });

  it.each([
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['10.1.2.3/32', '10.1.2.3', '10.1.2.3'],
    ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['fd00::7/64', 'fd00::', 'fd00::ffff:ffff:ffff:ffff'],
  ])('%s reaches from %s to %s', (text, first, last) => {
    const prefix = parsePrefix(text);
    expect(prefix && formatAddress(networkOf(prefix))).toBe(first);
    expect(prefix && formatAddress(lastOf(prefix))).toBe(last);
  });
});
