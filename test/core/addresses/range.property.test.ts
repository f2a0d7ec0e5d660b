import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { describe, expect, it } from 'vitest';
import { bits, formatAddress } from '../../../core/addresses/address.ts';
import { overlaps, parseRangeSets, type Range, resolveRangeSets } from '../../../core/addresses/range.ts';
import { smallRangeSets, subnet } from '../arbitraries.ts';

type Overlaps = typeof overlaps;

const share = (a: Range, b: Range): boolean => {
  if (a.family !== b.family) return false;
  for (let value = a.first; value <= a.last; value += 1n) if (value >= b.first && value <= b.last) return true;
  return false;
};

const rangeIn = (family: 4 | 6) =>
  fc.tuple(fc.nat(12), fc.nat(6)).map(([first, size]): Range => {
    const address = { family, value: 0n };
    const [from, to] = [BigInt(first), BigInt(first + size)];
    return { family, subnet: { address, length: 0 }, first: from, last: to, gateway: 0n };
  });

const seesEachSharedAddress = (sees: Overlaps) => {
  const range = fc.oneof(rangeIn(4), rangeIn(6));
  return fc.property(range, range, (a, b) => {
    expect(sees(a, b)).toBe(share(a, b));
    expect(sees(b, a)).toBe(share(a, b));
  });
};

describe('a range', () => {
  it('has host-local’s defaults: all of its subnet but the network address, the IPv4 broadcast address, the gateway', () => {
    fc.assert(
      fc.property(subnet, ({ family, network, length }) => {
        const text = `${formatAddress({ family, value: network })}/${length}`;
        const outcome = resolveRangeSets([[{ subnet: text }]]);
        expect(outcome.ok).toBe(length <= bits(family) - 2);
        if (!outcome.ok) return;
        const theirs = family === 4 ? new Address4(text) : new Address6(text);
        const first = theirs.startAddressExclusive().correctForm();
        const last = (family === 4 ? theirs.endAddressExclusive() : theirs.endAddress()).correctForm();
        expect(outcome.ranges).toEqual([[{ subnet: text, rangeStart: first, rangeEnd: last, gateway: first }]]);
      }),
    );
  });

  it('overlaps another where an address lies in both', () => {
    fc.assert(seesEachSharedAddress(overlaps));
  });

  it('is compared by a property that catches a comparison of first addresses, of open ends, or across the families', () => {
    const broken: Overlaps[] = [
      (a, b) => a.family === b.family && a.first >= b.first && a.first <= b.last,
      (a, b) => a.family === b.family && a.first < b.last && b.first < a.last,
      (a, b) => a.first <= b.last && b.first <= a.last,
    ];
    for (const sees of broken) expect(fc.check(seesEachSharedAddress(sees), { seed: 1 }).failed).toBe(true);
  });
});

describe('range sets', () => {
  it('are the same when read again from what they were resolved to', () => {
    fc.assert(
      fc.property(smallRangeSets, (sets) => {
        const texts = sets.map((set) => set.map(({ text }) => text));
        const once = resolveRangeSets(texts);
        expect(once).toEqual({ ok: true, ranges: texts });
        expect(resolveRangeSets(once.ok ? once.ranges : [])).toEqual(once);
      }),
    );
  });

  it('overlap nowhere, whichever two ranges one looks at', () => {
    fc.assert(
      fc.property(smallRangeSets, smallRangeSets, (some, others) => {
        const outcome = parseRangeSets([...some, ...others].map((set) => set.map(({ text }) => text)));
        const all = [...some, ...others].flat();
        const of = (text: string) => text.includes(':');
        const clash = all.some((a, index) =>
          all
            .slice(index + 1)
            .some((b) => of(a.text.subnet) === of(b.text.subnet) && a.first <= b.last && b.first <= a.last),
        );
        expect(outcome.ok).toBe(!clash);
      }),
    );
  });
});
