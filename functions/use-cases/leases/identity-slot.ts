/**
 * The slot that an identity has. Whoever holds a slot for it is answered only after `pointTo`: of two that hold slots for one identity
 * only one is, since what the other one read is not so any more. A slot that was held in vain stays with its nonce until the DEL that
 * follows a failed ADD: freeing it here could free what a copy of this request was answered with.
 */
import { LessorError } from '../../../core/contract/problems.ts';
import type { IdentityKey, KeptSlot } from '../../../core/protocol/identity.ts';
import type { Holding, SlotState } from '../../../core/protocol/lease.ts';
import type { SlotKey } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { lost } from './lost-lease.ts';

/** Whether the slot is held, or was last, for that identity. */
export const isOfIdentity = ({ identity, namespace }: IdentityKey, slot: SlotState | undefined): boolean =>
  slot?.holding?.identity === identity && slot.holding.pod?.namespace === namespace;

/**
 * The identity has that slot from now on, which is held for it.
 * @param before as it was read before the slot was held
 * @returns false where it was changed since: nobody may be answered then
 */
export const pointTo = (
  { store, newToken }: Dependencies,
  key: IdentityKey,
  { block, slot }: SlotKey,
  before: KeptSlot | undefined,
): Promise<boolean> => store.identities.point(key, { block, slot, token: newToken() }, before?.token);

/** Who adds, and who hears an assertion, may not read single slots. */
export const stateOf = async ({ store }: Dependencies, { slot, ...block }: SlotKey): Promise<SlotState | undefined> =>
  (await store.leases.readBlock(block)).get(slot);

/** How often others may change it meanwhile. */
const TRIES = 4;

/**
 * A container lives with a slot that was granted for the identity: it has that one again, unless another pod was given another one.
 * Asked before the slot is held again, and after it.
 * @throws LessorError lease.lost, service.busy
 */
export async function ensureKept(deps: Dependencies, key: IdentityKey, slot: SlotKey, isHeld: boolean): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const kept = await deps.store.identities.read(key);
    const other =
      kept && (kept.block !== slot.block || kept.slot !== slot.slot)
        ? { pool: slot.pool, block: kept.block, slot: kept.slot }
        : undefined;
    const state = other && (await stateOf(deps, other));
    if (state?.held === true && isOfIdentity(key, state))
      throw lost(`identity ${key.identity} of namespace ${key.namespace} has another address by now`);
    if (!isHeld || (await pointTo(deps, key, slot, kept))) return;
  }
  throw new LessorError('service.busy', `Others change the address of identity ${key.identity} all the time`, {
    remedy: 'try again',
  });
}

/** @param held the slot that another pod holds for it */
export function identityHeld(
  { definition, space }: KnownPool,
  { identity, namespace }: IdentityKey,
  { key, holder }: { readonly key: Pick<SlotKey, 'block' | 'slot'>; readonly holder: Holding },
  containerId: string,
): LessorError {
  const addresses = space.addresses(key.block, key.slot).map(({ address }) => address);
  const pod = `${holder.pod?.namespace}/${holder.pod?.name}`;
  const which = `Identity ${identity} of namespace ${namespace} in pool ${definition.name} (${addresses.join(', ')})`;
  const isSibling = holder.attachment.containerId === containerId;
  return new LessorError('identity.held', `${which} is held by pod ${pod} on node ${holder.node}`, {
    remedy: isSibling
      ? 'that is this pod: give each of its networks an identity of its own, as lessor.dev/identity: {"<network>": "<identity>"}'
      : 'this pod gets the address when that one ends',
    facts: { pool: definition.name, identity, namespace, addresses, pod, node: holder.node },
  });
}
