import { describe, expect, test } from 'vitest';
import { outcomeOf } from '../../../cni-shim/api/call-outcome.ts';
import { LessorError } from '../../../core/contract/problems.ts';

describe('a call of the API', () => {
  test('that is answered is granted', async () => {
    expect(await outcomeOf(Promise.resolve(7))).toEqual({ kind: 'granted', answer: 7 });
  });

  test.each([
    ['pool.exhausted', 'refused'],
    ['lease.lost', 'refused'],
    ['node.credentials', 'refused'],
    ['service.busy', 'unanswered'],
    ['service.unavailable', 'unanswered'],
    ['service.fault', 'refused'],
  ] as const)('that fails with %s is %s', async (code, kind) => {
    const error = new LessorError(code, 'no');
    expect(await outcomeOf(Promise.reject(error))).toEqual({ kind, error });
  });

  test('that fails otherwise is a fault', async () => {
    await expect(outcomeOf(Promise.reject(new RangeError('a fault')))).rejects.toThrow(RangeError);
  });
});
