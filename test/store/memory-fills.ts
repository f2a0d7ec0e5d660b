/** Levels of pools in memory. */

import type { PoolFill } from '../../core/protocol/fill.ts';
import type { FillStore } from '../../core/store.ts';
import { copy } from './copy.ts';

export function memoryFills(): FillStore {
  const fills = new Map<string, PoolFill>();
  return {
    async read(pool) {
      return copy(fills.get(pool));
    },
    async note(pool, fill) {
      const before = fills.get(pool);
      if (before !== undefined && before.turn !== fill.turn - 1) return false;
      fills.set(pool, copy(fill));
      return true;
    },
  };
}
