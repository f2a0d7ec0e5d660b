/** From what a CNI configuration says to the pool that is meant; inline ranges become one on first use. */

import { includes, parseExclusions } from '../../../core/addresses/exclusions.ts';
import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { otherwise } from '../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { defaultPolicy } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { resolveInlinePool } from '../../../core/pools/pool-shape.ts';
import { beginWith, type RegisteredPool, type Registry } from '../../../core/pools/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshPool, knownPool, readRegistry, rememberedRegistry } from '../known-pools.ts';
import type { KnownPool } from '../memory.ts';
import { storedPool } from '../pools/named-pool.ts';
import { differenceText } from '../pools/pool-text.ts';
import { registerPool } from '../pools/register-pool.ts';

type PoolRequest = AllocateRequest['pool'];
type InlinePool = Pick<PoolDefinition, 'ranges' | 'exclude'>;

/**
 * The pool that `poolRequest` means. `hint` is the id that an earlier answer gave the node: with it no registry is read.
 * A pool that begins to drain is noticed within the 30 s for which this process remembers it.
 * @param dryRun decides everything and makes no pool: one that would be made is answered
 * @throws LessorError pool.unknown, pool.conflict, pool.overlap, pool.inline-forbidden, pool.draining, request.invalid, service.busy
 */
export async function resolvePool(
  deps: Dependencies,
  poolRequest: PoolRequest,
  hint: string | undefined,
  dryRun = false,
): Promise<KnownPool> {
  const inline = poolRequest.ranges && resolved(poolRequest);
  const hinted = await hintedPool(deps, poolRequest, hint);
  // A pool that was deleted may have a successor of its name.
  if (hinted?.state === 'active' && fits(hinted.definition, poolRequest, inline)) return hinted;
  const registered = await registeredPool(deps, poolRequest, inline, dryRun);
  return ensureActive(inline === undefined ? registered : await excluding(deps, registered, inline));
}

/** By the node's hint, else by what this process remembers of the registry. */
async function hintedPool(
  deps: Dependencies,
  poolRequest: PoolRequest,
  hint: string | undefined,
): Promise<KnownPool | undefined> {
  const id = hint ?? rememberedRegistry(deps, poolRequest.vrf)?.find(({ name }) => name === poolRequest.name)?.id;
  return id === undefined ? undefined : knownPool(deps, id);
}

async function registeredPool(
  deps: Dependencies,
  poolRequest: PoolRequest,
  inline: InlinePool | undefined,
  dryRun: boolean,
): Promise<KnownPool> {
  const registry = await readRegistry(deps, poolRequest.vrf);
  const namesake = registry.pools.find(({ name }) => name === poolRequest.name);
  if (inline === undefined) {
    if (namesake) return known(deps, namesake);
    throw new LessorError('pool.unknown', `VRF ${poolRequest.vrf} has no pool ${poolRequest.name}`, {
      remedy: 'correct the name, or write "ranges" into the configuration\'s ipam section',
    });
  }
  const { ranges, exclude } = inline;
  if (namesake) return fitting(deps, poolRequest, ranges, namesake, beginWith(namesake.ranges, ranges));
  ensureAllowed(deps, registry, poolRequest.name);
  const definition: PoolDefinition = {
    ...defaultPolicy,
    cooldownSeconds: deps.settings.inlineCooldownSeconds,
    id: deps.newPoolId(),
    vrf: poolRequest.vrf,
    name: poolRequest.name,
    affinity: 'shared',
    ranges,
    exclude,
    blockSize: otherwise.blockSize,
    gateway: 'pool',
    createdAt: new Date(deps.now()).toISOString(),
  };
  const found = (pool: RegisteredPool, fits: boolean) => fitting(deps, poolRequest, ranges, pool, fits);
  return (await registerPool(deps, definition, found, dryRun)).pool;
}

const known = async (deps: Dependencies, entry: RegisteredPool): Promise<KnownPool> =>
  (await knownPool(deps, entry.id)) ?? storedPool(deps, entry);

/** What has grown since the configuration was written is the same pool. */
async function fitting(
  deps: Dependencies,
  poolRequest: PoolRequest,
  ranges: PoolDefinition['ranges'],
  pool: RegisteredPool,
  fits: boolean,
): Promise<KnownPool> {
  if (fits) return known(deps, pool);
  throw new LessorError(
    'pool.conflict',
    `Pool ${poolRequest.name} in VRF ${poolRequest.vrf} exists with other ranges: ${differenceText(pool.ranges, ranges)}`,
    { remedy: "use the pool's ranges, or another network name" },
  );
}

function ensureAllowed({ settings }: Dependencies, { vrf }: Registry, name: string): void {
  if (settings.inlinePools) return;
  throw new LessorError(
    'pool.inline-forbidden',
    `VRF ${vrf} has no pool ${name}, and this deployment does not let nodes create pools from "ranges"`,
    { remedy: 'have an operator create it, or deploy with inlinePools=true' },
  );
}

function ensureActive(pool: KnownPool): KnownPool {
  const { name, vrf } = pool.definition;
  if (pool.state === 'active') return pool;
  const [is, remedy] =
    pool.state === 'draining'
      ? ['is being drained', 'set its state to active again (PATCH /v1/pools/{pool}), or give the pods another pool']
      : [
          'is being deleted',
          'give the pods another pool, or create it again once it is gone (DELETE /v1/pools/{pool})',
        ];
  throw new LessorError('pool.draining', `Pool ${name} in VRF ${vrf} ${is} and gives no new lease`, {
    remedy,
    facts: {
      pool: name,
      vrf,
      state: pool.state,
    },
  });
}

function resolved(poolRequest: PoolRequest): InlinePool {
  const outcome = resolveInlinePool(poolRequest.ranges ?? [], poolRequest.exclude);
  if (outcome.ok) return outcome.value;
  throw new LessorError('request.invalid', `Pool ${poolRequest.name}: ${outcome.problem}`);
}

function fits(definition: PoolDefinition, poolRequest: PoolRequest, inline: InlinePool | undefined): boolean {
  const named = definition.vrf === poolRequest.vrf && definition.name === poolRequest.name;
  if (!named || inline === undefined) return named;
  return beginWith(definition.ranges, inline.ranges) && leftOut(definition, inline).length === 0;
}

/** An operator may exclude more, and may have done so since the pool was remembered. @throws LessorError pool.conflict */
async function excluding(deps: Dependencies, pool: KnownPool, inline: InlinePool): Promise<KnownPool> {
  if (leftOut(pool.definition, inline).length === 0) return pool;
  const fresh = (await freshPool(deps, pool.definition.id)) ?? pool;
  const missing = leftOut(fresh.definition, inline);
  if (missing.length === 0) return fresh;
  const { name, vrf } = pool.definition;
  throw new LessorError(
    'pool.conflict',
    `Pool ${name} in VRF ${vrf} does not exclude ${missing.join(', ')}, which the configuration excludes`,
    {
      remedy: `change the pool's exclude (PATCH /v1/pools/${name}), or leave it out of the configuration`,
      facts: { pool: name, vrf },
    },
  );
}

/** What of `exclude` the pool does not exclude. */
function leftOut({ exclude: ofPool }: PoolDefinition, { exclude }: InlinePool): string[] {
  if (exclude.length === 0) return [];
  const all = parseExclusions(ofPool);
  if (!all.ok) throw new RangeError(all.problem);
  return exclude.filter((text) => {
    const one = parseExclusions([text]);
    return one.ok && !includes(all.value, one.value);
  });
}
