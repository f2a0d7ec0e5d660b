/** What an event says more, where it can be read. */
import { LessorError } from '../../../core/contract/problems.ts';

/**
 * Undefined where what the table has makes no sense: that stays so, and would keep all that happens later waiting for a day.
 * @throws LessorError where the table does not answer: it will
 */
export const ifReadable = <T>(read: Promise<T>): Promise<T | undefined> =>
  read.catch((cause: unknown) => {
    if (cause instanceof LessorError) throw cause;
    console.error({ message: 'What an event says more cannot be read', cause: String(cause) });
    return undefined;
  });
