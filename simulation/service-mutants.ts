/** Decisions of the service, each taken away: by the names of docs/protocol.md, where they have one there. */
import type { Edit } from './edits.ts';

const edit = (file: string, is: string, becomes: string, after?: string): Edit => ({
  ...{ file: `functions/use-cases/${file}`, is, becomes },
  ...(after === undefined ? {} : { after }),
});
const FENCE = 'blocks/fence-block.ts';
const OWNED = 'add/allocate-owned.ts';
const NODES = 'nodes/membership.ts';
const OWN = 'blocks/own-blocks.ts';

export const serviceEdits: Readonly<Record<string, readonly Edit[]>> = {
  'allocate.ownedByCaller': [edit(OWNED, '!isOf(claimantOf(call, request), owner)', 'owner === undefined')],
  'allocate: in a life that is over': [
    edit(OWNED, 'owner !== undefined && incarnation !== undefined && owner.incarnation < incarnation', 'false'),
  ],
  'a claim of an earlier life counts, on the node and in the service': [
    edit(OWNED, 'owner !== undefined && incarnation !== undefined && owner.incarnation < incarnation', 'false'),
    {
      file: 'cni-shim/node/pool-cache.ts',
      is: 'previous?.incarnation === answer.incarnation',
      becomes: 'previous !== undefined',
    },
  ],
  'takeUpDecided.ownerOfOtherBoot': [
    edit(
      OWN,
      '(owner.boot !== claimant.boot || (owner.journal === claimant.journal && owner.incarnation < incarnation))',
      'true',
    ),
  ],
  'takeUpDecided: of this boot and journal, in this life': [edit(OWN, 'owner.incarnation < incarnation', 'true')],
  'takeUpHeard: at whatever generation': [
    edit('add/owned-allocation.ts', 'former.get(block) === generation', 'former.has(block)'),
  ],
  'a block is its node’s whatever the boot': [edit(OWN, 'owner.boot === boot', 'true')],
  'a block is its node’s whatever the journal': [edit(OWN, 'owner.journal === journal', 'true')],
  'a block that is being taken back is still its node’s': [edit(OWN, "state.state === 'releasing'", 'false')],
  'ownerOf: whatever the state': [
    edit(OWN, "block?.state === 'claimed' && block.generation === generation", 'block?.generation === generation'),
  ],
  'ownerOf: whatever the generation': [
    edit(OWN, "block?.state === 'claimed' && block.generation === generation", "block?.state === 'claimed'"),
  ],
  'reported.ownedByCaller': [
    edit('leases/report-lease.ts', '!isOf(claimantOf(call, request), owner)', 'owner === undefined'),
  ],
  'reported: whatever is in the slot': [edit('leases/report-lease.ts', 'outcome.held', 'true', 'if (')],
  'assertHeard.ownedByCaller': [
    edit('leases/assert-lease.ts', 'isOf(owner, block.owner)', 'block.owner !== undefined'),
  ],
  'assertHeard: whatever the state': [
    edit('leases/assert-lease.ts', "block.state === 'claimed'", 'block.owner !== undefined', 'const isOwn = '),
  ],
  'assertHeard: in an earlier life': [
    edit('leases/assert-lease.ts', 'block.owner.incarnation >= owner.incarnation', 'true'),
  ],
  'giveBackHeard.ownedByCaller': [
    edit('blocks/give-back.ts', 'isOf({ node: caller, boot, journal }, state.owner)', 'state.owner !== undefined'),
  ],
  'giveBackHeard: whatever the generation': [edit('blocks/give-back.ts', 'state.generation === generation', 'true')],
  'giveBackHeard: at the generation that it has': [
    edit('blocks/give-back.ts', 'state.generation === generation', 'true'),
    edit('blocks/give-back.ts', '{ generation, forced: false }', '{ generation: state.generation, forced: false }'),
  ],
  'kept: what is being taken back': [edit('blocks/give-back.ts', "state.state === 'releasing'", 'false')],
  'kept: in an earlier life': [
    edit('blocks/give-back.ts', 'node?.alive === true && node.incarnation === owner?.incarnation', 'true'),
  ],
  'finishDecided.slotsAtGeneration': [edit(FENCE, 'left.length === 0', 'true')],
  'finishDecided: absent slots': [
    edit(
      FENCE,
      'slot !== undefined && !slot.held && slot.generation >= generation',
      'slot === undefined || (!slot.held && slot.generation >= generation)',
    ),
  ],
  'finishDecided: held slots': [edit(FENCE, '!slot.held', 'true')],
  'finishDecided: slots of an earlier generation': [edit(FENCE, 'slot.generation >= generation', 'true')],
  'evictDecided.fenceForced': [
    edit(FENCE, '!forced && left.some((slot) => slotConditions.slotHeld(slots.get(slot), {}))', 'false'),
  ],
  'reclaim.markedDead, by a later life': [
    edit(
      'nodes/standing.ts',
      'diedAt === declaredAt || (isDead && diedAt === undefined)',
      'diedAt === declaredAt || isDead || isPast',
    ),
  ],
  'reclaim.markedDead, of whatever life': [
    edit('nodes/standing.ts', 'diedAt === declaredAt || (isDead && diedAt === undefined)', 'diedAt !== undefined'),
  ],
  'reclaim.markedDead': [
    edit('nodes/standing.ts', 'diedAt === declaredAt || (isDead && diedAt === undefined)', 'true'),
  ],
  'a death that gave way is withdrawn': [
    edit('nodes/standing.ts', 'last === undefined || last.incarnation > incarnation', 'false'),
  ],
  'reclaim: a block of a later life': [
    edit('blocks/dead-block.ts', 'block.owner.incarnation <= life.incarnation', 'true'),
  ],
  'reclaim: a block of another node': [
    edit('blocks/dead-block.ts', 'block?.owner?.node !== life.node', 'block?.owner === undefined'),
  ],
  'reclaim: a fence that its owner began is left': [edit('reclaim/reclaim.ts', "outcome === 'kept'", 'false')],
  'reclaim: once is enough': [edit('reclaim/due.ts', 'declaredAt + after > sweptAt', 'false')],
  'a death is concluded before it was swept': [edit('reclaim/unconcluded.ts', 'dueAt(death) !== undefined', 'false')],
  'claim before the node’s set': [
    edit('blocks/claim-block.ts', 'await claim.join(some)', 'await claim.join([])'),
    edit(
      'blocks/claim-block.ts',
      'noteOwner(deps, key, state)',
      '(noteOwner(deps, key, state), await claim.join([block]))',
      'deps.store.blocks.claim(key',
    ),
  ],
  'a block is claimed and not in its node’s set': [
    edit('blocks/claim-block.ts', 'await claim.join(some)', 'await claim.join([])'),
  ],
  'claimed: whoever owns it': [
    edit('blocks/claim-block.ts', 'isOf(claimant, state.owner) && state.owner.incarnation === incarnation', 'true'),
  ],
  'claimed: in an earlier life': [edit('blocks/claim-block.ts', 'state.owner.incarnation === incarnation', 'true')],
  'a shared block is not in its node’s set': [edit(NODES, 'node?.joinedBlocks.has(needed)', 'true')],
  'what is remembered of a node counts in its next life': [
    edit(NODES, 'node?.incarnation === incarnation', 'node !== undefined'),
  ],
  'a life begins in the boot before': [edit(NODES, 'bootsAfter(node, boot)', 'bootsAfter(node, node.boot)')],
  'a next life is another boot': [
    edit(NODES, 'bootsAfter(node, boot)', '{ ...bootsAfter(node, boot), firstOfBoot: node.incarnation + 1 }'),
  ],
  'a repeat leaves its lease in the life before': [
    edit('add/block-slots.ts', 'own.incarnation >= incarnation || (await allocation.hold(own.key, true))', 'true'),
  ],
  'a repeat takes any other slot': [
    edit(
      'add/block-slots.ts',
      'own === undefined',
      'true',
      'new Map([...slots].filter(([slot]) => among(slot))));\n  if (',
    ),
  ],
  'goodbye of whatever life': [
    edit(
      'nodes/goodbye.ts',
      'node === undefined || node.boot !== boot || node.incarnation !== incarnation',
      'node === undefined',
    ),
  ],
  'goodbye of another boot': [edit('nodes/goodbye.ts', 'node.boot !== boot', 'false')],
  'goodbye of another life': [edit('nodes/goodbye.ts', 'node.incarnation !== incarnation', 'false')],
  'choose.blockNotLeasedFrom, by the service': [edit(OWNED, 'one.block === blockToText(block)', 'false')],
  'a batch answers with the first outcome': [
    edit(
      'leases/batch.ts',
      'outcomes.get(item) ?? {}',
      '(item.release === undefined) === (items[0].release === undefined) ? outcomes.get(items[0]) ?? {} : outcomes.get(item) ?? {}',
    ),
  ],
  'a batch tells of a lease and its end at once': [
    edit('leases/batch.ts', 'byNonce(items).values()', 'items.map((item) => [item])'),
  ],
  'a batch takes silence for a refusal': [edit('leases/batch.ts', 'error.kind.unanswered !== true', 'true')],
  'a release of the named slot only': [
    edit('leases/release.ts', 'known === undefined || !request.acknowledged', 'false'),
  ],
  'a release of whatever the attachment holds': [
    edit('leases/release.ts', 'lease.nonce === nonce', 'true', 'filter((lease) => '),
  ],
  'another node’s leases are told as one’s own': [
    edit('leases/own-leases.ts', '!held || holding?.node !== caller', '!held || holding === undefined'),
  ],
  'all pages are read in the node’s first life': [
    edit(
      'leases/own-leases.ts',
      '{ node: caller, incarnation, boot, firstOfBoot, leases: [...rows], blocks, ...next }',
      '{ node: caller, incarnation, boot, firstOfBoot: incarnation + 1, leases: [...rows], blocks, ...next }',
    ),
  ],
};
