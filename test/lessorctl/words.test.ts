/** Ages, shares, sizes and times as tables have them, and as users write them. */
import { describe, expect, it } from 'vitest';
import { readSpan, readTime } from '../../lessorctl/commands/times.ts';
import { ageCell, counted, shareCell, sizeText } from '../../lessorctl/commands/words.ts';

const now = Date.parse('2026-01-31T12:00:00Z');

describe('a table has', () => {
  it.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m'],
    [200, '3m20s'],
    [600, '10m'],
    [3 * 3_600 + 60, '3h1m'],
    [26 * 3_600, '1d2h'],
    [12 * 86_400 + 5, '12d'],
    [-5, '0s'],
  ])('an age of %d s as %s', (seconds, text) => {
    expect(ageCell(new Date(now - seconds * 1_000).toISOString(), now)).toBe(text);
  });

  it.each([
    [0, '253', '0%'],
    [1, '253', '<1%'],
    [100, '253', '39%'],
    [202, '253', '79%'],
    [203, '253', { text: '80%', tone: 'waits' }],
    [253, '253', { text: '100%', tone: 'bad' }],
    [5, '18446744073709551615', '<1%'],
    [0, '0', { text: '-', tone: 'faint' }],
  ])('%d of %s as %j', (part, whole, cell) => {
    expect(shareCell(part, whole)).toEqual(cell);
  });

  it('numbers that can be read', () => {
    expect(['0', '65536', '999999999', '16777216000', '18446744073709551615'].map(sizeText)).toEqual([
      '0',
      '65536',
      '999999999',
      '1.7e10',
      '1.8e19',
    ]);
    expect([counted(1, 'pool'), counted(2, 'pool'), counted('1', 'address', 'addresses'), counted(0, 'lease')]).toEqual(
      ['1 pool', '2 pools', '1 address', '0 leases'],
    );
  });
});

describe('a user writes', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['4h', 14_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
  ])('%s for %d ms', (text, span) => {
    expect(readSpan('--x', text)).toBe(span);
  });

  it.each(['', '5', 'h', '-5m', '1.5h', '1y', '9999999s'])('no span as %j', (text) => {
    expect(() => readSpan('--x', text)).toThrow(`--x ${JSON.stringify(text)} is no span of time`);
  });

  it.each([
    ['2h', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31', '2026-01-31T00:00:00Z'],
    ['2026-01-31T12:00:00+01:00', '2026-01-31T12:00:00+01:00'],
  ])('%s for %s', (text, time) => {
    expect(readTime('--at', text, now)).toBe(time);
  });

  it.each(['yesterday', '2026-02-30T25:00:00Z', '2026-01-31T12:00:00', '12:00'])('no time as %j', (text) => {
    expect(() => readTime('--at', text, now)).toThrow(`--at ${JSON.stringify(text)} is no time`);
  });
});
