/** The scheduled function. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { dependencies } from '../runtime.ts';
import { type RecountReport, recount } from '../use-cases/changes/recount.ts';
import { type ReclaimReport, reclaim } from '../use-cases/reclaim/reclaim.ts';

export const handler = async (_: unknown, context: Context): Promise<ReclaimReport & RecountReport> => {
  const reclaimed = await reclaim(dependencies);
  // Once the pools are read, the rest takes some seconds more.
  const call = { caller: 'lessor', remainingMs: () => context.getRemainingTimeInMillis() - 10_000 };
  const report = { ...reclaimed, ...(await recount(dependencies, call, wait)) };
  console.info({ ...report });
  return report;
};
