import { describe, expect, it } from 'vitest';
import { changeRegistry } from '../../../../functions/use-cases/pools/change-registry.ts';
import {
  done,
  overtaken,
  poolContention,
  untilWritten,
} from '../../../../functions/use-cases/pools/optimistic-write.ts';
import { refusalOf, world } from '../../world.ts';

/** Chance that waits for nothing and keeps what it was asked for. */
function noted() {
  const bounds: number[] = [];
  const random = (below: number) => {
    bounds.push(below);
    return 0;
  };
  return { bounds, random };
}

describe('a write that others overtake', () => {
  it('is tried again, and its result is that of the first try which nobody overtook', async () => {
    const { bounds, random } = noted();
    let tries = 0;
    const attempt = async () => (++tries < 3 ? overtaken : done(tries));
    expect(await untilWritten({ random, now: () => 0 }, poolContention('blue'), attempt)).toBe(3);
    expect(bounds).toEqual([20, 40]);
  });

  it('is tried 16 times where it is a pool’s, after pauses below 20, 40, 80 and then 100 ms', async () => {
    const { bounds, random } = noted();
    const deps = { random, now: () => 0 };
    const refusal = await refusalOf(untilWritten(deps, poolContention('blue'), async () => overtaken));
    expect([refusal.code, refusal.message]).toEqual([
      'service.busy',
      'Pool blue is being changed by many at once: try again',
    ]);
    expect(bounds).toEqual([20, 40, 80, ...Array(13).fill(100)]);
  });

  it('is not tried again after 7 s', async () => {
    let now = 0;
    let tries = 0;
    const deps = { random: () => 0, now: () => now };
    const attempt = async () => {
      now += 1500;
      tries += 1;
      return overtaken;
    };
    expect((await refusalOf(untilWritten(deps, poolContention('blue'), attempt))).code).toBe('service.busy');
    expect(tries).toBe(5);
  });

  it('is tried 80 times where it is a registry’s, after pauses below 20 to 200 ms', async () => {
    const { bounds, random } = noted();
    const deps = world().environment();
    const store = { ...deps.store, pools: { ...deps.store.pools, writeRegistry: async () => false } };
    const refusal = await refusalOf(
      changeRegistry({ ...deps, store, random }, 'default', async (registry) => ({ registry, result: 0 })),
    );
    expect(refusal.message).toBe('The registry of VRF default is being changed by many at once: try again');
    expect(bounds).toEqual([20, 40, 80, 160, ...Array(76).fill(200)]);
  });
});
