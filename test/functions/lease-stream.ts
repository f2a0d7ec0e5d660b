/** The leases table's stream over a store in memory: what changed, in order, for a test to deliver when and as often as it likes. */
import type { LeaseChange } from '../../core/protocol/counter.ts';
import type { Ending, Holding } from '../../core/protocol/lease.ts';
import type { SlotKey } from '../../core/protocol/slot-ref.ts';
import type { Store } from '../../core/store.ts';
import { intercepted } from './intercepted.ts';

export interface LeaseStream {
  /** Lease and release through it. */
  readonly store: Store;
  readonly changes: LeaseChange[];
}

export function leaseStream(base: Store): LeaseStream {
  const holders = new Map<string, Holding>();
  const changes: LeaseChange[] = [];
  const store = intercepted(base, async (name, args, proceed) => {
    const outcome = await proceed();
    const held = name === 'hold' && (outcome as { held: boolean }).held;
    const freed =
      (name === 'release' && (outcome as { released: boolean }).released) ||
      (['sweep', 'evict'].includes(name) && outcome === true);
    if (!held && !freed) return outcome;
    const { pool, block, slot } = args[0] as SlotKey;
    const id = `${pool} ${block} ${slot}`;
    const before = holders.get(id);
    const after = held ? (args[1] as Holding) : undefined;
    if (after === undefined) holders.delete(id);
    else holders.set(id, after);
    const of = (holding: Holding | undefined) => holding && (holding.pod?.namespace ?? '');
    const { endedAt = 0 } = (freed ? args[2] : {}) as Partial<Ending>;
    const ended =
      before === undefined || held
        ? {}
        : { ended: { slot: args[0] as SlotKey, holding: before, endedAt, previousEndedAt: endedAt } };
    changes.push({ pool, before: of(before), after: of(after), sequence: String(changes.length + 1), ...ended });
    return outcome;
  });
  return { store, changes };
}
