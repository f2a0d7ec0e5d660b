/** The changes of pools that operators and templates ask for, each noted with who asked for it. */
import type {
  ChangePoolResult,
  CreatePoolResult,
  DeletePoolResult,
  PoolInput,
  PoolPatch,
  PoolView,
} from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { audited } from '../audited.ts';
import type { Call, Dependencies } from '../dependencies.ts';
import { changePool } from './change-pool.ts';
import { createPool } from './create-pool.ts';
import { deletePool } from './delete-pool.ts';
import { namedPool } from './named-pool.ts';
import { type PoolChange, viewOf } from './pool-view.ts';

/** @throws LessorError as `createPool` does */
export async function createPoolAudited(
  deps: Dependencies,
  { caller }: Pick<Call, 'caller'>,
  input: PoolInput,
  dryRun: boolean,
): Promise<CreatePoolResult> {
  if (dryRun) return createPool(deps, input, dryRun);
  const { vrf, name } = input;
  const before = await poolNow(deps, { vrf, name });
  return audited(deps, { by: caller, action: 'pool.created', vrf, name }, before, async () => {
    const result = await createPool(deps, input, dryRun);
    return { result, after: result.created ? result.pool : undefined };
  });
}

/** @throws LessorError as `changePool` does */
export async function changePoolAudited(
  deps: Dependencies,
  { caller }: Pick<Call, 'caller'>,
  change: PoolChange,
  patch: PoolPatch,
): Promise<ChangePoolResult> {
  if (change.dryRun) return changePool(deps, change, patch);
  const { vrf, name } = change;
  const before = await poolNow(deps, { vrf, name });
  return audited(deps, { by: caller, action: 'pool.changed', vrf, name }, before, async () => {
    const result = await changePool(deps, change, patch);
    return { result, after: result.pool.version === before?.version ? undefined : result.pool };
  });
}

/** @throws LessorError as `deletePool` does */
export async function deletePoolAudited(deps: Dependencies, call: Call, change: PoolChange): Promise<DeletePoolResult> {
  if (change.dryRun) return deletePool(deps, call, change);
  const { vrf, name } = change;
  const before = await poolNow(deps, { vrf, name });
  return audited(deps, { by: call.caller, action: 'pool.deleted', vrf, name }, before, async () => ({
    result: await deletePool(deps, call, change),
  }));
}

async function poolNow(
  deps: Dependencies,
  { vrf, name }: { vrf: string; name: string },
): Promise<PoolView | undefined> {
  try {
    return viewOf(await namedPool(deps, vrf, name));
  } catch (error) {
    if (error instanceof LessorError && error.code === 'pool.unknown') return undefined;
    throw error;
  }
}
