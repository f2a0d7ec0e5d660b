/** Changes of pools that are noted: before they are made, so that none is missed, and again when it is known what they came to. */
import type { PoolView } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { AuditEntry } from '../../core/protocol/history.ts';
import type { Dependencies } from './dependencies.ts';
import { keptUntil } from './kept.ts';

export interface AuditedChange {
  readonly by: string;
  readonly action: AuditEntry['action'];
  readonly vrf: string;
  readonly name: string;
}

/**
 * Where it cannot be noted, nothing is changed. What is interrupted afterwards, or fails without a word of what became of it,
 * stays noted as begun. Of two that change a pool at once, each may have as `before` what the other one left.
 * @param before the pool as it is, undefined where there is none
 * @param change what it comes to: the pool afterwards, undefined where it is gone or the same
 */
export async function audited<T>(
  deps: Dependencies,
  { by, action, vrf, name }: AuditedChange,
  before: PoolView | undefined,
  change: () => Promise<{ readonly result: T; readonly after?: PoolView | undefined }>,
): Promise<T> {
  const at = deps.now();
  const entry = { id: deps.newToken(), at, by, action, subject: `${vrf}/${name}`, ...(before ? { before } : {}) };
  const note = (more: Pick<AuditEntry, 'outcome' | 'after'>) =>
    deps.store.history.recordAudit({ ...entry, ...more }, keptUntil(deps, at));
  await note({ outcome: 'begun' });
  try {
    const { result, after } = await change();
    // It has happened: that the note of it is not completed is no reason to say that it failed.
    await note({ outcome: 'done', ...(after ? { after } : {}) }).catch(() => undefined);
    return result;
  } catch (error) {
    const isDecided = error instanceof LessorError && !error.code.startsWith('service.');
    if (isDecided) await note({ outcome: 'refused' }).catch(() => undefined);
    throw error;
  }
}
