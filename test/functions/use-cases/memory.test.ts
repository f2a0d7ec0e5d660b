import { describe, expect, it } from 'vitest';
import { remembered } from '../../../functions/use-cases/memory.ts';

describe('what is remembered', () => {
  it('counts for less than its time to live', () => {
    const memory = remembered<string>(100);
    memory.set('a', 'first', 1_000);
    expect([1_000, 1_099, 1_100].map((now) => memory.get('a', now))).toEqual(['first', 'first', undefined]);
    expect(memory.peek('a')).toBe('first');
  });

  it('counts from when it was set last', () => {
    const memory = remembered<string>(100);
    memory.set('a', 'first', 1_000);
    memory.set('a', 'second', 1_050);
    expect([1_149, 1_150].map((now) => memory.get('a', now))).toEqual(['second', undefined]);
  });

  it('is told by when it was set', () => {
    const memory = remembered<string>(100);
    memory.set('a', 'older', 1_000);
    memory.set('b', 'younger', 1_001);
    expect([1_000, 1_001, 9_000].map((now) => memory.setBefore(now))).toEqual([[], ['older'], ['older', 'younger']]);
  });

  it('goes where there is too much of it, what was set first before all else', () => {
    const memory = remembered<number>(Number.POSITIVE_INFINITY, 2);
    memory.set('a', 1, 0);
    memory.set('b', 2, 0);
    memory.set('a', 3, 0);
    memory.set('c', 4, 0);
    expect(['a', 'b', 'c'].map((key) => memory.get(key, 0))).toEqual([3, undefined, 4]);
  });

  it('is forgotten', () => {
    const memory = remembered<number>(100);
    memory.set('a', 1, 0);
    memory.delete('a');
    expect([memory.get('a', 0), memory.peek('a')]).toEqual([undefined, undefined]);
  });
});
