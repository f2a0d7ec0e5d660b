import { describe, expect, test } from 'vitest';
import { inTurn } from './in-turn.ts';
import { PAGE, written } from './page.ts';
import { figureOf, spreadOf } from './spread.ts';
import { tableOf } from './table.ts';

const quiet = { progress: () => undefined };

describe('figures', () => {
  test('are medians and quartiles, and ratios of pairs', () => {
    const figure = figureOf({ name: 'a', samples: [2, 40, 6] }, { name: 'b', samples: [1, 10, 2] }, 'ms');
    expect(figure.value).toEqual({ median: 6, low: 4, high: 23, runs: 3, unit: 'ms' });
    // 2, 4 and 3: a slow round slows both of a pair.
    expect(figure.ratio).toMatchObject({ median: 3, low: 2.5, high: 3.5 });
  });

  test('are not made of what was not measured', () => {
    expect(() => spreadOf([], 'ms')).toThrow(/there are none/);
    expect(() => spreadOf([1, Number.NaN], 'ms')).toThrow(/NaN/);
    expect(() => figureOf({ name: 'a', samples: [1] }, { name: 'b', samples: [0] }, 'ms')).toThrow(/no spread/);
    expect(() => figureOf({ name: 'a', samples: [1, 2] }, { name: 'b', samples: [1] }, 'ms')).toThrow(/in pairs/);
  });
});

describe('contenders', () => {
  test('take turns there and back, and what warms up is thrown away', async () => {
    const order: string[] = [];
    const contender = (name: string) => ({ name, once: () => order.push(name) });
    const taken = await inTurn([contender('a'), contender('b')], { rounds: 2, warmUp: 1, ...quiet });
    expect(order.join('')).toBe('baabba');
    expect(taken).toEqual([
      { name: 'a', samples: [3, 6] },
      { name: 'b', samples: [4, 5] },
    ]);
  });

  test('of which one fails end the measurement', async () => {
    const failing = { name: 'a', once: () => Promise.reject(new Error('the ADD failed')) };
    await expect(inTurn([failing], { rounds: 1, warmUp: 0, ...quiet })).rejects.toThrow('the ADD failed');
  });
});

describe('a table', () => {
  const figure = (goal: object, value = 3.004) => ({
    ...figureOf({ name: 'an ADD', samples: [value] }, { name: 'nothing', samples: [1] }, 'ms'),
    goal,
  });

  test('says of each goal whether it was met, by the figure that it shows', () => {
    expect(tableOf([figure({ atMost: 3 })])[2]).toContain('| at most 3: met');
    expect(tableOf([figure({ atMost: 2.9 })])[2]).toContain('| **at most 2.9: missed**');
    expect(tableOf([figure({ atLeast: 0.8 }, 0.7)])[2]).toContain('| **at least 0.8: missed**');
  });

  test('has its columns below each other', () => {
    const lengths = tableOf([figure({ atMost: 3 }), figure({}, 123_456)]).map((line) => line.length);
    expect(new Set(lengths).size).toBe(1);
  });

  test('is one line where nothing could be measured', () => {
    expect(tableOf({ skipped: 'Go is not here' })).toEqual(['Skipped: Go is not here.']);
  });
});

describe('the page', () => {
  const place = (name: string) => `<!-- ${name} -->\nold ${name}\n<!-- /${name} -->\n`;
  const page = `before\n${['goals', 'calm', 'storm'].map(place).join('between\n')}after\n`;
  const names = ['calm', 'storm'];
  const one = (name: string) => ({ name, what: `a ${name}` });
  const judged = (value: number) => [
    { ...figureOf({ name: 'an ADD', samples: [value] }, { name: 'nothing', samples: [1] }, 'ms'), goal: { atMost: 3 } },
  ];

  test('gets a section where it belongs, and keeps the rest', () => {
    const next = written(page, one('storm'), judged(2), names);
    expect(next).toMatch(/^before\n.*between\n.*old calm.*between\n.*a storm.*at most 3: met.*\nafter\n$/s);
    expect(next).not.toContain('old storm');
    const again = written(next, one('storm'), judged(2), names);
    const withoutLoad = (text: string) => text.replaceAll(/load average [\d.]+/g, '');
    expect(withoutLoad(again)).toBe(withoutLoad(next));
  });

  test('has the goals of all sections, whenever they were measured, and those that are missed', () => {
    const next = written(written(page, one('calm'), judged(5), names), one('storm'), judged(2), names);
    const goals = next.slice(0, next.indexOf('<!-- /goals -->'));
    expect(goals).toMatch(
      /\| calm +\| 0 of 1 .*\| storm +\| 1 of 1 .*Missed:.*\| calm +\| an ADD \| 5 \(5 ms\) \| at most 3 \|/s,
    );
  });

  test('says what could not be measured', () => {
    expect(written(page, one('storm'), { skipped: 'Go is not here' }, names)).toContain('Skipped: Go is not here.');
  });

  test('that has no place for a section is not written', () => {
    expect(() => written(page, one('weather'), judged(2), names)).toThrow(`${PAGE} needs <!-- weather -->`);
  });
});
