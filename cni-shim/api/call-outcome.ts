/** What came of a call of the API, as a value. */
import { isUnanswered, LessorError } from '../../core/contract/problems.ts';

export interface Granted<T> {
  readonly kind: 'granted';
  readonly answer: T;
}

/** `unanswered`: nobody decided, a later call may be answered. `refused`: by the service, or by the node before it could ask. */
export interface Denied {
  readonly kind: 'refused' | 'unanswered';
  readonly error: LessorError;
}

export type CallOutcome<T> = Granted<T> | Denied;

/** Never rejects for a LessorError; what else is thrown is a fault. */
export async function outcomeOf<T>(call: Promise<T>): Promise<CallOutcome<T>> {
  try {
    return { kind: 'granted', answer: await call };
  } catch (error) {
    if (!(error instanceof LessorError)) throw error;
    return { kind: isUnanswered(error) ? 'unanswered' : 'refused', error };
  }
}
