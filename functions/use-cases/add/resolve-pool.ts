/** From what a CNI configuration says to the pool that is meant; inline ranges become one on first use. */

import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { otherwise } from '../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { defaultPolicy } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { resolvePoolRanges } from '../../../core/pools/pool-shape.ts';
import { beginWith, type RegisteredPool, type Registry } from '../../../core/pools/registry.ts';
import { type Dependencies, type KnownPool, knownPool, readRegistry, rememberedRegistry } from '../dependencies.ts';
import { storedPool } from '../pools/named-pool.ts';
import { registerPool } from '../pools/register-pool.ts';

type Wish = AllocateRequest['pool'];

/**
 * The pool that `wish` means. `hint` is the id that an earlier answer gave the node: with it no registry is read.
 * A pool that begins to drain is noticed within the 30 s for which this process remembers it.
 * @param dryRun decides everything and makes no pool: one that would be made is answered
 * @throws LessorError pool.unknown, pool.conflict, pool.overlap, pool.inline-forbidden, pool.draining, request.invalid, service.busy
 */
export async function resolvePool(
  deps: Dependencies,
  wish: Wish,
  hint: string | undefined,
  dryRun = false,
): Promise<KnownPool> {
  const ranges = wish.ranges && resolved(wish);
  const hinted = await hintedPool(deps, wish, hint);
  // A pool that was deleted may have a successor of its name.
  if (hinted?.state === 'active' && fits(hinted.definition, wish, ranges)) return hinted;
  return ensureActive(await registeredPool(deps, wish, ranges, dryRun));
}

/** By the node's hint, else by what this process remembers of the registry. */
async function hintedPool(deps: Dependencies, wish: Wish, hint: string | undefined): Promise<KnownPool | undefined> {
  const id = hint ?? rememberedRegistry(deps, wish.vrf)?.find(({ name }) => name === wish.name)?.id;
  return id === undefined ? undefined : knownPool(deps, id);
}

async function registeredPool(
  deps: Dependencies,
  wish: Wish,
  ranges: PoolDefinition['ranges'] | undefined,
  dryRun: boolean,
): Promise<KnownPool> {
  const registry = await readRegistry(deps, wish.vrf);
  const namesake = registry.pools.find(({ name }) => name === wish.name);
  if (ranges === undefined) {
    if (namesake) return known(deps, namesake);
    throw new LessorError('pool.unknown', `VRF ${wish.vrf} has no pool ${wish.name}`, {
      remedy: 'correct the name, or write "ranges" into the configuration\'s ipam section',
    });
  }
  if (namesake) return fitting(deps, wish, ranges, namesake, beginWith(namesake.ranges, ranges));
  ensureAllowed(deps, registry, wish.name);
  const definition: PoolDefinition = {
    ...defaultPolicy,
    cooldownSeconds: deps.settings.inlineCooldownSeconds,
    id: deps.newPoolId(),
    vrf: wish.vrf,
    name: wish.name,
    affinity: 'shared',
    ranges,
    blockSize: otherwise.blockSize,
    gateway: 'pool',
    createdAt: new Date(deps.now()).toISOString(),
  };
  const found = (pool: RegisteredPool, fits: boolean) => fitting(deps, wish, ranges, pool, fits);
  return (await registerPool(deps, definition, found, dryRun)).pool;
}

const known = async (deps: Dependencies, entry: RegisteredPool): Promise<KnownPool> =>
  (await knownPool(deps, entry.id)) ?? storedPool(deps, entry);

/** What has grown since the configuration was written is the same pool. */
async function fitting(
  deps: Dependencies,
  wish: Wish,
  ranges: PoolDefinition['ranges'],
  pool: RegisteredPool,
  fits: boolean,
): Promise<KnownPool> {
  if (fits) return known(deps, pool);
  throw new LessorError(
    'pool.conflict',
    `Pool ${wish.name} in VRF ${wish.vrf} exists with other ranges: it has ${JSON.stringify(pool.ranges)}, ` +
      `the configuration of network ${wish.name} says ${JSON.stringify(ranges)}. Use the pool's ranges, or another network name`,
  );
}

function ensureAllowed({ settings }: Dependencies, { vrf }: Registry, name: string): void {
  if (settings.inlinePools) return;
  throw new LessorError(
    'pool.inline-forbidden',
    `VRF ${vrf} has no pool ${name}, and this deployment does not let nodes create pools from "ranges": ` +
      'have an operator create it, or deploy with inlinePools=true',
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

function resolved(wish: Wish): PoolDefinition['ranges'] {
  const outcome = resolvePoolRanges(wish.ranges ?? []);
  if (outcome.ok) return outcome.ranges;
  throw new LessorError('request.invalid', `Pool ${wish.name}: ${outcome.problem}`);
}

function fits(definition: PoolDefinition, wish: Wish, ranges: PoolDefinition['ranges'] | undefined): boolean {
  const named = definition.vrf === wish.vrf && definition.name === wish.name;
  return named && (ranges === undefined || beginWith(definition.ranges, ranges));
}
