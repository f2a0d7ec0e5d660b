/** The scheduled function. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { dependencies } from '../runtime.ts';
import { type RecountReport, recount } from '../use-cases/changes/recount.ts';
import { type ReclaimReport, reclaim } from '../use-cases/reclaim/reclaim.ts';

export const handler = async (_: unknown, context: Context): Promise<ReclaimReport & RecountReport> => {
  const left = () => context.getRemainingTimeInMillis();
  // However many nodes died, the recount has half of the time; and it is made although some could not be reclaimed.
  const half = left() / 2;
  const [reclaimed] = await Promise.allSettled([reclaim(dependencies, { remainingMs: () => left() - half })]);
  // Once the pools are read, the rest takes some seconds more.
  const call = { caller: 'lessor', remainingMs: () => left() - 10_000 };
  const recounted = await recount(dependencies, call, wait);
  if (reclaimed.status === 'rejected') throw reclaimed.reason;
  const report = { ...reclaimed.value, ...recounted };
  console.info({ ...report });
  return report;
};
