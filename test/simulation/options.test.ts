import { describe, expect, it, test } from 'vitest';
import { configurationNames } from '../../simulation/configurations.ts';
import { readOptions } from '../../simulation/options.ts';
import { commandOf } from '../../simulation/plays.ts';

const ordersOf = (...words: string[]) => [...readOptions(words).orders()];

describe('a simulation that is told', () => {
  test('nothing plays 200,000 operations of all configurations', () => {
    const orders = ordersOf();
    expect(new Set(orders.map(({ configuration }) => configuration))).toEqual(new Set(configurationNames));
    expect(orders[0]).toMatchObject({ seed: 1 });
  });

  test('how a run was made smaller plays that run', () => {
    const order = {
      ...({ seed: 7, configuration: 'tiny', operations: 900, mutant: 'hold 1 slotCooled' } as const),
      ...{ acts: 4, only: [1, 3], isHealed: false, without: ['lost', 'late'] },
    };
    const words =
      commandOf(order)
        .replace('npm run simulate -- ', '')
        .match(/'[^']*'|\S+/g) ?? [];
    const options = readOptions(words.map((word) => word.replaceAll("'", '')));
    expect([...options.orders()]).toEqual([order]);
    expect(options.isShrunk).toBe(false);
  });
});

describe('a simulation is not begun', () => {
  it.each([
    ['--operations many', '--operations many is not a whole number from 1 to 1000000000000'],
    ['--operations 0', '--operations 0 is not a whole number from 1'],
    ['--seed 1.5', '--seed 1.5 is not a whole number from 0'],
    ['--first-seed 0x10', '--first-seed 0x10 is not a whole number'],
    ['--processes 0', '--processes 0 is not a whole number from 1 to 256'],
    ['--seed 1 --only 1,two', '--only two is not a whole number'],
    ['--configuration tinny', '--configuration tinny is not known: did you mean tiny?'],
    ['--seed 1 --without loss', '--without loss is not known: did you mean lost?'],
    ['--mutant blind', '--mutant blind is not known: npm run simulate -- --help lists the options'],
    ['--only 1,2', '--only is of one run: say which one: --seed N'],
    ['--trace', '--trace is of one run'],
    ['--sed 1', "Unknown option '--sed'"],
    ['more', "Unexpected argument 'more'"],
  ])('where it is told %s', (line, message) => {
    expect(() => ordersOf(...line.split(' '))).toThrow(message);
  });
});
