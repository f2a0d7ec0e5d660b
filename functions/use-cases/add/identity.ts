/**
 * ADD for an identity: the address that is kept for it, or else another one, which is kept from now on. While another pod holds it the
 * request is refused, and repeated by the runtime.
 */
import type { AllocateRequest } from '../../../core/contract/lease.ts';
import { LessorError } from '../../../core/contract/problems.ts';
import type { Reservation } from '../../../core/contract/reservation.ts';
import type { IdentityKey, KeptSlot } from '../../../core/protocol/identity.ts';
import { against, allows, type Holding, type SlotState } from '../../../core/protocol/lease.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import { freshPool } from '../known-pools.ts';
import { identityHeld, isOfIdentity, pointTo, stateOf } from '../leases/identity-slot.ts';
import type { KnownPool } from '../memory.ts';
import { isOpen } from '../pools/open-blocks.ts';
import type { Allocation } from './allocation.ts';
import { mayHold } from './block-slots.ts';
import { granted, type PoolAttempt, refused } from './pool-attempt.ts';
import { searchPool } from './search-pool.ts';

/** @throws LessorError request.invalid */
export function ensureConsistent({ identity, pod, addresses }: AllocateRequest): void {
  if (identity === undefined) return;
  const what = pod === undefined ? 'without pod' : 'with addresses';
  if (pod !== undefined && addresses === undefined) return;
  throw new LessorError('request.invalid', `identity ${identity} is given ${what}`, {
    remedy:
      pod === undefined
        ? 'say for which pod it is: an identity is one of its namespace'
        : 'leave one of the two out: an identity has an address of its own',
  });
}

/** Why the pool keeps no address for an identity; undefined where it does. */
export function keepsNone({ definition }: KnownPool, identity: string): LessorError | undefined {
  const { name, affinity, identitySeconds } = definition;
  if (affinity === 'shared' && identitySeconds > 0) return undefined;
  const [why, remedy] =
    affinity === 'shared'
      ? ['its identitySeconds is 0', "set the pool's identitySeconds, or leave lessor.dev/identity out"]
      : ['its blocks belong to nodes', 'name a pool with shared affinity, or leave lessor.dev/identity out'];
  return new LessorError('identity.unkept', `Pool ${name} keeps no address for identity ${identity}, since ${why}`, {
    remedy,
    facts: { pool: name, identity },
  });
}

interface Own {
  /** What an earlier try of this request holds. */
  readonly own: SlotKey | undefined;
  /** The pod's, in this pool. */
  readonly reservation: Reservation | undefined;
}

/**
 * @returns refused (identity.unkept, pool.exhausted, pool.cooling)
 * @throws LessorError identity.held, pool.quota, service.busy
 */
export async function holdIdentity(allocation: Allocation, { own, reservation }: Own): Promise<PoolAttempt<SlotKey>> {
  const { deps, pool, request } = allocation;
  const { identity = '', pod: { namespace } = { namespace: '' } } = request;
  if (reservation) return refused(isReserved(pool, identity, reservation));
  const key: IdentityKey = { pool: pool.definition.id, namespace, identity };
  const kept = await deps.store.identities.read(key);
  const home = kept === undefined ? undefined : await holdHome(allocation, key, kept, own);
  const held = home ? granted(home) : ((await ownFor(allocation, key, own)) ?? (await searchPool(allocation, [])));
  if (held.kind === 'granted' && !(await pointTo(deps, key, held.result, kept)))
    throw await whoWasFirst(allocation, key);
  return held;
}

/** Held for the identity: a service of before, which answered an earlier try, holds it for nobody but the pod. */
async function ownFor(
  allocation: Allocation,
  key: IdentityKey,
  own: SlotKey | undefined,
): Promise<PoolAttempt<SlotKey> | undefined> {
  if (own === undefined) return undefined;
  const isIts = isOfIdentity(key, await stateOf(allocation.deps, own)) || (await allocation.hold(own, true));
  return isIts ? granted(own) : undefined;
}

/**
 * The slot that is kept, held now; undefined where it is another's, or cannot be handed out any more.
 * @throws LessorError identity.held
 */
async function holdHome(
  allocation: Allocation,
  key: IdentityKey,
  { block, slot }: KeptSlot,
  own: SlotKey | undefined,
): Promise<SlotKey | undefined> {
  const { deps, request } = allocation;
  const home = { pool: key.pool, block, slot };
  // As it is known here it may be behind: another environment opened the block meanwhile.
  if (!isOpen(allocation.pool, block)) allocation.pool = (await freshPool(deps, key.pool)) ?? allocation.pool;
  const { pool } = allocation;
  const { containerId } = request.attachment;
  const state = await stateOf(deps, home);
  // Whoever has it lives with it, although it is not handed out any more.
  const holder = holderOf(allocation, key, state);
  if (holder) throw identityHeld(pool, key, { key: home, holder }, containerId);
  if (!isOpen(pool, block) || !pool.space.isUsable(block, slot)) return undefined;
  if (!mayHold(allocation, state)) return undefined;
  const isOwnHome = isOwn(allocation, state);
  // A copy of this request may have been answered with what it holds: the pod gets its identity's address with its next nonce.
  if (own && !isOwnHome && (own.block !== block || own.slot !== slot)) throw hasAnother(pool, key, home);
  if (await allocation.hold(home, isOwnHome)) return home;
  const next = holderOf(allocation, key, await stateOf(deps, home));
  if (next) throw identityHeld(pool, key, { key: home, holder: next }, containerId);
  return undefined;
}

/** Another pod of the identity, which holds the slot for it. */
const holderOf = (allocation: Allocation, key: IdentityKey, state: SlotState | undefined): Holding | undefined =>
  state?.held === true && isOfIdentity(key, state) && !isOwn(allocation, state) ? state.holding : undefined;

function isOwn({ call, request }: Allocation, state: SlotState | undefined): boolean {
  const { containerId, ifname } = request.attachment;
  return allows('release', state, against({ containerId, ifname, nonce: request.nonce, node: call.caller }));
}

/**
 * Another one was answered meanwhile. Where none has the address now, an earlier try of this request wrote the item, another pod came
 * and went, or the item went: the same request may succeed then.
 */
async function whoWasFirst(allocation: Allocation, key: IdentityKey): Promise<LessorError> {
  const { deps, pool, request } = allocation;
  const kept = await deps.store.identities.read(key);
  const at = kept && { pool: key.pool, block: kept.block, slot: kept.slot };
  const holder = at && holderOf(allocation, key, await stateOf(deps, at));
  if (holder) return identityHeld(pool, key, { key: at, holder }, request.attachment.containerId);
  const which = `identity ${key.identity} of namespace ${key.namespace} in pool ${pool.definition.name}`;
  return new LessorError('service.busy', `Which address ${which} has was changed while this request was under way`, {
    remedy: 'try again',
  });
}

function hasAnother(
  { definition, space }: KnownPool,
  { identity, namespace }: IdentityKey,
  home: SlotKey,
): LessorError {
  const addresses = space.addresses(home.block, home.slot).map(({ address }) => address);
  const which = `Identity ${identity} of namespace ${namespace} in pool ${definition.name} (${addresses.join(', ')})`;
  return new LessorError(
    'identity.held',
    `${which} is free, and an earlier try of this request holds another address`,
    {
      remedy: 'delete the container and create it again, as the kubelet does',
      facts: { pool: definition.name, identity, namespace, addresses },
    },
  );
}

function isReserved({ definition }: KnownPool, identity: string, { name }: Reservation): LessorError {
  const what = `Pool ${definition.name} keeps no address for identity ${identity}, since the pod has reservation ${name}`;
  return new LessorError('identity.unkept', what, {
    remedy: 'leave lessor.dev/identity out: what is reserved is kept for the pod anyway',
    facts: { pool: definition.name, identity },
  });
}
