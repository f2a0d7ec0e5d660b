/** The leases table's stream over a store in memory: what changed, in order, for a test to deliver when and as often as it likes. */
import type { LeaseChange } from '../../core/protocol/counter.ts';
import type { Holding } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { intercepted } from './intercepted.ts';

export interface LeaseStream {
  /** Lease and release through it. */
  readonly store: Store;
  readonly changes: LeaseChange[];
}

export function leaseStream(base: Store): LeaseStream {
  const holders = new Map<string, string>();
  const changes: LeaseChange[] = [];
  const store = intercepted(base, async (name, args, proceed) => {
    const outcome = await proceed();
    const held = name === 'hold' && (outcome as { held: boolean }).held;
    const freed =
      (['sweep', 'evict'].includes(name) && outcome === true) ||
      (name === 'release' && (outcome as { released: boolean }).released);
    if (!held && !freed) return outcome;
    const { pool, block, slot } = args[0] as SlotKey;
    const id = `${pool} ${block} ${slot}`;
    const before = holders.get(id);
    const after = held ? ((args[1] as Holding).pod?.namespace ?? '') : undefined;
    if (after === undefined) holders.delete(id);
    else holders.set(id, after);
    changes.push({ pool, before, after, sequence: String(changes.length + 1) });
    return outcome;
  });
  return { store, changes };
}
