/** A lease that ends, where a test is about when its slot may be had again. */
import type { Ending } from '../../core/protocol/lease.ts';

export const ENDED_AT = 12_000;
export const endingAt = (reusableAt: number): Ending => ({ endedAt: ENDED_AT, reusableAt });
