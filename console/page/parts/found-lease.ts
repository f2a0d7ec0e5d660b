/** A lease, and in which pool. */
import type { LeaseRow } from '../../../core/contract/lease.ts';

export interface FoundLease extends LeaseRow {
  readonly pool: string;
}
