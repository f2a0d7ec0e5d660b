import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../core/addresses/address.ts';
import { admit, type RegisteredPool, type Registry } from '../../../core/pools/registry.ts';
import { smallRangeSets } from '../arbitraries.ts';

type Admit = typeof admit;

/** Names and ranges clash often: three names, and range sets that all begin at the same place after a shift. */
const request = fc.record({
  name: fc.constantFrom('blue', 'green', 'red', 'grey', 'white'),
  ranges: fc.tuple(smallRangeSets, fc.nat(60)).map(([sets, shift]) =>
    sets.slice(0, 1).map((set) =>
      set.map(({ text }) => {
        const moved = (address = '') => shifted(address, BigInt(shift));
        return {
          ...text,
          rangeStart: moved(text.rangeStart),
          rangeEnd: moved(text.rangeEnd),
          gateway: moved(text.gateway),
        };
      }),
    ),
  ),
});

function shifted(text: string, by: bigint): string {
  const value = (parseAddress(text)?.value ?? 0n) + by;
  return text.includes(':')
    ? `fd00::${(value & 0xffffn).toString(16)}`
    : `10.0.${(value >> 8n) & 0xffn}.${value & 0xffn}`;
}

const addressesOf = ({ ranges }: RegisteredPool): Set<string> => {
  const all = new Set<string>();
  for (const { rangeStart, rangeEnd } of ranges.flat()) {
    const [first, last] = [parseAddress(rangeStart), parseAddress(rangeEnd)];
    if (!first || !last) throw new Error(`${rangeStart}-${rangeEnd} is no range`);
    for (let value = first.value; value <= last.value; value += 1n) all.add(`${first.family} ${value}`);
  }
  return all;
};

/** Whether one of them routes through an address that the other hands out. */
const routesThrough = (a: RegisteredPool, b: RegisteredPool): boolean =>
  [
    [a, b],
    [b, a],
  ].some(([one, other]) => {
    const handedOut = other?.ranges.flat().flatMap((range) => {
      const addresses = addressesOf({ id: '', name: '', ranges: [[range]] });
      addresses.delete(key(range.gateway));
      return [...addresses];
    });
    return one?.ranges.flat().some(({ gateway }) => handedOut?.includes(key(gateway)));
  });

const key = (text: string): string => {
  const address = parseAddress(text);
  return `${address?.family} ${address?.value}`;
};

const poolsNeverOverlap = (decide: Admit) =>
  fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
    let registry: Registry = { vrf: 'default', version: 0, pools: [] };
    for (const [index, one] of requests.entries()) {
      const pool: RegisteredPool = { id: String(index), ...one };
      const namesake = registry.pools.find(({ name }) => name === pool.name);
      const mine = addressesOf(pool);
      const clash = registry.pools.find(
        (other) => [...addressesOf(other)].some((address) => mine.has(address)) || routesThrough(pool, other),
      );
      const admission = decide(registry, pool);
      if (namesake) {
        const same = JSON.stringify(namesake.ranges) === JSON.stringify(pool.ranges);
        expect(admission).toEqual({ kind: same ? 'exists' : 'conflict', pool: namesake });
      } else if (clash) {
        expect(admission).toMatchObject({ kind: 'overlap', pool: clash });
      } else {
        expect(admission).toEqual({
          kind: 'admitted',
          registry: { vrf: 'default', version: registry.version + 1, pools: [...registry.pools, pool] },
        });
      }
      if (admission.kind === 'admitted') registry = admission.registry;
    }
  });

describe('the registry of a VRF', () => {
  it('never admits two pools that share an address, and names the pool in the way (I8)', () => {
    fc.assert(poolsNeverOverlap(admit), { numRuns: 300 });
  });

  it('is checked by a property that catches an admission which looks at first ranges only, at names only, or at no gateway', () => {
    const firstRange: Admit = (registry, pool) => {
      const ranges = pool.ranges.map((set) => set.slice(0, 1));
      const admission = admit(registry, { ...pool, ranges });
      if (admission.kind !== 'admitted') return admission;
      return { kind: 'admitted', registry: { ...admission.registry, pools: [...registry.pools, pool] } };
    };
    const nameOnly: Admit = (registry, pool) =>
      registry.pools.some(({ name }) => name === pool.name)
        ? admit(registry, pool)
        : {
            kind: 'admitted',
            registry: { ...registry, version: registry.version + 1, pools: [...registry.pools, pool] },
          };
    const noGateway: Admit = (registry, pool) => {
      const admission = admit(registry, pool);
      if (admission.kind !== 'overlap' || admission.gateway === undefined) return admission;
      return {
        kind: 'admitted',
        registry: { ...registry, version: registry.version + 1, pools: [...registry.pools, pool] },
      };
    };
    for (const broken of [firstRange, nameOnly, noGateway]) {
      expect(fc.check(poolsNeverOverlap(broken), { seed: 1, numRuns: 300 }).failed).toBe(true);
    }
  });

  it('says which ranges overlap', () => {
    const range = (rangeStart: string, rangeEnd: string) => ({
      subnet: '10.0.0.0/16',
      rangeStart,
      rangeEnd,
      gateway: '10.0.0.1',
    });
    const blue = { id: 'b', name: 'blue', ranges: [[range('10.0.1.1', '10.0.1.9'), range('10.0.2.1', '10.0.2.9')]] };
    const green = {
      id: 'g',
      name: 'green',
      ranges: [[range('10.0.0.2', '10.0.0.3')], [range('10.0.2.9', '10.0.3.1')]],
    };
    expect(admit({ vrf: 'default', version: 7, pools: [blue] }, green)).toEqual({
      kind: 'overlap',
      pool: blue,
      theirs: '10.0.2.1-10.0.2.9',
      ours: '10.0.2.9-10.0.3.1',
    });
  });
});
