/** Nodes that lack one precaution each: what the plugin was before it had it. */
import type { OpenDatabase } from '../../../cni-shim/machine/database.ts';
import type { JournalEntry } from '../../../cni-shim/node/journal-entry.ts';

/** Whose journal answers what that node would make of it. */
export type BrokenNode = (open: OpenDatabase) => OpenDatabase;

/** By this the search for a free slot is known. */
const ENDED_BY_SLOT = 'SELECT pool, block, slot, entry FROM outbox JOIN slot USING (nonce)';

const takesUnaskedSlots: BrokenNode = (open) => (path) => {
  const database = open(path);
  return {
    ...database,
    all(sql, ...values) {
      if (sql !== ENDED_BY_SLOT) return database.all(sql, ...values);
      // Each with the slot that its text has.
      return database.all('SELECT entry FROM outbox').flatMap(({ entry = '' }) => {
        const { local } = JSON.parse(String(entry)) as JournalEntry;
        return local === undefined ? [] : [{ ...local.slot, entry }];
      });
    },
  };
};

export const brokenNodes = {
  'takes the slot of a pod that is gone and of which nobody was told, whoever owns it by now': takesUnaskedSlots,
} satisfies Record<string, BrokenNode>;
