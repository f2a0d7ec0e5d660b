/** What a change of a pool came to. */
import type { AuditRow } from './audit.ts';

/** What follows from other fields, or counts. */
const DERIVED = ['version', 'capacity', 'openBlocks'];

/** Names of the fields that are others after it; none where the pool was made, or nothing was changed. */
export function changedFields({ before, after }: Pick<AuditRow, 'before' | 'after'>): string[] {
  if (before === undefined || after === undefined) return [];
  const [old, next] = [before, after].map((pool) => new Map<string, unknown>(Object.entries(pool)));
  return [...new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])].filter(
    (field) => !DERIVED.includes(field) && JSON.stringify(old?.get(field)) !== JSON.stringify(next?.get(field)),
  );
}
