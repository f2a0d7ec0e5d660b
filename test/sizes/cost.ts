/** What one operation costs where each request to DynamoDB takes 4 ms: requests, how many at once, time, and the answer's bytes. */
import { LessorError } from '../../core/contract/problems.ts';
import type { Call, Dependencies } from '../../functions/use-cases/dependencies.ts';
import { intercepted } from '../functions/intercepted.ts';
import { START, type World } from '../functions/world.ts';
import { virtualTime } from './virtual-time.ts';

const LATENCY_MS = 4;
/** Of a function that answers requests. */
export const FUNCTION_MS = 10_000;

export interface Cost {
  readonly requests: number;
  readonly mostAtOnce: number;
  /** Of virtual time. */
  readonly milliseconds: number;
  readonly bytes: number;
  /** The problem's code, where it is refused. */
  readonly refused?: string;
}

export type Operation = (deps: Dependencies, call: Call) => Promise<unknown>;

/** In an environment that has seen nothing yet. */
export async function costOf(
  here: World,
  caller: string,
  operation: Operation,
  allowedMs = FUNCTION_MS,
): Promise<Cost> {
  const time = virtualTime();
  let requests = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  const store = intercepted(here.store, async (_, __, proceed) => {
    requests += 1;
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    await time.sleep(LATENCY_MS);
    atOnce -= 1;
    return proceed();
  });
  const deps = here.environment({ store, now: () => START + time.now() });
  const call = { caller, remainingMs: () => allowedMs - time.now() };
  const outcome = await time.during(() => operation(deps, call)).catch(refusal);
  const refused = outcome instanceof LessorError ? { refused: outcome.code } : {};
  const bytes = Buffer.byteLength(JSON.stringify(outcome) ?? '');
  return { requests, mostAtOnce, milliseconds: time.now(), bytes, ...refused };
}

function refusal(error: unknown): LessorError {
  if (error instanceof LessorError) return error;
  throw error;
}
