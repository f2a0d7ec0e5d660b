/** What became of each decision about identities, taken away. */
import { type Found, f } from './found.ts';

export const identityFound: Readonly<Record<string, Found>> = {
  'point 0 identityAbsent': f('identity moved', 'identities', 6, 10000, 5967),
  'point 1 sameToken': f('identity moved', 'identities', 6, 10000, 5967),
  'samePod: whatever the identity': f('address again too soon', 'identities', 1, 10000, 1513),
  'samePod: of whatever namespace': f('address again too soon', 'identities', 21, 15000, 2886),
  'what an identity had is kept no longer than other addresses': f(
    'address again too soon',
    'identities',
    1,
    10000,
    2677,
  ),
  'point: whoever holds a slot is answered': f('identity moved', 'identities', 8, 10000, 228),
  'point: the item is not written': f('identity moved', 'identities', 1, 10000, 356),
  'who comes second frees its slot': f('living address freed', 'identities', 2, 15000, 1686),
  'home: what another pod of it holds is passed over, as it was read': f('identity moved', 'identities', 1, 10000, 874),
  'home: what another pod of it holds is passed over, as it is by then': f(
    'identity moved',
    'identities',
    6,
    10000,
    3551,
  ),
  'home: what another pod of it holds is passed over': f('identity moved', 'identities', 1, 10000, 874),
  'home: whoever holds it holds it for the identity': f('identity refused', 'identities', 1, 10000, 3650),
  'home: what is the container’s is this request’s': f('identity moved', 'swarm', 258, 8000, 2372),
  'an assertion does not look at the item': f('identity lives twice', 'identities-given-up', 37, 15000, 1876),
  'an assertion holds the slot for no identity': f('identity moved', 'identities-given-up', 1, 10000, 2055),
  'forgetDecided.slotPassedOn': f('identity moved', 'identities-given-up', 1, 15000, 2433),
  'forgetDecided: whatever slot the item names': f('identity moved', 'identities', 5, 15000, 4296),
  'nobody forgets': f('identity left behind', 'identities', 1, 10000, 13094),
  'a node decides by itself for an identity': f('identity moved', 'identities', 2, 10000, 882),
  'an ADD does not say for which identity': f('identity moved', 'identities', 1, 10000, 73),
  'a node does not say for which identity it asserts': f('identity moved', 'identities-given-up', 1, 10000, 7582),
  'forget 0 sameToken': f('identity moved', 'identities', 2, 15000, 6762),
};

export const identityNotFound: Readonly<Record<string, string>> = {
  'samePod: what an identity had is its last pod’s':
    'not found by 10 plays: nobody tries a slot that is kept but who read it before',
  'a pool that keeps none grants an identity any address':
    'implied where blocks belong to nodes: the node refuses an answer that does not say for which identity it is. `test/functions/use-cases/add/identity.test.ts` has other pools',
  'home: whatever an earlier try holds': 'not found by 50 plays',
  'home: its own counts no more than what else it holds': 'not found by 90 plays',
  'home: what is known to be in vain is tried': 'implied: the write compares the same',
  'home: of what is open by now nothing is known': 'no such case: small pools are open from the beginning',
  'home: what cannot be handed out any more': 'no such case: nothing is excluded in a run',
  'what an earlier try holds is held for the identity': 'no such case: no service of before answers in a run',
  'an assertion does not look at the item before':
    'implied by the look afterwards; what it saves is a slot that is held in vain',
  'an assertion leaves the item as it is': 'not found by 65 plays. [The model](refuted.md) finds it',
  'an assertion is answered whatever became of the item': 'not found by 62 plays',
  'forget: whatever was written since':
    'found as `forget 0 sameToken`. What this one leaves open is the moment between two requests: not found by 81 plays',
  'an ADD that was overlooked is answered': 'no such case: no service of before answers in a run',
  'a node forgets the identity when it is asked again':
    'implied: an entry keeps the identity with which it was begun, and a pod keeps its annotation in a run',
};
