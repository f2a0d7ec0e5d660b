/** How an ADD fared in one pool, or a step of it: what is to be expected of a pool is a value, all else is thrown. */

import type { AllocateResult } from '../../../core/contract/lease.ts';
import type { LessorError } from '../../../core/contract/problems.ts';

export type PoolAttempt<T = AllocateResult> =
  | { readonly kind: 'granted'; readonly result: T }
  /** The pool is full or cools, or cannot hand out the addresses that are asked for: another one may. */
  | { readonly kind: 'refused'; readonly error: LessorError };

export const granted = <T>(result: T): PoolAttempt<T> => ({ kind: 'granted', result });
export const refused = (error: LessorError): PoolAttempt<never> => ({ kind: 'refused', error });
