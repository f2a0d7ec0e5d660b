/** Mistakes that plays were not seen to find, each with the test that does: the test fails where the source has the mistake. */
export const elsewhere: Readonly<Record<string, string>> = {
  'assertHeard: whatever the state': 'test/functions/use-cases/leases/assert-lease.test.ts',
  'hear.lifeNotLeft': 'test/cni-shim/commands/leaving.test.ts',
  'kept: in a life that was left': 'test/cni-shim/commands/leaving.test.ts',
  'left.saidLifeOver': 'test/cni-shim/commands/leaving.test.ts',
  'a nonce of which the release was asked is used again': 'test/cni-shim/sync/late-release.test.ts',
  'an ADD goes on with an entry that ended': 'test/cni-shim/sync/late-release.test.ts',
  'a report takes no mark away': 'test/cni-shim/node/outbox.test.ts',
  'an answer for a deleted container is not given back': 'test/cni-shim/verbs/unreachable.test.ts',
  'samePod: what an identity had is its last pod’s': 'test/store/memory-store.test.ts',
  'home: whatever an earlier try holds': 'test/functions/use-cases/add/identity.test.ts',
  'home: its own counts no more than what else it holds': 'test/functions/use-cases/add/identity.test.ts',
  'an assertion leaves the item as it is': 'test/functions/use-cases/leases/identity-slot.test.ts',
  'an assertion is answered whatever became of the item': 'test/functions/use-cases/leases/identity-slot.test.ts',
  'forget: whatever was written since': 'test/functions/use-cases/changes/forget-identities.test.ts',
};
