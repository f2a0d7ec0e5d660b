/** The scheduled function. */
import { dependencies } from '../runtime.ts';
import { type ReclaimReport, reclaim } from '../use-cases/reclaim.ts';

export const handler = async (): Promise<ReclaimReport> => {
  const report = await reclaim(dependencies);
  console.info({ ...report });
  return report;
};
