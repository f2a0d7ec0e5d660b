/** The slots that identities have, in memory. */
import type { IdentityKey, KeptSlot } from '../../core/protocol/identity.ts';
import type { IdentityStore } from '../../core/store.ts';

export function memoryIdentities(): IdentityStore {
  const kept = new Map<string, KeptSlot>();
  const text = ({ pool, namespace, identity }: IdentityKey) => `${pool}#${namespace}#${identity}`;
  return {
    read: async (key) => kept.get(text(key)),
    async point(key, to, before) {
      const current = kept.get(text(key))?.token;
      if (current === to.token) return true;
      if (current !== before) return false;
      kept.set(text(key), to);
      return true;
    },
    async forget(key, token) {
      return kept.get(text(key))?.token === token && kept.delete(text(key));
    },
  };
}
