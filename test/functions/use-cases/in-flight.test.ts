import { describe, expect, it } from 'vitest';
import { inChunks } from '../../../functions/use-cases/in-flight.ts';

describe('chunks', () => {
  it.each<[string, (before: number) => number, number[][]]>([
    ['of one size', () => 3, [[0, 1, 2], [3, 4, 5], [6]]],
    ['that grow', (before) => before + 1, [[0], [1, 2], [3, 4, 5, 6]]],
  ])('%s have everything once, in its order', (_, size, expected) => {
    expect([...inChunks([0, 1, 2, 3, 4, 5, 6], size)]).toEqual(expected);
  });

  it('of nothing are none', () => {
    expect([...inChunks([], () => 3)]).toEqual([]);
  });

  it('take no more than they hand out', () => {
    let taken = 0;
    function* all() {
      for (;;) yield taken++;
    }
    for (const chunk of inChunks(all(), () => 4)) if (chunk.includes(5)) break;
    expect(taken).toBe(8);
  });
});
