/** The bound of docs/quotas.md: environments that lease at once, counters that come late, each request interleaved with the others'. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { LessorError } from '../../../../core/contract/problems.ts';
import { quotaTimes } from '../../../../functions/use-cases/add/quota.ts';
import { countChanges } from '../../../../functions/use-cases/changes/count-changes.ts';
import { intercepted } from '../../intercepted.ts';
import { leaseStream } from '../../lease-stream.ts';
import { add, addOf, del, delOf, operatorsPool, proposal, world } from '../../world.ts';

const ENVIRONMENTS = 8;
/** From the check of an ADD to its write at most, and from the write until the stream has it counted. */
const WRITTEN_WITHIN_MS = 500;
const STREAM_LAG_MS = 1_000;
const TICK_MS = 250;

interface Step {
  readonly pause: number;
  readonly releases: boolean;
}
/** What one environment does, one after the other: ticks that it lets go by, then an ADD, or a DEL of its oldest lease. */
const step: fc.Arbitrary<Step> = fc.record({
  pause: fc.constantFrom(0, 0, 0, 0, 1, 3, 12, 24),
  releases: fc.constantFrom(false, false, false, true),
});
interface Plan {
  readonly quota: number;
  readonly environments: Step[][];
}
const plan: fc.Arbitrary<Plan> = fc.record({
  quota: fc.integer({ min: 1, max: 24 }),
  environments: fc.array(fc.array(step, { maxLength: 10 }), { minLength: 1, maxLength: ENVIRONMENTS }),
});

interface Played {
  /** Leases beyond the quota, at most. */
  readonly over: number;
  readonly refused: number;
}

/** @throws Error if an environment goes beyond the quota by more than what others leased in the window */
async function play({ quota, environments }: Plan, scheduler: fc.Scheduler, countWithinSeconds = 1): Promise<Played> {
  const base = world(undefined, { countWithinSeconds });
  const lag = countWithinSeconds * 1000 + STREAM_LAG_MS;
  const window = 2_000 + WRITTEN_WITHIN_MS + lag;
  const stream = leaseStream(base.store);
  const pool = await operatorsPool(base, { addresses: 200, blockSize: 256 });
  const state = await base.store.pools.readPool(pool.id);
  if (state) await base.store.pools.changePool({ ...state, definition: { ...pool, quota }, version: 2 });
  const writes: { at: number; environment: number; grant: boolean }[] = [];
  const underWay = new Map<number, number>();
  let [over, refused, next, told, left] = [0, 0, 0, 0, environments.length];
  let ticks = 0;

  const now = () => base.clock.now;
  const turn = (what: string) => scheduler.schedule(Promise.resolve(), what);
  const counting = base.environment();

  /** The clock goes on as long as anyone is at work; it waits for writes that take too long, and no change waits too long for it. */
  const time = async () => {
    while (left > 0) {
      await turn('the clock goes on');
      if ([...underWay.values()].some((since) => now() - since >= WRITTEN_WITHIN_MS)) continue;
      base.clock.now += TICK_MS;
      ticks += 1;
      const due = writes.filter(({ at }) => at <= now() - lag + TICK_MS).length;
      if (due > told) await countChanges(counting, 's', stream.changes.slice(told, due));
      told = Math.max(told, due);
    }
  };

  const lease = async (environment: number) => {
    const store = intercepted(stream.store, async (name, _, proceed) => {
      if (!['read', 'hold', 'release'].includes(name)) return proceed();
      await turn(`${environment} sends ${name}`);
      const answer = await proceed();
      // Another environment may have taken the slot first.
      if (name === 'hold' && (answer as { held: boolean }).held) written(environment, true);
      if (name === 'release') written(environment, false);
      await turn(`${environment} reads the answer to ${name}`);
      return answer;
    });
    const deps = base.environment({ store });
    const mine: number[] = [];
    for (const { pause, releases } of environments[environment] ?? []) {
      const until = ticks + pause;
      while (ticks < until) await turn(`${environment} waits`);
      const container = next++;
      const oldest = releases ? mine.shift() : undefined;
      underWay.set(environment, now());
      if (oldest !== undefined) {
        await del(deps, `i-${environment}`, delOf(oldest, { slot: proposal(pool, 0, oldest), acknowledged: true }));
      } else {
        const asked = { pool: { vrf: 'default', name: 'blue' }, proposal: proposal(pool, 0, container) };
        await add(deps, `i-${environment}`, addOf(container, asked)).then(
          () => mine.push(container),
          (error: unknown) => {
            if (!(error instanceof LessorError && error.code === 'pool.quota')) throw error;
            refused += 1;
          },
        );
      }
      underWay.delete(environment);
    }
    left -= 1;
  };

  const written = (environment: number, grant: boolean) => {
    writes.push({ at: now(), environment, grant });
    const held = writes.reduce((sum, write) => sum + (write.grant ? 1 : -1), 0);
    if (!grant) return;
    over = Math.max(over, held - quota);
    const others = writes.filter(
      (write) => write.grant && write.environment !== environment && write.at > now() - window,
    );
    if (held > quota + others.length) {
      throw new Error(
        `${held} leases are held, ${others.length} of them leased by others lately; the quota is ${quota}`,
      );
    }
  };

  await scheduler.waitFor(Promise.all([time(), ...environments.map((_, environment) => lease(environment))]));
  return { over, refused };
}

const property = (steps = plan, countWithinSeconds = 1) =>
  fc.asyncProperty(
    steps,
    fc.scheduler(),
    async (played, scheduler) => void (await play(played, scheduler, countWithinSeconds)),
  );

/** One environment leases and then nothing for 7 s, in which the others use the quota up. */
const sleeper: fc.Arbitrary<Plan> = fc.constant({
  quota: 16,
  environments: [[0, 28, 0].map((pause) => ({ pause, releases: false }))].concat(
    Array.from({ length: 7 }, () => [0, 0, 0].map((pause) => ({ pause, releases: false }))),
  ),
});

describe('a quota under concurrency', () => {
  const times = { ...quotaTimes };
  afterEach(() => void Object.assign(quotaTimes, times));

  it('is exceeded at most by what other environments leased since the counter was up to date', () =>
    fc.assert(property(), { numRuns: 300 }));

  it('is exceeded by no more where changes wait 10 s to be counted together', () =>
    fc.assert(property(plan, 10), { numRuns: 100 }));

  it('is never exceeded by one environment alone', () =>
    fc.assert(
      fc.asyncProperty(plan, fc.scheduler(), async ({ quota, environments }, scheduler) => {
        const alone = { quota, environments: [environments.flat()] };
        for (const seconds of [1, 10]) expect((await play(alone, scheduler, seconds)).over).toBeLessThanOrEqual(0);
      }),
      { numRuns: 100 },
    ));

  it('is known to an environment that had nothing to do while others used it up', () =>
    fc.assert(property(sleeper), { numRuns: 20 }));

  it.each<[string, Partial<typeof quotaTimes>, seconds: number, fc.Arbitrary<Plan>?]>([
    ['forgets what it granted when it reads the counter', { countedAfterMs: -2_000 }, 1],
    ['remembers 3 s of what it granted, where changes wait 10 s', { countedAfterMs: -7_000 }, 10],
    ['believes for ever what it read once', { readEveryMs: Number.POSITIVE_INFINITY }, 1, sleeper],
  ])('would be exceeded by more if an environment %s', async (_, broken, seconds, steps) => {
    Object.assign(quotaTimes, broken);
    await expect(fc.assert(property(steps, seconds), { numRuns: 200 })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('the quota is') },
    });
  });

  it.each([0, 1, 4])(
    'is exceeded by less than each environment could alone: 160 ADDs, %s ticks apart',
    async (pause) => {
      const quota = 20;
      const environments = Array.from({ length: ENVIRONMENTS }, () =>
        Array.from({ length: 20 }, () => ({ pause, releases: false })),
      );
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          const { over, refused } = await play({ quota, environments }, scheduler);
          expect(refused).toBe(160 - quota - over);
          expect(over).toBeLessThanOrEqual((ENVIRONMENTS - 1) * quota);
        }),
        { numRuns: 20 },
      );
    },
  );
});
