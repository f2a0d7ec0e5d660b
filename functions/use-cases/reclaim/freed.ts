/** What a sweep frees, counted where it happens: a fence frees leases as well. */
import type { Store } from '../../../core/store.ts';

/** The same store, and `freed` hears of each lease that is freed without its owner. */
export function tellingOfFreed(store: Store, freed: () => void): Store {
  const heard = async (outcome: Promise<boolean>): Promise<boolean> => {
    const isFreed = await outcome;
    if (isFreed) freed();
    return isFreed;
  };
  const { leases } = store;
  return {
    ...store,
    leases: {
      ...leases,
      sweep: (...args) => heard(leases.sweep(...args)),
      evict: (...args) => heard(leases.evict(...args)),
    },
  };
}
