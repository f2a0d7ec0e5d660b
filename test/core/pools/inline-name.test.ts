import { describe, expect, it } from 'vitest';
import { resolveRangeSets } from '../../../core/addresses/range.ts';
import { patterns } from '../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { inlinePool, isInlineName, nameAfter, newInlineName } from '../../../core/pools/inline-name.ts';
import type { RegisteredPool } from '../../../core/pools/registry.ts';

const rangesOf = (...subnets: string[]): PoolDefinition['ranges'] => {
  const resolved = resolveRangeSets([subnets.map((subnet) => ({ subnet }))]);
  if (!resolved.ok) throw new Error(resolved.problem);
  return resolved.ranges;
};
const ofNode = (n: number) => rangesOf(`10.42.${n}.0/24`);
const finder = (pools: readonly RegisteredPool[]) => (name: string) => pools.find((pool) => pool.name === name);
const pool = (name: string, ranges: PoolDefinition['ranges']): RegisteredPool => ({ id: name, name, ranges });

describe('a pool that is written inline is called', () => {
  it('as its network where that name is free', () => {
    expect(newInlineName(finder([]), 'cbr0', ofNode(0))).toBe('cbr0');
  });

  it('after its network and its ranges where the network’s name is a pool of other ranges', () => {
    const name = newInlineName(finder([pool('cbr0', ofNode(0))]), 'cbr0', ofNode(1));
    expect(name).toMatch(/^cbr0\.[0-9a-f]{8}$/);
    expect(name).toBe(nameAfter('cbr0', ofNode(1)));
    expect(name).toMatch(patterns.name);
    expect(isInlineName(name, 'cbr0', ofNode(1))).toBe(true);
    expect(isInlineName(name, 'cbr0', ofNode(2))).toBe(false);
  });

  it('by eight digits more where other ranges have the first eight', () => {
    const taken = [pool('cbr0', ofNode(0)), pool(nameAfter('cbr0', ofNode(1)), ofNode(2))];
    const name = newInlineName(finder(taken), 'cbr0', ofNode(1));
    expect(name).toMatch(/^cbr0\.[0-9a-f]{8}\.[0-9a-f]{8}$/);
    expect(isInlineName(name, 'cbr0', ofNode(1))).toBe(true);
    expect(inlinePool(finder([...taken, pool(name, ofNode(1))]), 'cbr0', ofNode(1))?.name).toBe(name);
  });
});

describe('the pool of ranges', () => {
  it('is the network’s own as long as it begins with them, and else the one that is called after both', () => {
    const second = nameAfter('cbr0', ofNode(1));
    const pools = [pool('cbr0', rangesOf('10.42.0.0/24', '10.43.0.0/24')), pool(second, ofNode(1))];
    expect(inlinePool(finder(pools), 'cbr0', ofNode(0))?.name).toBe('cbr0');
    expect(inlinePool(finder(pools), 'cbr0', ofNode(1))?.name).toBe(second);
    expect(inlinePool(finder(pools), 'cbr0', ofNode(2))).toBeUndefined();
  });

  it('is found in whatever order pools came and went', () => {
    const pools = [pool(nameAfter('cbr0', ofNode(1)), ofNode(1))];
    expect(inlinePool(finder(pools), 'cbr0', ofNode(1))?.name).toBe(pools[0]?.name);
    expect(newInlineName(finder(pools), 'cbr0', ofNode(0))).toBe('cbr0');
  });
});
