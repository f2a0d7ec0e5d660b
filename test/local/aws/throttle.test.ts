import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ThrottleDefinition, tokenBucket } from '../../../local/aws/throttle.ts';

/** How many of so many requests at each of these times pass. */
function admitted(
  throttle: ThrottleDefinition,
  requests: readonly { at: number; count: number }[],
  bucket = tokenBucket,
): number[] {
  let now = 0;
  const admit = bucket(throttle, () => now);
  return requests.map(({ at, count }) => {
    now = at;
    return Array.from({ length: count }, () => admit()).filter(Boolean).length;
  });
}

describe("a stage's throttle", () => {
  it('lets a burst pass, and no more', () => {
    expect(admitted({ rate: 10, burst: 5 }, [{ at: 0, count: 8 }])).toEqual([5]);
  });

  it('then lets the rate pass, and saves up no more than a burst', () => {
    const asked = [
      { at: 0, count: 5 },
      { at: 50, count: 1 },
      { at: 100, count: 2 },
      { at: 1000, count: 20 },
      { at: 60_000, count: 20 },
    ];
    expect(admitted({ rate: 10, burst: 5 }, asked)).toEqual([5, 0, 1, 5, 5]);
  });

  it('never lets more pass in any time than its burst and what the rate adds', () => {
    expect(() => fc.assert(keepsWithin(tokenBucket))).not.toThrow();
  });

  it('is told from one that fills again beyond its burst', () => {
    const saving: typeof tokenBucket = ({ rate, burst }, now) => {
      const began = now();
      let taken = 0;
      return () => {
        taken += 1;
        return taken <= burst * 2 + ((now() - began) / 1000) * rate;
      };
    };
    expect(() => fc.assert(keepsWithin(saving), { seed: 1 })).toThrow('Property failed');
  });
});

/** In any time no more than the burst and what the rate adds. */
function keepsWithin(bucket: typeof tokenBucket) {
  const step = fc.record({ after: fc.integer({ min: 0, max: 500 }), count: fc.nat(40) });
  const throttle = fc.record({ rate: fc.integer({ min: 1, max: 100 }), burst: fc.integer({ min: 1, max: 20 }) });
  return fc.property(throttle, fc.array(step, { maxLength: 30 }), (limits, steps) => {
    let at = 0;
    const asked = steps.map(({ after, count }) => {
      at += after;
      return { at, count };
    });
    const passed = admitted(limits, asked, bucket);
    return asked.every(({ at: from }, first) => {
      let between = 0;
      return asked.slice(first).every(({ at: to }, after) => {
        between += passed[first + after] ?? 0;
        return between <= limits.burst + (limits.rate * (to - from)) / 1000 + 1e-6;
      });
    });
  });
}
