/** From what a CNI configuration says to the pool that is meant; inline ranges become one on first use. */
import * as z from 'zod/mini';
import { type AllocateRequest, type PoolDefinition, poolPolicy } from '../../core/contract/messages.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { resolvePoolRanges } from '../../core/pool-space.ts';
import { admit, type RegisteredPool, sameRanges } from '../../core/registry.ts';
import { type Dependencies, type KnownPool, knownPool, remember } from './dependencies.ts';
import { newPool } from './open-blocks.ts';

type Wish = AllocateRequest['pool'];

/** 64 slots: a /26, or a /122. */
const BLOCK_SIZE = 64;
/** Writers of one registry come one after the other; each loser repeats after a growing random pause. */
const REGISTRY_ATTEMPTS = 12;

/**
 * The pool that `wish` means. `hint` is the id that an earlier answer gave the node: with it no registry is read.
 * @throws LessorError pool.unknown, pool.conflict, pool.overlap, pool.inline-forbidden, request.invalid, service.busy
 */
export async function resolvePool(deps: Dependencies, wish: Wish, hint: string | undefined): Promise<KnownPool> {
  const ranges = wish.ranges && resolved(wish);
  const hinted = hint === undefined ? undefined : await knownPool(deps, hint);
  if (hinted && fits(hinted.definition, wish, ranges)) return hinted;
  for (let attempt = 1; attempt <= REGISTRY_ATTEMPTS; attempt += 1) {
    const pool = await findOrCreate(deps, wish, ranges);
    if (pool) return pool;
    await pause(deps.random(Math.min(200, 20 * 2 ** attempt)));
  }
  throw new LessorError('service.busy', `The registry of VRF ${wish.vrf} is being changed by many at once: try again`);
}

async function findOrCreate(
  deps: Dependencies,
  wish: Wish,
  ranges: PoolDefinition['ranges'] | undefined,
): Promise<KnownPool | undefined> {
  const registry = await deps.store.pools.readRegistry(wish.vrf);
  const namesake = registry.pools.find(({ name }) => name === wish.name);
  if (ranges === undefined) {
    if (namesake) return registered(deps, namesake);
    throw new LessorError(
      'pool.unknown',
      `VRF ${wish.vrf} has no pool ${wish.name}: correct the name, or write "ranges" into the configuration's ipam section`,
    );
  }
  if (namesake === undefined && !deps.settings.inlinePools) {
    throw new LessorError(
      'pool.inline-forbidden',
      `VRF ${wish.vrf} has no pool ${wish.name}, and this deployment does not let nodes create pools from "ranges": ` +
        'have an operator create it, or deploy with inlinePools=true',
    );
  }
  const definition: PoolDefinition = {
    ...z.parse(poolPolicy, { cooldownSeconds: deps.settings.inlineCooldownSeconds }),
    id: deps.newPoolId(),
    vrf: wish.vrf,
    name: wish.name,
    affinity: 'shared',
    ranges,
    blockSize: BLOCK_SIZE,
    gateway: 'pool',
    createdAt: new Date(deps.now()).toISOString(),
  };
  const state = newPool(definition);
  const { id, name } = definition;
  const admission = admit(registry, { id, name, ranges });
  switch (admission.kind) {
    case 'exists':
      return registered(deps, admission.pool);
    case 'conflict':
      throw new LessorError(
        'pool.conflict',
        `Pool ${wish.name} in VRF ${wish.vrf} exists with other ranges: it has ${JSON.stringify(admission.pool.ranges)}, ` +
          `the configuration of network ${wish.name} says ${JSON.stringify(ranges)}. Use the pool's ranges, or another network name`,
      );
    case 'overlap':
      throw new LessorError(
        'pool.overlap',
        `Range ${admission.ours} of pool ${wish.name} overlaps range ${admission.theirs} of pool ${admission.pool.name} in VRF ` +
          `${wish.vrf}: choose other ranges, or the name ${admission.pool.name} with its ranges to share them`,
      );
    case 'admitted':
      // The definition first: whoever finds the pool in the registry finds its definition too.
      if (!(await deps.store.pools.createPool(state))) return undefined;
      return (await deps.store.pools.writeRegistry(admission.registry)) ? remember(deps, state) : undefined;
  }
}

async function registered(deps: Dependencies, { id, name }: RegisteredPool): Promise<KnownPool> {
  const pool = await knownPool(deps, id);
  if (pool) return pool;
  throw new LessorError('service.fault', `Pool ${name} (${id}) is registered but has no definition`);
}

function resolved(wish: Wish): PoolDefinition['ranges'] {
  const outcome = resolvePoolRanges(wish.ranges ?? []);
  if (outcome.ok) return outcome.ranges;
  throw new LessorError('request.invalid', `Pool ${wish.name}: ${outcome.problem}`);
}

function fits(definition: PoolDefinition, wish: Wish, ranges: PoolDefinition['ranges'] | undefined): boolean {
  const named = definition.vrf === wish.vrf && definition.name === wish.name;
  return named && (ranges === undefined || sameRanges(definition.ranges, ranges));
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
