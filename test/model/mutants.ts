/**
 * What is taken away from the protocol, one condition at a time, and bad variants of it: the configuration in which each
 * is found out, and what it breaks there first. docs/refuted.md has the stories.
 */
import type { Configuration } from './configurations.ts';

export interface Mutant {
  readonly where: Configuration;
  /** An invariant, as `I2`. */
  readonly breaks: string;
  /** Why somebody might build it so. */
  readonly tells?: string;
}

const once = 'shared: one container id twice';
const dead = 'block: a dead node, and another';
const wish = 'block: given back';
const late = 'shared: a late request begins a life';
const oldDisk = 'block: an old disk';
const lost = 'block: a lost journal';
const left = 'shared: a node leaves';
const leftAndLost = 'shared: a node leaves, and loses its journal';
const restored = 'shared: tables are restored';
const alone = 'block: alone and declared dead although it runs';
const twins = 'shared: machines with the same random numbers';

export const mutants: Readonly<Record<string, Mutant>> = {
  'silence is evidence': {
    where: 'shared: two nodes',
    breaks: 'I2',
    tells: 'A node that is not heard of is declared dead. It was only slow.',
  },
  'a boot begins no life': {
    where: late,
    breaks: 'I2',
    tells:
      'Lives count declared deaths only: a node that boots again before the mark arrives goes on in the life that is over.',
  },
  'a later life makes a declaration count': {
    where: 'shared: declared dead although it runs, after a reboot',
    breaks: 'I2',
    tells:
      'A declaration was interrupted before its mark. A late request of an earlier boot begins a life, so that the life which was declared is no longer the present one; and now the record of it is taken for evidence. The node runs on.',
  },
  'state of another boot is used': {
    where: late,
    breaks: 'I2',
    tells:
      'The node goes on in the life that it was told before it went down, which may have been declared over meanwhile.',
  },
  'a release by owner alone': {
    where: once,
    breaks: 'I2',
    tells:
      'A DEL that has no journal frees what is held under the container’s name. Late, it frees what a successor of the same name holds.',
  },
  'the journal is read before the table': {
    where: once,
    breaks: 'I2',
    tells:
      'Reconcile sends a copy of the journal, and the service frees what is not in it: also what was leased since the copy was made.',
  },
  'claim before the node’s set': {
    where: dead,
    breaks: 'L1',
    tells:
      'The block is claimed before it is in the node’s set. The node dies in between, and nobody looks for the block.',
  },
  'what was opened since is not looked at': {
    where: 'pools: shared, growing',
    breaks: 'I2',
    tells: 'A pool is deleted by sealing what was open when the deletion began, or when the pool was made.',
  },
  'what was opened apart is not looked at': {
    where: 'pools: shared, opened apart',
    breaks: 'I2',
    tells:
      'A pool is deleted by sealing what is below its counter. A slot beyond it, which was opened for an address that somebody asked for, is not sealed.',
  },
  'what is asked for by name is held unopened': {
    where: 'pools: shared, opened apart',
    breaks: 'I2',
    tells: 'A slot beyond what is open is held because somebody asked for its address, and no deletion knows of it.',
  },
  'hold.slotAbsent': { where: once, breaks: 'I2' },
  'hold.slotFree': { where: once, breaks: 'I2' },
  'hold.slotCooled': { where: 'shared: a cooling slot', breaks: 'cooldown' },
  'hold.generationNotNewer': { where: dead, breaks: 'I4' },
  'hold.samePod': { where: 'shared: a cooling slot', breaks: 'cooldown' },
  'hold.slotHeld': { where: 'shared: a cooling slot', breaks: 'cooldown' },
  'hold.sameOwner': { where: 'shared: one nonce twice on a node', breaks: 'I2' },
  'hold.sameNonce': { where: once, breaks: 'I2' },
  'hold.otherNonce': {
    where: 'shared: a container that comes back',
    breaks: 'cooldown',
    tells: 'An attachment has its own cooling slot again at once. A late copy of the request that had it holds it too.',
  },
  'hold.sameNode': { where: twins, breaks: 'I2' },
  'hold.incarnationNotNewer': {
    where: 'shared: an ADD is asked again in the next life',
    breaks: 'I2',
    tells:
      'A node is given up wrongly while an ADD is under way. The ADD is asked again and answered in the next life. Then its first try arrives, and puts the lease back into the life that is over.',
  },
  'release.slotHeld': { where: once, breaks: 'L1' },
  'release.sameOwner': { where: 'shared: one nonce twice on a node', breaks: 'I2' },
  'release.sameNode': { where: twins, breaks: 'I2' },
  'release.sameNonce': { where: once, breaks: 'I2' },
  'sweep.slotHeld': { where: 'shared: two nodes', breaks: 'L1' },
  'sweep.sameNode': { where: 'shared: two nodes', breaks: 'I2' },
  'sweep.incarnationNotNewer': { where: 'shared: a node is given up wrongly', breaks: 'I2' },
  'advance.slotAbsent': { where: dead, breaks: 'I4' },
  'advance.slotFree': { where: wish, breaks: 'I3' },
  'advance.generationOlder': { where: dead, breaks: 'I4' },
  'evict.slotHeld': { where: dead, breaks: 'L1' },
  'evict.generationOlder': { where: dead, breaks: 'I2' },
  'claim.blockAbsent': { where: dead, breaks: 'I3' },
  'claim.blockFree': { where: dead, breaks: 'I3' },
  'takeUp.generationUnchanged': { where: 'block: a late taking over', breaks: 'I5' },
  'fence.generationUnchanged': { where: dead, breaks: 'I5' },
  'abort.blockReleasing': { where: wish, breaks: 'I6' },
  'abort.generationUnchanged': { where: wish, breaks: 'I5' },
  'finish.blockReleasing': { where: 'block: given back with a lease on its way', breaks: 'I4' },
  'finish.generationUnchanged': { where: dead, breaks: 'I4' },
  'allocate.ownedByCaller': { where: 'block: an impostor', breaks: 'I5' },
  'choose.blockNotLeasedFrom': {
    where: 'block: delegated',
    breaks: 'delegated',
    tells:
      'The service chooses a free slot in a block of which the node leases by itself. The node lives with that slot already, and has not told yet. The answer is of no use.',
  },
  'takeUpHeard.ownedByCaller': { where: 'block: an impostor', breaks: 'I5' },
  'giveBackHeard.ownedByCaller': { where: 'block: an impostor gives back', breaks: 'I3' },
  'reclaim.markedDead': {
    where: 'shared: a node is given up wrongly',
    breaks: 'I2',
    tells:
      'What a declaration names is freed before the mark is written. The node is in its next life, or goes on in this one.',
  },
  'finishDecided.slotsAtGeneration': { where: dead, breaks: 'I4' },
  'evictDecided.fenceForced': {
    where: wish,
    breaks: 'I3',
    tells: 'A fence that only the owner’s wish began frees held slots. The wish was sent before the lease was made.',
  },
  'propose.claimOfThisBoot': { where: oldDisk, breaks: 'L1' },
  'propose.claimOfThisJournal': {
    where: lost,
    breaks: 'I1',
    tells:
      'What the node knows of its block survives its journal. Addresses used offline were written in the journal only.',
  },
  'propose.claimOfToldLife': {
    where: 'block: alone and offline, declared dead although it runs',
    breaks: 'I3',
    tells:
      'A node that was declared dead although it runs hears of its next life, perhaps from another pool. By then the block that it was told of in the life before is taken back.',
  },
  'propose.slotUnjournaled': { where: 'block: one node, offline', breaks: 'I1' },
  'acknowledge.entryThere': { where: once, breaks: 'I2' },
  'acknowledge.slotNotLivedWith': {
    where: 'block: two slots, three containers',
    breaks: 'I1',
    tells:
      'The service gives another slot than was proposed, and the node does not look whether a container lives with that slot unreported.',
  },
  'the slot stays proposed': {
    where: 'block: two slots, three containers',
    breaks: 'I1',
    tells:
      'The service gives one container the slot that another one had proposed. The other one still takes it for its own, and lives with it when the service cannot be reached.',
  },
  'learn.generationClaimed': {
    where: wish,
    breaks: 'I3',
    tells:
      'The answer to a node that gives its block back names the generation at which the block is being taken back, as if the node kept it.',
  },
  'learn.ownerOfThisBoot': { where: oldDisk, breaks: 'L1' },
  'learn.ownerOfThisJournal': { where: lost, breaks: 'I1' },
  'learn.notGivenBack': {
    where: wish,
    breaks: 'I3',
    tells: 'A node hears once more that the block is its own, while its wish to give it back is on its way.',
  },
  'hear.lifeNotLeft': {
    where: left,
    breaks: 'I2',
    tells:
      'A late answer names the life that the node has left. It leases in it, and the sweep of that life frees the lease.',
  },
  'leave.journalEmpty': { where: left, breaks: 'I2' },
  'begin.notLeaving': {
    where: left,
    breaks: 'I2',
    tells:
      'The node looks at its journal and says goodbye, without a mark that holds ADDs off. One begins between the look and the goodbye.',
  },
  'stay.goodbyeUnsaid': {
    where: left,
    breaks: 'I2',
    tells: 'The goodbye was not answered, and the node changes its mind. The goodbye was only late.',
  },
  'a goodbye is forgotten with its journal': {
    where: leftAndLost,
    breaks: 'I2',
    tells:
      'The goodbye was late, and the journal that knew of it was lost in the same boot. The next journal begins, and a container lives in the life that the goodbye names.',
  },
  'left.saidLifeOver': {
    where: left,
    breaks: 'I2',
    tells: 'The node takes containers again once the goodbye was sent, not once it was answered.',
  },
  'takeUpDecided.ownerOfOtherBoot': { where: lost, breaks: 'I1' },
  'giveBackDecided.journalEmpty': { where: wish, breaks: 'I3' },
  'reconcile.nonceOfThisJournal': { where: once, breaks: 'I2' },
  'reconcile.entryAbsent': { where: once, breaks: 'I2' },
  'reconcile.entryElsewhere': { where: once, breaks: 'I2' },
  'reconcile.entryAcknowledged': { where: once, breaks: 'I2' },
  'reconcile.lifeOfEarlierBoot': { where: once, breaks: 'I2' },
  'reconcile.noAddRunning': { where: once, breaks: 'I2' },
  'reconcile.unknownToRuntime': { where: once, breaks: 'I2' },
  'join.nodeAbsent': { where: late, breaks: 'I2' },
  'join.nodeAlive': { where: 'shared: a node is given up wrongly', breaks: 'I2' },
  'join.sameBoot': { where: late, breaks: 'I2' },
  'beginLife.sameIncarnation': { where: 'shared: a node is given up wrongly', breaks: 'I2' },
  'markDead.sameIncarnation': { where: late, breaks: 'I2' },
  'register.rangesDisjoint': { where: 'pools: shared', breaks: 'I8' },
  'register.registryUnchanged': { where: 'pools: shared', breaks: 'I2' },
  'unregister.poolSealed': { where: 'pools: shared', breaks: 'I2' },
  'unregister.registryUnchanged': { where: 'pools: shared', breaks: 'I2' },
  'pass.belowSealed': {
    where: 'pools: shared, deleted in steps',
    breaks: 'I2',
    tells: 'The deletion notes how far it came before it has seen that everything below is sealed.',
  },
  'pass.poolUnchanged': {
    where: 'pools: shared, deleted in steps',
    breaks: 'I2',
    tells:
      'While the pool drained, its blocks were seen unused. The note of it arrives when the pool is closed, and is taken for one of sealed blocks.',
  },
  'open.poolActive': { where: 'pools: shared, growing', breaks: 'I2' },
  'openApart.poolActive': { where: 'pools: shared, opened apart', breaks: 'I2' },
  'allocate.placeOpened': { where: 'pools: shared, growing', breaks: 'I2' },
  'pool hold.slotAbsent': { where: 'pools: shared', breaks: 'I2' },
  'pool hold.slotFree': { where: 'pools: shared, two containers', breaks: 'I2' },
  'pool hold.generationNotNewer': { where: 'pools: shared', breaks: 'I2' },
  'pool advance.slotAbsent': { where: 'pools: shared', breaks: 'I2' },
  'pool advance.slotFree': { where: 'pools: shared', breaks: 'I2' },
  'pool claim.blockAbsent': { where: 'pools: blocks', breaks: 'I2' },
  'pool claim.blockFree': { where: 'pools: blocks', breaks: 'I2' },
  'pool seal.blockAbsent': { where: 'pools: blocks', breaks: 'I2' },
  'pool seal.blockFree': { where: 'pools: blocks', breaks: 'I2' },
  'assert.slotAbsent': { where: restored, breaks: 'I2' },
  'assert.slotFree': { where: restored, breaks: 'I2' },
  'assert.generationNotNewer': {
    where: alone,
    breaks: 'I4',
    tells:
      'The service read at which generation the block is the node’s. Its write is late, and the block was taken back since.',
  },
  'assert.slotHeld': { where: alone, breaks: 'I4' },
  'assert.sameOwner': { where: 'shared: one nonce twice on a node, declared dead', breaks: 'I2' },
  'assert.sameNonce': {
    where: 'shared: one container id twice, declared dead',
    breaks: 'I2',
    tells: 'An assertion is late. Its container is gone, and a successor of the same id lives with the slot.',
  },
  'assert.sameNode': { where: 'shared: the same random numbers, declared dead', breaks: 'I2' },
  'assert.incarnationNotNewer': { where: 'shared: declared dead although it runs', breaks: 'I2' },
  'assertHeard.ownedByCaller': { where: 'block: tables are restored', breaks: 'I5' },
  'reopen.leasesHeld': {
    where: restored,
    breaks: 'I1',
    tells: 'After a restore ADDs are let through before every node has asserted what lives on it.',
  },
  'reopen.claimsConfirmed': {
    where: 'block: tables are restored',
    breaks: 'I1',
    tells:
      'A node claimed a block since the time to which the tables were restored. It goes on to live there while the service cannot be reached.',
  },
  'point.sameToken': {
    where: 'identity: two pods',
    breaks: 'I10',
    tells:
      'Whoever holds a slot for an identity writes into its item which one, and is answered. That nobody wrote since it was read is not asked.',
  },
  'who comes second frees its slot': {
    where: 'identity: two pods',
    breaks: 'I2',
    tells:
      'Of two that hold slots for one identity the second one is refused, and the service frees its slot at once. But it was a copy of the request that was first.',
  },
  'identity hold.samePod': { where: 'identity: another pod between', breaks: 'cooldown' },
  'an assertion leaves the item as it is': {
    where: 'identity: asserted again, another pod between',
    breaks: 'I10',
    tells:
      'A node was declared dead although it runs, and asserts the slot of an identity, which nobody else has by then. The item is not written: another pod of the identity has read before that the slot was another’s.',
  },
  'forgetDecided.slotPassedOn': { where: 'identity: its slot passed on', breaks: 'I10' },
  'forget.sameToken': { where: 'identity: its slot passed on', breaks: 'I10' },
  'the slot is read before the item': {
    where: 'identity: its slot passed on',
    breaks: 'I10',
    tells:
      'Whoever forgets the slots of identities takes the stream’s word that another one has the slot, which it was once.',
  },
};
