/** The scheduled function. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { inBackground } from '../runtime.ts';
import { type RecountReport, recount } from '../use-cases/changes/recount.ts';
import { type ReclaimReport, reclaim } from '../use-cases/reclaim/reclaim.ts';

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
  const [reclaimed] = await Promise.allSettled([reclaim(deps, { remainingMs: () => left() - half })]);
  // Once the pools are read, the rest takes some seconds more.
  const call = { caller: 'lessor', remainingMs: () => left() - 10_000 };
  const recounted = await recount(deps, call, pause);
  if (reclaimed.status === 'rejected') throw reclaimed.reason;
  const report = { ...reclaimed.value, ...recounted };
  console.info({ ...report });
  return report;
}
