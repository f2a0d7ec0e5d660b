/** Something that is asked of each of many pools. */
import pMap from 'p-map';
import { LessorError } from '../../core/contract/problems.ts';

/** Requests in flight: API Gateway and the functions have other callers too. */
const READS_AT_ONCE = 8;

/** In the order of the pools, without those that were deleted since they were listed. */
export async function ofEach<Pool, T>(pools: readonly Pool[], ask: (pool: Pool) => Promise<T>): Promise<T[]> {
  const answers = await pMap(pools, (pool) => ask(pool).then((answer) => [answer], leftOut), {
    concurrency: READS_AT_ONCE,
  });
  return answers.flat();
}

function leftOut(error: unknown): [] {
  if (error instanceof LessorError && error.code === 'pool.unknown') return [];
  throw error;
}
