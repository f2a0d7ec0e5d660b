/**
 * Blocks that this node gives back, a row for each claim. A row stays while the boot lasts, so no late answer brings the block
 * back; and it comes to be in one step with the look that no slot of the block is used (I3).
 */
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import { usedSlots } from './journal.ts';
import type { NodeDatabase } from './node-database.ts';

export interface ReturnedBlocks {
  /** The claims of which neither they nor later ones of the same block were given back. Looks afresh each time. */
  without(pool: string, claims: readonly ClaimedBlock[]): ClaimedBlock[];
  /** False where a slot of the block is used: then it is not given back. Doing it twice is doing it once. */
  giveBack(pool: string, claim: ClaimedBlock): boolean;
  /** Claims that the service has not answered for. */
  due(pool: string): ClaimedBlock[];
  answered(pool: string, claim: ClaimedBlock): void;
  /** Forgets those of other boots: what an earlier boot owned is never used again as that claim. */
  sweep(): void;
}

export function openReturnedBlocks(database: NodeDatabase, boot: string): ReturnedBlocks {
  const select = 'SELECT block, generation FROM returned_block WHERE boot = ? AND pool = ?';
  const claims = (rows: ReturnType<NodeDatabase['all']>): ClaimedBlock[] =>
    rows.map(({ block, generation }) => ({ block: String(block), generation: Number(generation) }));
  return {
    without(pool, all) {
      const returned = claims(database.all(select, boot, pool));
      return all.filter(
        ({ block, generation }) => !returned.some((one) => one.block === block && generation <= one.generation),
      );
    },
    giveBack: (pool, { block, generation }) =>
      database.transaction((writing) => {
        const used = usedSlots(writing).find((name) => name.startsWith(`${pool}.${block}.`));
        if (used !== undefined) return false;
        writing.run(
          'INSERT OR IGNORE INTO returned_block (boot, pool, block, generation, answered) VALUES (?, ?, ?, ?, 0)',
          boot,
          pool,
          block,
          generation,
        );
        return true;
      }),
    due: (pool) => claims(database.all(`${select} AND answered = 0`, boot, pool)),
    answered: (pool, { block, generation }) =>
      database.transaction(({ run }) => {
        const where = 'boot = ? AND pool = ? AND block = ? AND generation = ?';
        run(`UPDATE returned_block SET answered = 1 WHERE ${where}`, boot, pool, block, generation);
      }),
    sweep: () => database.transaction(({ run }) => void run('DELETE FROM returned_block WHERE boot <> ?', boot)),
  };
}
