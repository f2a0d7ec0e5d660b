/** The slots that identities have, in memory. */
import type { IdentityKey, KeptSlot } from '../../core/protocol/identity.ts';
import type { IdentityStore } from '../../core/store.ts';
import { identityAllows } from './identity-conditions.ts';

export function memoryIdentities(permits: typeof identityAllows = identityAllows): IdentityStore {
  const kept = new Map<string, KeptSlot>();
  const text = ({ pool, namespace, identity }: IdentityKey) => `${pool}#${namespace}#${identity}`;
  return {
    read: async (key) => kept.get(text(key)),
    async point(key, to, before) {
      const current = kept.get(text(key));
      if (current?.token === to.token) return true;
      if (!permits('point', current, { before })) return false;
      kept.set(text(key), to);
      return true;
    },
    async forget(key, token) {
      return permits('forget', kept.get(text(key)), { before: token }) && kept.delete(text(key));
    },
  };
}
