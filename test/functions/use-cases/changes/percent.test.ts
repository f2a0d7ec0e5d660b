import { expect, test } from 'vitest';
import { percentOf } from '../../../../functions/use-cases/changes/percent.ts';

test.each([
  [0, 0],
  [0.2504, 25],
  [0.2505, 25.1],
  [0.9994, 99.9],
  [0.9995, 99.9],
  [0.99999, 99.9],
  [1, 100],
  [1.2, 100],
])('A pool that is used to %s is full to %s percent: to 100 only where nothing is free', (use, percent) => {
  expect(percentOf(use)).toBe(percent);
});
