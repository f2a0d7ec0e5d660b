/**
 * What CloudFormation asks about a pool that a template declares, done by the use cases of the operators' API: refusals are in its
 * words. A request may come twice (Lambda repeats it, and so does CloudFormation), also after it was carried out.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { type PoolInput, type PoolPatch, type PoolView, poolInput } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { parse } from '../../core/contract/request-schema.ts';
import type { Call, Dependencies } from '../use-cases/dependencies.ts';
import { changePoolAudited, createPoolAudited, deletePoolAudited } from '../use-cases/pools/audited-pools.ts';
import { readPoolNamed } from '../use-cases/pools/list-pools.ts';

/** As the template has them: CloudFormation makes text of every number and truth value, so the pool is text as a whole. */
const properties = z.object({
  /** JSON of the pool, as an operator would write it. */
  Pool: z.string(),
  /** Whether a pool that is there already, with the same definition, is taken for this one. */
  Adopt: z._default(z.enum(['true', 'false']), 'false'),
});

/** The part of CloudFormation's request that says what to do. */
export interface StackRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly RequestId: string;
  readonly StackId: string;
  readonly LogicalResourceId: string;
  /** Absent where the resource is to be created. */
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
}

export interface Defined {
  /** `<VRF>/<name>/<id>`: another one than before means to CloudFormation that the former pool is to be deleted. */
  readonly physicalId: string;
  /** Absent after a deletion. */
  readonly pool?: PoolView;
  /** A sentence each. */
  readonly effects: readonly string[];
}

/** The physical id of what could not be created. CloudFormation deletes that too, which is nothing then. */
export const NOT_CREATED = 'not-created';

/** @throws LessorError of createPool, changePool and deletePool */
export async function definePool(deps: Dependencies, call: Call, request: StackRequest): Promise<Defined> {
  if (request.RequestType === 'Delete') return remove(deps, call, request.PhysicalResourceId ?? NOT_CREATED);
  const { pool, adopt } = wantedBy(request);
  if (request.RequestType === 'Create') return create(deps, call, request, pool, adopt);
  const former = identityOf(request.PhysicalResourceId ?? NOT_CREATED);
  // A pool of another name is made first, and the former one is deleted afterwards. Where an update is taken back, that one is
  // still there, and is taken for what it was.
  if (former?.vrf !== pool.vrf || former.name !== pool.name) return create(deps, call, request, pool, true);
  try {
    const change = { vrf: pool.vrf, name: pool.name, ifMatch: undefined, dryRun: false };
    return shown(await changePoolAudited(deps, call, change, patchOf(pool)));
  } catch (error) {
    if (!(error instanceof LessorError) || error.code !== 'pool.unknown') throw error;
    // Somebody deleted it beside the template, which says that it is there.
    return create(deps, call, request, pool, true);
  }
}

function wantedBy({ ResourceProperties }: StackRequest): { pool: PoolInput; adopt: boolean } {
  const { Pool, Adopt } = parse(properties, ResourceProperties, 'properties', false);
  let json: unknown;
  try {
    json = JSON.parse(Pool);
  } catch (cause) {
    throw new LessorError('request.malformed', 'properties.Pool is no JSON', { cause });
  }
  return { pool: parse(poolInput, json, 'pool', false), adopt: Adopt === 'true' };
}

/** The id follows from the request, so that a repeated one knows the pool for its own. */
async function create(
  deps: Dependencies,
  call: Call,
  request: StackRequest,
  pool: PoolInput,
  adopt: boolean,
): Promise<Defined> {
  const { StackId, LogicalResourceId, RequestId } = request;
  const own = createHash('sha256').update(`${StackId} ${LogicalResourceId} ${RequestId}`).digest('hex').slice(0, 16);
  const result = await createPoolAudited({ ...deps, newPoolId: () => own }, call, pool, false);
  if (result.created || adopt || result.pool.id === own) return shown(result);
  const { name, vrf } = pool;
  throw new LessorError('pool.conflict', `Pool ${name} in VRF ${vrf} is there already, and not by this resource`, {
    remedy: 'set adopt, and the resource takes it over as it is; or choose another name',
    facts: { pool: name, vrf },
  });
}

/** All of it, what has its default too: the pool becomes what the template says. */
function patchOf({ vrf: _, name: __, quota, ...pool }: PoolInput): PoolPatch {
  return { ...pool, quota: quota ?? null };
}

async function remove(deps: Dependencies, call: Call, physicalId: string): Promise<Defined> {
  const gone = (effect: string) => ({ physicalId, effects: [effect] });
  const identity = identityOf(physicalId);
  if (identity === undefined) return gone('nothing was created');
  const { vrf, name, id } = identity;
  const there = await poolNamed(deps, vrf, name);
  // A pool of that name that somebody made later is not this one.
  if (there?.id !== id) return gone(`pool ${name} of VRF ${vrf} is gone already`);
  const change = { vrf, name, ifMatch: there.version, dryRun: false };
  const { deleted, effects } = await deletePoolAudited(deps, call, change);
  if (deleted) return { physicalId, effects };
  throw new LessorError('service.busy', effects.join('; '), { remedy: 'delete the stack, or the resource, again' });
}

async function poolNamed(deps: Dependencies, vrf: string, name: string): Promise<PoolView | undefined> {
  try {
    return await readPoolNamed(deps, { vrf, name });
  } catch (error) {
    if (error instanceof LessorError && error.code === 'pool.unknown') return undefined;
    throw error;
  }
}

const shown = ({
  pool,
  effects,
  warnings = [],
}: {
  pool: PoolView;
  effects: string[];
  warnings?: string[] | undefined;
}): Defined => ({
  physicalId: [pool.vrf, pool.name, pool.id].join('/'),
  pool,
  effects: [...effects, ...warnings],
});

/** Undefined for NOT_CREATED, and for what CloudFormation calls a resource that never answered. */
function identityOf(physicalId: string): { vrf: string; name: string; id: string } | undefined {
  const [, vrf, name, id] = /^([^/]+)\/([^/]+)\/([0-9a-f]{16})$/.exec(physicalId) ?? [];
  return vrf === undefined || name === undefined || id === undefined ? undefined : { vrf, name, id };
}
