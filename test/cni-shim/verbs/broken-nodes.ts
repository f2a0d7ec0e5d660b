/** Nodes that lack one precaution each: what the plugin was before it had it. */
import type { Database, OpenDatabase } from '../../../cni-shim/machine/database.ts';
import type { JournalEntry } from '../../../cni-shim/node/journal-entry.ts';

/** Whose journal answers what that node would make of it. */
export type BrokenNode = (open: OpenDatabase) => OpenDatabase;

const SLOTS = 'SELECT pool, block, slot FROM slot';
const OUTBOX = 'SELECT entry FROM outbox';
const OWNER = 'SELECT nonce FROM slot WHERE pool = ? AND block = ? AND slot = ?';

/** Whose container lived with the slot and is gone, of which the service never heard. */
function lastUnasked(database: Database, [pool, block, slot]: readonly unknown[]): string | undefined {
  const entries = database.all(OUTBOX).map(({ entry }) => JSON.parse(String(entry)) as JournalEntry);
  const last = entries.find(({ unasked, reported, local }) => {
    const lived = unasked === true && reported !== true ? local?.slot : undefined;
    return lived !== undefined && lived.pool === pool && lived.block === block && lived.slot === slot;
  });
  return last?.nonce;
}

const takesUnaskedSlots: BrokenNode = (open) => (path) => {
  const database = open(path);
  let before = '';
  return {
    ...database,
    all(sql, ...values) {
      // The search for a free slot is known by what it reads: all slots, the outbox, then owners.
      const isSearch = sql === OWNER && before === `${SLOTS}; ${OUTBOX}`;
      if (!isSearch) before = sql === OUTBOX ? `${before}; ${sql}` : sql;
      const last = isSearch ? lastUnasked(database, values) : undefined;
      return last === undefined ? database.all(sql, ...values) : [{ nonce: last }];
    },
  };
};

export const brokenNodes = {
  'takes the slot of a pod that is gone and of which nobody was told, whoever owns it by now': takesUnaskedSlots,
} satisfies Record<string, BrokenNode>;
