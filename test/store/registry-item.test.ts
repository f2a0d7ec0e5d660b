import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { most } from '../../core/contract/limits.ts';
import { entryOf, type ListedPolicy, type RegisteredPool, type Registry } from '../../core/pools/registry.ts';
import { packRegistry, registryOf } from '../../functions/store/registry-item.ts';
import { manyDefinitions } from '../functions/many-pools.ts';

const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const policy: fc.Arbitrary<ListedPolicy> = fc.record({
  clusters: fc.array(text, { maxLength: 2 }),
  namespaces: fc.array(text, { maxLength: 3 }),
  nodeLabels: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
  default: fc.boolean(),
  order: fc.integer({ min: -1000, max: 1000 }),
  state: fc.constantFrom('active', 'draining', 'closing'),
});
const range = fc.record({ subnet: text, rangeStart: text, rangeEnd: text, gateway: text });
const entry: fc.Arbitrary<RegisteredPool> = fc.record(
  { id: text, name: text, ranges: fc.array(fc.array(range, { minLength: 1, maxLength: 2 }), { maxLength: 2 }), policy },
  { requiredKeys: ['id', 'name', 'ranges'] },
);
const stored = ({ vrf, version, pools }: Registry) =>
  registryOf(vrf, { v: version, z: packRegistry({ vrf, version, pools }) });

describe('the registry’s item', () => {
  it('has all of each pool', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), fc.nat(), (pools, version) => {
        const registry = { vrf: 'red', version, pools };
        expect(stored(registry)).toEqual(registry);
      }),
    );
  });

  it('is read as an earlier version wrote it, without what ADDs choose by', () => {
    const range = { subnet: '10.0.0.0/24', rangeStart: '10.0.0.1', rangeEnd: '10.0.0.254', gateway: '10.0.0.1' };
    const pools = [{ id: '0'.repeat(16), name: 'blue', ranges: [[range]] }];
    expect(registryOf('red', { pk: 'V#red', sk: 'REG', v: 7, pools })).toEqual({ vrf: 'red', version: 7, pools });
    expect(registryOf('red', undefined)).toEqual({ vrf: 'red', version: 0, pools: [] });
  });

  it('holds 5,000 pools with names of 40 characters, one or two ranges and a selector each', () => {
    const pools = manyDefinitions(5000).map((definition) => entryOf(definition, 'active'));
    const registry = { vrf: 'default', version: 1, pools };
    expect(packRegistry(registry).length).toBeLessThan(most.registryBytes);
    expect(stored(registry)).toEqual(registry);
  });
});
