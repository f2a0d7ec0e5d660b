/**
 * Which slot an identity has is kept as long as the slot is its own, held or not: so there are no more such items than slots. When
 * another one has the slot the item says nothing any more, and goes.
 */
import pMap from 'p-map';
import type { LeaseChange } from '../../../core/protocol/counter.ts';
import { SEALED_GENERATION } from '../../../core/protocol/lease.ts';
import { REQUESTS_AT_ONCE } from '../bounded-store.ts';
import type { Dependencies } from '../dependencies.ts';

/** A repeat finds nothing to do, and so does a change that is late: the slot is read as it is now. */
export async function forgetIdentities({ store }: Dependencies, changes: readonly LeaseChange[]): Promise<void> {
  const forget = async ({ displaced }: LeaseChange) => {
    if (displaced === undefined) return;
    const { identity, slot } = displaced;
    const kept = await store.identities.read(identity);
    if (kept?.block !== slot.block || kept.slot !== slot.slot) return;
    // After the item: if it is the identity's again since, the token is another one.
    const now = await store.leases.readSlot(slot);
    const isItsOwn = now?.holding?.identity === identity.identity && now.holding.pod?.namespace === identity.namespace;
    if (!isItsOwn || now.generation === SEALED_GENERATION) await store.identities.forget(identity, kept.token);
  };
  await pMap(changes, forget, { concurrency: REQUESTS_AT_ONCE });
}
