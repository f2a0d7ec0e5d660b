/** That a pool fits into its item in the table: what a dry run admits, the write admits. */
import { most } from '../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';

/** @throws LessorError request.invalid */
export function ensureFits(definition: PoolDefinition): void {
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  if (bytes <= most.poolBytes) return;
  throw new LessorError('request.invalid', `Pool ${definition.name}: its definition has ${bytes} bytes as JSON`, {
    remedy: `a pool may have ${most.poolBytes}: give it fewer quotas, reservations, exclusions or ranges`,
    facts: { pool: definition.name, vrf: definition.vrf, limit: most.poolBytes, actual: bytes },
  });
}
