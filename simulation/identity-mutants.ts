/** Decisions about identities, each taken away: of the protocol, the service and the node. */
import type { Edit } from './edits.ts';

const edit = (file: string, is: string, becomes: string, after?: string): Edit => ({
  ...{ file, is, becomes },
  ...(after === undefined ? {} : { after }),
});
const SLOTS = 'core/protocol/lease.ts';
const ADD = 'functions/use-cases/add/identity.ts';
const SLOT = 'functions/use-cases/leases/identity-slot.ts';
const ASSERT = 'functions/use-cases/leases/assert-lease.ts';
const FORGET = 'functions/use-cases/changes/forget-identities.ts';
const ASK = 'cni-shim/verbs/ask-service.ts';
const POINTS = '!(await pointTo(deps, key, held.result, kept))';

export const identityEdits: Readonly<Record<string, readonly Edit[]>> = {
  'samePod: whatever the identity': [edit(SLOTS, 'slot.holding.identity === identity', 'true')],
  'samePod: of whatever namespace': [
    edit(SLOTS, 'slot?.holding?.pod?.namespace !== namespace', 'slot?.holding?.pod === undefined'),
  ],
  'samePod: what an identity had is its last pod’s': [edit(SLOTS, 'slot.holding.identity === undefined', 'true')],
  'what an identity had is kept no longer than other addresses': [
    edit('functions/use-cases/known-pools.ts', 'identitySeconds > 0', 'false'),
  ],
  'a pool that keeps none grants an identity any address': [
    edit(ADD, "affinity === 'shared' && identitySeconds > 0", 'true'),
  ],
  'point: whoever holds a slot is answered': [
    edit(ADD, POINTS, '(await pointTo(deps, key, held.result, kept)) === undefined'),
  ],
  'point: the item is not written': [edit(ADD, POINTS, 'false')],
  'who comes second frees its slot': [
    edit(
      ADD,
      'await whoWasFirst(allocation, key)',
      '(await deps.store.leases.release(held.result, { ...request.attachment, node: allocation.call.caller, nonce: request.nonce }, { endedAt: deps.now(), reusableAt: deps.now() }), await whoWasFirst(allocation, key))',
    ),
  ],
  'home: what another pod of it holds is passed over, as it was read': [
    edit(ADD, 'holderOf(allocation, key, state)', 'undefined'),
  ],
  'home: what another pod of it holds is passed over, as it is by then': [
    edit(ADD, 'holderOf(allocation, key, await stateOf(deps, home))', 'undefined'),
  ],
  'home: what another pod of it holds is passed over': [
    edit(ADD, 'holderOf(allocation, key, state)', 'undefined'),
    edit(ADD, 'holderOf(allocation, key, await stateOf(deps, home))', 'undefined'),
  ],
  'home: whoever holds it holds it for the identity': [edit(ADD, 'isOfIdentity(key, state)', 'true', 'const holderOf')],
  'home: what is the container’s is this request’s': [
    edit(
      ADD,
      "allows('release', state, against({ containerId, ifname, nonce: request.nonce, node: call.caller }))",
      'state?.holding?.attachment.containerId === containerId && state.holding.attachment.ifname === ifname',
    ),
  ],
  'home: whatever an earlier try holds': [
    edit(ADD, 'own && !isOwnHome && (own.block !== block || own.slot !== slot)', 'false'),
  ],
  'home: what is known to be in vain is tried': [edit(ADD, '!mayHold(allocation, state)', 'false')],
  'home: of what is open by now nothing is known': [edit(ADD, '!isOpen(allocation.pool, block)', 'false')],
  'home: what cannot be handed out any more': [
    edit(ADD, '!isOpen(pool, block) || !pool.space.isUsable(block, slot)', 'false'),
  ],
  'what an earlier try holds is held for the identity': [
    edit(ADD, 'isOfIdentity(key, await stateOf(allocation.deps, own)) || (await allocation.hold(own, true))', 'true'),
  ],
  'home: its own counts no more than what else it holds': [edit(ADD, '!isOwnHome', 'true')],
  'an assertion does not look at the item': [edit(SLOT, 'state?.held === true && isOfIdentity(key, state)', 'false')],
  'an assertion does not look at the item before': [
    edit(ASSERT, 'await ensureKept(deps, kept, slot, false)', 'undefined'),
  ],
  'an assertion leaves the item as it is': [edit(ASSERT, 'await ensureKept(deps, kept, slot, true)', 'undefined')],
  'an assertion is answered whatever became of the item': [
    edit(
      SLOT,
      '!isHeld || (await pointTo(deps, key, slot, kept))',
      '!isHeld || (await pointTo(deps, key, slot, kept)) || true',
    ),
  ],
  'an assertion holds the slot for no identity': [edit(ASSERT, 'kept ? { identity: kept.identity } : {}', '{}')],
  'forgetDecided.slotPassedOn': [edit(FORGET, '!isItsOwn || now.generation === SEALED_GENERATION', 'true')],
  'forgetDecided: whatever slot the item names': [
    edit(FORGET, 'kept?.block !== slot.block || kept.slot !== slot.slot', 'kept === undefined'),
  ],
  'forget: whatever was written since': [
    edit(FORGET, 'kept.token', "(await store.identities.read(identity))?.token ?? ''", 'isItsOwn || '),
  ],
  'nobody forgets': [
    edit('functions/store/lease-changes.ts', 'isItsOwn && after.generation !== SEALED_GENERATION', 'true'),
  ],
  'a node decides by itself for an identity': [
    edit(ASK, 'addresses.length > 0 || network.identity !== undefined', 'addresses.length > 0'),
  ],
  'an ADD does not say for which identity': [
    edit(ASK, 'network.identity === undefined ? {} : { identity: network.identity }', '{}'),
    edit(ASK, 'network.identity !== identity', 'false'),
  ],
  'an ADD that was overlooked is answered': [edit(ASK, 'network.identity !== identity', 'false')],
  'a node does not say for which identity it asserts': [
    edit('cni-shim/sync/assert-again.ts', 'identity === undefined ? {} : { identity }', '{}'),
  ],
  'a node forgets the identity when it is asked again': [
    edit('cni-shim/node/added-again.ts', 'identity === undefined ? {} : { identity }', '{}'),
  ],
};

/** Writes to which a mistake matters only where they are late or doubled: they are so more often than not. By how its name begins. */
const LAGGING = {
  samePod: ['hold'],
  point: ['point'],
  'who comes second': ['point'],
  home: ['hold', 'point'],
  'an assertion': ['assert', 'point'],
  forget: ['forget'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export const laggingIn = (mutant: string): readonly string[] =>
  Object.entries(LAGGING).find(([name]) => mutant in identityEdits && mutant.startsWith(name))?.[1] ?? [];
