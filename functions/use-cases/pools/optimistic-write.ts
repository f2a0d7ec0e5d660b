/** Changing what others change too: read, decide, write if nobody wrote meanwhile; again after a pause, until that succeeds. */
import { LessorError } from '../../../core/contract/problems.ts';
import { type BackOff, pauseOf } from '../../../core/protocol/back-off.ts';
import type { Dependencies } from '../dependencies.ts';

/** What one try came to. */
export type Attempt<T> =
  | { readonly kind: 'done'; readonly result: T }
  /** Another wrote after this one had read. */
  | { readonly kind: 'overtaken' };

export const done = <T>(result: T): Attempt<T> => ({ kind: 'done', result });
export const overtaken = { kind: 'overtaken' } as const;

export interface Contention {
  /** What is changed, as a message begins with it. */
  readonly subject: string;
  readonly attempts: number;
  /** By so much those who failed together are spread. */
  readonly pauses: BackOff;
}

/** So many may change one pool at the same moment. */
export const poolContention = (name: string): Contention => ({
  subject: `Pool ${name}`,
  attempts: 16,
  pauses: { first: 20, longest: 100 },
});

/** Milliseconds after which none is tried again: a request may take 10 s, and with thousands of pools an attempt takes its time. */
const TRIED_MS = 7_000;

/**
 * The result of the first attempt that nobody overtook.
 * @throws LessorError service.busy where there is none among so many, or in time, and whatever `attempt` throws
 */
export async function untilWritten<T>(
  { random, now }: Pick<Dependencies, 'random' | 'now'>,
  { subject, attempts, pauses }: Contention,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  const end = now() + TRIED_MS;
  for (let repeats = 0; repeats < attempts && now() < end; repeats += 1) {
    const outcome = await attempt();
    if (outcome.kind === 'done') return outcome.result;
    await pause(random(pauseOf(pauses, repeats)));
  }
  throw new LessorError('service.busy', `${subject} is being changed by many at once`, { remedy: 'try again' });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
