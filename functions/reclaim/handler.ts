/** The scheduled function. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { inBackground } from '../runtime.ts';
import { noteReadings } from '../use-cases/changes/pool-fill.ts';
import type { PoolReading } from '../use-cases/changes/pool-reading.ts';
import { type RecountReport, recount } from '../use-cases/changes/recount.ts';
import { daysUntil } from '../use-cases/forecast/days-until.ts';
import { sampler } from '../use-cases/forecast/samples.ts';
import { declareSilent } from '../use-cases/reclaim/declare-silent.ts';
import { type ReclaimReport, reclaim } from '../use-cases/reclaim/reclaim.ts';
import { emitForecasts, emitReclaim, emitRecount, foretold, fullest, tellSilence } from './run-metrics.ts';

/** What a run that could not read all pools has for the events of those that it read, and for its metrics. */
const FOR_THE_REST_MS = 4_000;

type Report = ReclaimReport & RecountReport;

const dependencies = inBackground();

export const handler = (_: unknown, context: Context): Promise<Report> => scheduled(dependencies, context, wait);

/** @throws what the first node failed with that could not be reclaimed, once all the rest is done */
export async function scheduled(
  deps: ReturnType<typeof inBackground>,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  pause: (milliseconds: number) => Promise<unknown>,
): Promise<Report> {
  const left = () => context.getRemainingTimeInMillis();
  // However many nodes died, the recount has half of the time; and it is made although some could not be reclaimed.
  const half = left() / 2;
  const [silent] = await Promise.allSettled([declareSilent(deps, { remainingMs: () => left() - half })]);
  const [reclaimed] = await Promise.allSettled([reclaim(deps, { remainingMs: () => left() - half })]);
  // Once the pools are read, the rest takes some seconds more.
  const call = { caller: 'lessor', remainingMs: () => left() - 10_000 };
  const readings: PoolReading[] = [];
  const samples = sampler(deps, call);
  const recounted = await recount(deps, call, pause, (reading) => {
    readings.push(reading);
    samples.note(reading);
  });
  const sampled = await samples.end();
  emitRecount(recounted, readings);
  const [foreseen, noted] = await Promise.allSettled([
    daysUntil(deps, call, foretold(readings)),
    noteReadings(deps, { remainingMs: () => left() - FOR_THE_REST_MS }, readings),
  ]);
  if (foreseen.status === 'rejected')
    console.error({ message: 'When pools are full was not foreseen', cause: String(foreseen.reason) });
  else emitForecasts(foreseen.value);
  if (noted.status === 'rejected')
    console.error({ message: 'How full pools are was not noted', cause: String(noted.reason) });
  // Nothing was declared that was not read: the next run looks again.
  if (silent.status === 'rejected')
    console.error({ message: 'Silent nodes were not looked for', cause: String(silent.reason) });
  else if (silent.value !== undefined) tellSilence(silent.value);
  if (sampled.failed > 0) console.error({ message: 'The use of some pools was not noted', ...sampled });
  if (reclaimed.status === 'rejected') throw reclaimed.reason;
  // Only of a run that ended well: that there is none is what an alarm goes by.
  emitReclaim(reclaimed.value);
  const report = { ...reclaimed.value, ...recounted };
  console.info({ ...report, fullest: fullest(readings) });
  return report;
}
