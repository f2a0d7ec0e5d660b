import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';

describe('the explorer', () => {
  const puzzle = {
    initial: [0, 0] as const,
    key: JSON.stringify,
    steps: ([a, b]: readonly [number, number]) =>
      [
        { label: 'right', next: [Math.min(a + 1, 3), b] as const },
        { label: 'up', next: [a, Math.min(b + 1, 3)] as const },
      ] as const,
  };

  it('finds each state once', () => {
    expect(explore({ ...puzzle, violation: () => undefined })).toEqual({ states: 16, depth: 6 });
  });

  it('tells a shortest way to what is wrong', () => {
    const found = explore({ ...puzzle, violation: ([a, b]) => (a === 1 && b === 2 ? 'there' : undefined) });
    expect(found).toMatchObject({ depth: 3, violation: { what: 'there' } });
    expect(found.violation?.trace.toSorted()).toEqual(['right', 'up', 'up']);
  });

  it('looks at the first state too', () => {
    const found = explore({ ...puzzle, violation: () => 'here' });
    expect(found).toEqual({ states: 1, depth: 0, violation: { what: 'here', trace: [] } });
  });
});
