/**
 * From what a CNI configuration says to the pool that is meant. Inline ranges become one on first use: it has the network's name
 * or, where that is a pool of other ranges, one that is made of both.
 */

import { includes, parseExclusions } from '../../../core/addresses/exclusions.ts';
import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { most, otherwise } from '../../../core/contract/limits.ts';
import type { PoolDefinition } from '../../../core/contract/pool.ts';
import { defaultPolicy } from '../../../core/contract/pool.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import { inlinePool, isInlineName, newInlineName } from '../../../core/pools/inline-name.ts';
import { overlapProblem } from '../../../core/pools/overlap-problem.ts';
import { resolveInlinePool } from '../../../core/pools/pool-shape.ts';
import { beginWith, type Overlap, type RegisteredPool } from '../../../core/pools/registry.ts';
import type { Dependencies } from '../dependencies.ts';
import { freshPool, freshRegistry, knownPool, rememberedRegistry } from '../known-pools.ts';
import type { KnownPool, KnownRegistry } from '../memory.ts';
import { storedPool } from '../pools/named-pool.ts';
import { ordinaryRanges } from '../pools/ordinary-ranges.ts';
import { differenceText } from '../pools/pool-text.ts';
import { registerPool } from '../pools/register-pool.ts';

type PoolRequest = AllocateRequest['pool'];
type Inline = Pick<PoolDefinition, 'ranges' | 'exclude'>;

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
  const hinted = await hintedPool(deps, poolRequest, inline, hint);
  // A pool that was deleted may have a successor of its name.
  if (hinted?.state === 'active' && fits(hinted.definition, poolRequest, inline)) return hinted;
  const registered = await registeredPool(deps, poolRequest, inline, dryRun);
  return ensureActive(inline === undefined ? registered : await excluding(deps, registered, inline));
}

/** By the node's hint, else by what this process remembers of the registry. */
async function hintedPool(
  deps: Dependencies,
  poolRequest: PoolRequest,
  inline: Inline | undefined,
  hint: string | undefined,
): Promise<KnownPool | undefined> {
  const remembered = hint === undefined ? rememberedRegistry(deps, poolRequest.vrf) : undefined;
  const id = hint ?? (remembered && meant(remembered, poolRequest, inline)?.id);
  return id === undefined ? undefined : knownPool(deps, id);
}

/** The pool of the list that is meant. */
function meant(pools: KnownRegistry, { name }: PoolRequest, inline: Inline | undefined): RegisteredPool | undefined {
  return inline === undefined ? pools.get(name) : inlinePool((one) => pools.get(one), name, inline.ranges);
}

async function registeredPool(
  deps: Dependencies,
  poolRequest: PoolRequest,
  inline: Inline | undefined,
  dryRun: boolean,
): Promise<KnownPool> {
  const registry = await freshRegistry(deps, poolRequest.vrf);
  const there = meant(registry, poolRequest, inline);
  if (there) return known(deps, there);
  if (inline !== undefined) return registeredInline(deps, poolRequest, inline, { registry, dryRun });
  throw new LessorError('pool.unknown', `VRF ${poolRequest.vrf} has no pool ${poolRequest.name}`, {
    remedy: 'correct the name, or write "ranges" into the configuration\'s ipam section',
  });
}

/** @param registry as it was read: it has no pool of these ranges */
async function registeredInline(
  deps: Dependencies,
  poolRequest: PoolRequest,
  { ranges, exclude }: Inline,
  { registry, dryRun }: { registry: KnownRegistry; dryRun: boolean },
): Promise<KnownPool> {
  const { vrf, name } = poolRequest;
  if (!deps.settings.inlinePools) throw notAllowed(vrf, name, registry.get(name), ranges);
  ordinaryRanges(name, ranges);
  const definition = inlineDefinition(deps, vrf, { ranges, exclude });
  let made: PoolDefinition | undefined;
  const registration = await registerPool(
    deps,
    vrf,
    {
      wanted({ pools }) {
        const named = (one: string) => pools.find((pool) => pool.name === one);
        const free = inlinePool(named, name, ranges)?.name ?? newInlineName(named, name, ranges);
        // An id is of one item, and that has the name.
        if (made?.name !== free) made = { ...definition, id: deps.newPoolId(), name: nameWithin(free, name) };
        return made;
      },
      found: async (pool, fits) => {
        if (fits) return known(deps, pool);
        throw otherRanges(vrf, pool, ranges);
      },
      overlapping: (overlap) => overlapping(overlap, poolRequest, ranges),
    },
    dryRun,
  );
  return registration.pool;
}

const inlineDefinition = (
  { settings, now }: Dependencies,
  vrf: string,
  { ranges, exclude }: Inline,
): Omit<PoolDefinition, 'id' | 'name'> => ({
  ...defaultPolicy,
  cooldownSeconds: settings.inlineCooldownSeconds,
  vrf,
  affinity: 'shared',
  ranges,
  exclude,
  blockSize: otherwise.blockSize,
  gateway: 'pool',
  createdAt: new Date(now()).toISOString(),
});

/** @throws LessorError request.invalid */
function nameWithin(name: string, network: string): string {
  if (name.length <= most.name) return name;
  throw new LessorError(
    'request.invalid',
    `Network name ${network} is a pool of other ranges, and ${name}, as this one would be called, has ${name.length} characters: ${most.name} are the most`,
    { remedy: 'give the network a shorter name' },
  );
}

/** A pool of the network's own that has grown or shrunk in the configuration is the likelier mistake. */
function overlapping(overlap: Overlap, { vrf, name }: PoolRequest, ranges: PoolDefinition['ranges']): LessorError {
  const { pool } = overlap;
  return pool.name === name || pool.name.startsWith(`${name}.`)
    ? otherRanges(vrf, pool, ranges)
    : overlapProblem(overlap, name, vrf);
}

const known = async (deps: Dependencies, entry: RegisteredPool): Promise<KnownPool> =>
  (await knownPool(deps, entry.id)) ?? storedPool(deps, entry);

const otherRanges = (vrf: string, pool: RegisteredPool, ranges: PoolDefinition['ranges']): LessorError =>
  new LessorError(
    'pool.conflict',
    `Pool ${pool.name} in VRF ${vrf} exists with other ranges: ${differenceText(pool.ranges, ranges)}`,
    { remedy: "use the pool's ranges, ranges that do not overlap it, or another network name" },
  );

const notAllowed = (
  vrf: string,
  name: string,
  namesake: RegisteredPool | undefined,
  ranges: PoolDefinition['ranges'],
): LessorError =>
  namesake
    ? otherRanges(vrf, namesake, ranges)
    : new LessorError(
        'pool.inline-forbidden',
        `VRF ${vrf} has no pool ${name}, and this deployment does not let nodes create pools from "ranges"`,
        { remedy: 'have an operator create it, or deploy with inlinePools: true' },
      );

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

function resolved(poolRequest: PoolRequest): Inline {
  const outcome = resolveInlinePool(poolRequest.ranges ?? [], poolRequest.exclude);
  if (outcome.ok) return outcome.value;
  throw new LessorError('request.invalid', `Pool ${poolRequest.name}: ${outcome.problem}`);
}

function fits(definition: PoolDefinition, poolRequest: PoolRequest, inline: Inline | undefined): boolean {
  const { vrf, name } = poolRequest;
  if (definition.vrf !== vrf) return false;
  if (inline === undefined) return definition.name === name;
  const named = isInlineName(definition.name, name, inline.ranges);
  return named && beginWith(definition.ranges, inline.ranges) && leftOut(definition, inline).length === 0;
}

/** An operator may exclude more, and may have done so since the pool was remembered. @throws LessorError pool.conflict */
async function excluding(deps: Dependencies, pool: KnownPool, inline: Inline): Promise<KnownPool> {
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
function leftOut({ exclude: ofPool }: PoolDefinition, { exclude }: Inline): string[] {
  if (exclude.length === 0) return [];
  const all = parseExclusions(ofPool);
  if (!all.ok) throw new RangeError(all.problem);
  return exclude.filter((text) => {
    const one = parseExclusions([text]);
    return one.ok && !includes(all.value, one.value);
  });
}
