import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, type Recorded, type Specification } from './wgl.ts';

/** A lock: who has it, if anybody has. */
type Use = { readonly kind: 'take' | 'leave' | 'see'; readonly who: number };
const lock: Specification<number, Use> = {
  initial: 0,
  step: (has, { operation: { kind, who } }) => {
    if (kind === 'see') return has === who ? [has] : [];
    if (kind === 'take') return has === 0 ? [who] : [];
    return has === who ? [0] : [];
  },
  keyOf: String,
};

const NEVER = Number.POSITIVE_INFINITY;
const use = (kind: Use['kind'], who: number, invoked: number, responded = NEVER): Recorded<Use> => ({
  operation: { kind, who },
  invoked,
  responded,
});
const outcomeOf = (history: readonly Recorded<Use>[]) => check(history, lock).outcome;

describe('a history is linearizable', () => {
  it.each<[string, Recorded<Use>[]]>([
    ['that is empty', []],
    ['of one after the other', [use('take', 1, 1, 2), use('leave', 1, 3, 4), use('take', 2, 5, 6)]],
    ['of two at once, in one of their orders', [use('take', 2, 1, 6), use('take', 1, 2, 5), use('leave', 1, 3, 4)]],
    ['whose unanswered operation happened', [use('take', 1, 1), use('see', 1, 2, 3)]],
    ['whose unanswered operation never happened', [use('take', 1, 1), use('take', 2, 2, 3), use('see', 2, 4, 5)]],
    [
      'whose unanswered operation happened long after',
      [use('take', 1, 1), use('take', 2, 2, 3), use('leave', 2, 4, 5), use('see', 1, 6, 7)],
    ],
  ])('%s', (_, history) => {
    expect(outcomeOf(history)).toBe('linearizable');
  });
});

describe('a history is violated', () => {
  it.each<[string, Recorded<Use>[]]>([
    ['by two that have it', [use('take', 1, 1, 2), use('take', 2, 3, 4)]],
    ['by two that took it at once', [use('take', 1, 1, 4), use('take', 2, 2, 3)]],
    ['by an order that only real time forbids', [use('leave', 1, 1, 2), use('take', 1, 3, 4)]],
    [
      'by one unanswered operation that would have to happen twice',
      [use('take', 1, 1), use('see', 1, 2, 3), use('leave', 1, 4, 5), use('see', 1, 6, 7)],
    ],
    ['by what was seen before it was asked for', [use('see', 1, 1, 2), use('take', 1, 3, 4)]],
  ])('%s', (_, history) => {
    expect(outcomeOf(history)).toBe('violated');
  });

  it('and told so: the longest order, and what cannot come next', () => {
    const history = [use('take', 1, 1, 2), use('take', 2, 3, 4), use('leave', 1, 5, 6)];
    const { order, state, stuck } = check(history, lock);
    expect(order).toEqual([history[0]]);
    expect(state).toBe(1);
    expect(stuck).toEqual([history[1]]);
  });
});

/** Each order of each choice of what happened, one after the other. */
function byForce(history: readonly Recorded<Use>[], has = 0): boolean {
  if (history.every(({ responded }) => responded === NEVER)) return true;
  return history.some((one, index) => {
    if (history.some(({ responded }) => responded < one.invoked)) return false;
    const rest = history.filter((_, other) => other !== index);
    return lock.step(has, one, NEVER).some((next) => byForce(rest, next));
  });
}

const histories = fc
  .array(
    fc.record({
      kind: fc.constantFrom<Use['kind'][]>('take', 'take', 'leave', 'leave', 'see'),
      who: fc.integer({ min: 1, max: 2 }),
      moments: fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)),
      isPending: fc.constantFrom(true, false, false, false),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((uses) =>
    uses.map(({ kind, who, moments: [one, other], isPending }) =>
      use(kind, who, Math.min(one, other), isPending ? NEVER : Math.max(one, other)),
    ),
  );

describe('the search', () => {
  it('finds what trying every order finds', () => {
    const outcomes = { linearizable: 0, violated: 0, undecided: 0 };
    fc.assert(
      fc.property(histories, (history) => {
        const outcome = outcomeOf(history);
        outcomes[outcome] += 1;
        expect(outcome).toBe(byForce(history) ? 'linearizable' : 'violated');
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(outcomes.linearizable).toBeGreaterThan(300);
    expect(outcomes.violated).toBeGreaterThan(300);
  });
});
