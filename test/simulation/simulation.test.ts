/** As much of the simulation as CI has time for, and that a run is what its seed says. */
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Played } from '../../simulation/player.ts';
import { commandOf, type PlayOrder, playsFor } from '../../simulation/plays.ts';
import { sumOf, violationText } from '../../simulation/report.ts';
import { startWorkers, type Workers } from '../../simulation/workers.ts';
import { OF_CI } from './operations.ts';

const PROCESSES = 2;

let workers: Workers;
beforeAll(async () => {
  workers = await startWorkers(PROCESSES);
});
afterAll(() => workers?.end());

describe(`${OF_CI} operations`, () => {
  it('free no living address, hold none twice, and leave nothing behind', async () => {
    const all = await pMap(playsFor(OF_CI), (order) => workers.play(order, true), { concurrency: PROCESSES });
    for (const played of all) expect(played.run.violations, violationText(played)).toEqual([]);
    const sum = sumOf(all);
    process.stdout.write(`${JSON.stringify(sum)}\n`);
    expect(sum.operations).toBeGreaterThanOrEqual(OF_CI);
  }, 1_200_000);
});

describe('A seed', () => {
  const order: PlayOrder = { seed: 7, configuration: 'delegated', operations: 3_000 };

  it('gives the same run again, whichever process plays it', async () => {
    // With a mistake in it: of a sound run the trace is not kept.
    const broken = { ...order, mutant: 'a blind Put: an ADD holds whatever slot it comes to' };
    const [one, other] = await Promise.all([workers.play(broken), workers.play(broken)]);
    expect(one.run.trace.length).toBeGreaterThan(10);
    expect(other.run).toEqual(one.run);
  }, 600_000);

  it('with a violation is shrunk to a few acts, which say so again', async () => {
    const broken = { ...order, mutant: 'a blind Put: an ADD holds whatever slot it comes to' };
    const { run, shrunk } = (await workers.play(broken, true)) as Played;
    const again = await workers.play(shrunk?.order ?? order);
    expect(again.run.violations[0]?.property).toBe(run.violations[0]?.property);
    expect(again.run.trace).toEqual(shrunk?.run.trace);
    expect(shrunk?.order.only?.length).toBeLessThan(Math.max(8, run.counts.acts / 2));
    expect(violationText({ order: broken, run, shrunk })).toContain(commandOf(shrunk?.order ?? order));
  }, 600_000);
});
