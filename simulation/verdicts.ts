/** What became of each condition and decision, taken away: by which play it is found out, or why by none. */
import { type Found, f } from './found.ts';
import { identityFound, identityNotFound } from './identity-verdicts.ts';

export const found: Readonly<Record<string, Found>> = {
  'hold 0 slotAbsent': f('held in a block of another', 'scarce', 1, 8000, 880),
  'hold 1 slotFree': f('living address freed', 'scarce', 1, 8000, 1804),
  'hold 1 slotCooled': f('address again too soon', 'scarce', 1, 8000, 1026),
  'hold 1 generationNotNewer': f('held in a block of another', 'scarce', 1, 8000, 880),
  'hold 2 samePod': f('address again too soon', 'scarce', 1, 8000, 1026),
  'hold 3 sameOwner': f('address again too soon', 'scarce', 1, 8000, 1792),
  'hold 3 otherNonce': f('address again too soon', 'given-up', 1, 8000, 361),
  'hold 3 generationNotNewer': f('held in a block of another', 'given-up', 1, 8000, 4227),
  'hold 4 slotHeld': f('held in a block of another', 'scarce', 1, 8000, 1058),
  'assert 0 slotAbsent': f('living address freed', 'given-up', 2, 8000, 2744),
  'assert 1 slotFree': f('living address freed', 'given-up', 2, 8000, 2744),
  'release 0 slotHeld': f('address freed twice', 'scarce', 1, 8000, 158),
  'release 0 sameNonce': f('journal', 'given-up', 2, 8000, 1199),
  'sweep 0 slotHeld': f('address freed twice', 'scarce', 1, 8000, 3933),
  'sweep 0 incarnationNotNewer': f('living address freed', 'given-up', 1, 8000, 6293),
  'advance 0 slotAbsent': f('living address freed', 'scarce', 1, 8000, 5567),
  'claim 0 blockAbsent': f('journal', 'scarce', 1, 8000, 1377),
  'claim 1 blockFree': f('journal', 'scarce', 1, 8000, 1377),
  'fence 0 generationUnchanged': f('living address freed', 'scarce', 1, 8000, 2647),
  'join 0 nodeAbsent': f('living address freed', 'scarce', 1, 8000, 1579),
  'join 1 sameBoot': f('orphan', 'given-up', 2, 8000, 9874),
  'beginLife 0 sameIncarnation': f('orphan', 'given-up', 1, 8000, 11039),
  'reported: whatever is in the slot': f('journal', 'scarce', 1, 8000, 1654),
  'kept: what is being taken back': f('journal', 'leaving', 1, 15000, 1966),
  'finishDecided.slotsAtGeneration': f('block freed before its slots', 'scarce', 1, 8000, 602),
  'finishDecided: absent slots': f('block freed before its slots', 'scarce', 1, 8000, 597),
  'finishDecided: slots of an earlier generation': f('block freed before its slots', 'scarce', 1, 8000, 730),
  'reclaim.markedDead, of whatever life': f('living address freed', 'scarce', 1, 8000, 6408),
  'reclaim: a block of a later life': f('living address freed', 'scarce', 1, 8000, 1597),
  'reclaim: a block of another node': f('living address freed', 'scarce', 1, 8000, 712),
  'claimed: whoever owns it': f('held in a block of another', 'scarce', 1, 8000, 244),
  'a repeat leaves its lease in the life before': f('journal', 'given-up', 3, 15000, 399),
  'propose.claimOfThisBoot': f('journal', 'scarce', 1, 8000, 5381),
  'propose.slotUnjournaled': f('journal', 'scarce', 1, 8000, 481),
  'learn.notGivenBack': f('journal', 'leaving', 1, 8000, 1729),
  'the slot stays proposed': f('journal', 'scarce', 1, 8000, 3803),
  'forgets a lease before its slots': f('journal', 'scarce', 1, 8000, 118),
  'a DEL does not note that it asks': f('journal', 'scarce', 1, 8000, 2873),
  'a retired lease is dropped': f('journal', 'scarce', 1, 8000, 246),
  'a released lease keeps its slots': f('journal', 'scarce', 1, 8000, 642),
  'a released lease stays to be released': f('node', 'scarce', 1, 8000, 14740),
  'leave.journalEmpty, and all that is held is accounted for': f('journal', 'scarce', 1, 8000, 4557),
  'reconcile.entryAbsent': f('living address freed', 'scarce', 1, 8000, 887),
  'reconcile.entryElsewhere': f('living address freed', 'scarce', 1, 8000, 868),
  'a container is gone although its namespace is there': f('living address freed', 'scarce', 1, 8000, 888),
  'sweep 0 sameNode': f('living address freed', 'scarce', 2, 8000, 1332),
  'evict 0 slotHeld': f('address freed twice', 'scarce', 1, 15000, 7889),
  'markDead 0 sameIncarnation': f('orphan', 'given-up', 4, 15000, 18777),
  'the journal is read before the table': f('living address freed', 'scarce', 1, 15000, 5190),
  'reclaim.markedDead': f('living address freed', 'scarce', 1, 15000, 6419),
  'a block is claimed and not in its node’s set': f('orphan', 'scarce', 1, 15000, 18640),
  'evict 0 generationOlder': f('journal', 'given-up', 1, 15000, 7190),
  'takeUp 0 generationUnchanged': f('journal', 'given-up', 1, 15000, 7508),
  'reconcile.nonceOfThisJournal': f('living address freed', 'given-up', 1, 15000, 7556),
  'reconcile.lifeOfEarlierBoot': f('living address freed', 'given-up', 1, 15000, 7556),
  'takeUpDecided.ownerOfOtherBoot': f('address held twice', 'given-up', 1, 15000, 9026),
  'takeUpDecided: of this boot and journal, in this life': f('address held twice', 'given-up', 1, 15000, 4869),
  'assertHeard: in an earlier life': f('journal', 'given-up', 1, 15000, 2393),
  'reclaim.markedDead, by a later life': f('journal', 'given-up', 1, 15000, 13890),
  'a life begins in the boot before': f('orphan', 'given-up', 1, 15000, 20929),
  'all pages are read in the node’s first life': f('living address freed', 'given-up', 1, 15000, 7556),
  'join 1 nodeAlive': f('living address freed', 'leaving', 1, 15000, 13589),
  'a block given back is not remembered': f('journal', 'leaving', 1, 15000, 1729),
  'a block that is being taken back is still its node’s': f('journal', 'leaving', 1, 15000, 2369),
  ...identityFound,
};

export const notFound: Readonly<Record<string, string>> = {
  'hold 2 slotFree': 'not found by 8 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'hold 2 generationNotNewer': 'no such case: a shared pool has one generation, and none is deleted in a run',
  'hold 3 slotFree': 'not found by 7 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'hold 3 sameNode':
    'not found by 8 plays: no node is told to try a slot that cools for another one. [The model](refuted.md) finds it',
  'hold 4 sameOwner':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'hold 4 sameNonce': 'not found by 7 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'hold 4 sameNode':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'hold 4 incarnationNotNewer': 'not found by 9 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'assert 1 generationNotNewer': 'not found by 9 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'assert 2 slotHeld': 'not found by 9 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'assert 2 sameOwner':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'assert 2 sameNonce': 'not found by 9 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'assert 2 sameNode':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'assert 2 incarnationNotNewer': 'not found by 8 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'release 0 sameOwner':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'release 0 sameNode':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'advance 1 slotFree': 'not found by 8 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'advance 1 generationOlder': 'not found by 8 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'abort 0 blockReleasing': 'not found by 8 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'abort 0 generationUnchanged':
    'harmless in the code: a later fence ends without need, at its own generation. In the model that write sets the generation back, and it is found',
  'finish 0 blockReleasing': 'not found by 7 plays. [The model](refuted.md) finds it, and `test/linearizability`',
  'finish 0 generationUnchanged':
    'not found by 12 plays; one found it before. [The model](refuted.md) finds it, and `test/linearizability`',
  'seal 0 blockAbsent': 'no such case: no pool is deleted in a run. The model of pools finds it',
  'seal 1 blockFree': 'no such case: no pool is deleted in a run. The model of pools finds it',
  'markDead 0 nodeAlive': 'harmless: what is marked is marked again',
  'allocate.ownedByCaller':
    'no such case: no node asks in the name of another, or of a boot or journal that is not its own. [The model](refuted.md) has an impostor, and finds it',
  'allocate: in a life that is over': 'not found by 4 plays',
  'takeUpHeard: at whatever generation':
    'implied: the write compares the generation again. [The model](refuted.md) finds it without that (`takeUp.generationUnchanged`)',
  'a block is its node’s whatever the boot':
    'no such case: no node asks in the name of another, or of a boot or journal that is not its own. [The model](refuted.md) has an impostor, and finds it',
  'a block is its node’s whatever the journal':
    'no such case: no node asks in the name of another, or of a boot or journal that is not its own. [The model](refuted.md) has an impostor, and finds it',
  'ownerOf: whatever the state': 'not found by 4 plays',
  'ownerOf: whatever the generation': 'not found by 4 plays',
  'reported.ownedByCaller':
    'no such case: no node asks in the name of another, or of a boot or journal that is not its own. [The model](refuted.md) has an impostor, and finds it',
  'assertHeard.ownedByCaller':
    'no such case: no node asks in the name of another, or of a boot or journal that is not its own. [The model](refuted.md) has an impostor, and finds it',
  'assertHeard: whatever the state': 'not found by 4 plays',
  'giveBackHeard.ownedByCaller':
    'no such case: no node asks in the name of another, or of a boot or journal that is not its own. [The model](refuted.md) has an impostor, and finds it',
  'giveBackHeard: whatever the generation': 'not found by 4 plays',
  'giveBackHeard: at the generation that it has': 'not found by 4 plays',
  'kept: in an earlier life': 'not found by 24 plays. `test/functions/use-cases/blocks/give-back.test.ts` has it',
  'finishDecided: held slots': 'not found by 4 plays',
  'evictDecided.fenceForced': 'not found by 4 plays. [The model](refuted.md) finds it',
  'a death that gave way is withdrawn': 'not found by 4 plays',
  'reclaim: a fence that its owner began is left': 'nothing that a run forbids: the next look at the death takes it up',
  'reclaim: once is enough':
    'nothing that a run forbids: what comes late to a life that is over is a leak, which the next boot ends',
  'a death is concluded before it was swept': 'not found by 4 plays',
  'claim before the node’s set': 'not found by 4 plays. [The model](refuted.md) finds it',
  'claimed: in an earlier life': 'not found by 4 plays',
  'a shared block is not in its node’s set': 'not found by 4 plays',
  'what is remembered of a node counts in its next life': 'not found by 3 plays',
  'a next life is another boot': 'not found by 3 plays',
  'a repeat takes any other slot': 'not found by 3 plays',
  'goodbye of whatever life': 'not found by 3 plays',
  'goodbye of another boot': 'not found by 2 plays',
  'goodbye of another life': 'not found by 2 plays',
  'choose.blockNotLeasedFrom, by the service':
    'nothing that a run forbids: it costs requests: the node gives such an answer back, and asks again',
  'a batch answers with the first outcome': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a batch tells of a lease and its end at once': 'not found by 2 plays',
  'a batch takes silence for a refusal': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a release of the named slot only': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a release of whatever the attachment holds': 'not found by 2 plays',
  'another node’s leases are told as one’s own': 'not found by 2 plays',
  'propose.claimOfThisJournal':
    "the node's cache is in the same file as its journal, and is lost with it; the model, which keeps it, finds it",
  'learn.notGivenBack, of an earlier generation':
    'implied: an answer of an earlier generation counts only where none of a later one was heard, and then its row is there',
  'hear.lifeNotLeft, when it is read':
    'implied by the other half: nothing of a life that was left is written after it, and what was there is deleted with it',
  'hear.lifeNotLeft, when it is written': 'implied by the other half: what is written late is not read',
  'hear.lifeNotLeft, learn.lifeNotLeft': 'not found by 5 plays. [The model](refuted.md) finds it',
  'what was told of an earlier life is a claim': 'not found by 5 plays',
  'a block that an answer does not name is kept':
    'nothing that a run forbids: it costs requests. A proposal of its generation is refused',
  'a later answer of an earlier generation counts':
    'nothing that a run forbids: it costs requests. A proposal of an earlier generation is refused',
  'kept: an earlier generation counts': 'nothing that a run forbids: it costs requests',
  'kept: in a life that was left': 'not found by 5 plays. [The model](refuted.md) has it as `learn.lifeNotLeft`',
  'a released slot is not marked as cooling':
    'nothing that a run forbids: a node may have its own address again before others. `test/cni-shim/verbs/delegated-cooling.test.ts` finds it',
  'a refused report: goes on by itself':
    'nothing that a run forbids: it costs requests: the reports that follow are refused too, and the reconcile has them held again',
  'acknowledge.entryThere':
    'no such case: the runtime keeps ADD and DEL of a container apart, and a process that was killed notes nothing. [The model](refuted.md) finds it',
  'acknowledge.entryThere, whatever is there':
    'no such case: the runtime keeps ADD and DEL of a container apart, and a process that was killed notes nothing. [The model](refuted.md) finds it',
  'a nonce of which the release was asked is used again':
    'not found by 5 plays. `test/cni-shim/sync/late-release.test.ts` finds it',
  'an ADD goes on with an entry that ended': 'not found by 4 plays. `test/cni-shim/sync/late-release.test.ts` finds it',
  'what an ADD finds ended is not released': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'acknowledge.slotNotLivedWith': 'not found by 4 plays. [The model](refuted.md) finds it',
  'an answer after the container lives with another slot': 'not found by 4 plays',
  'an earlier slot of another configuration is forgotten':
    'no such case: a network keeps its configuration for the whole of a run',
  'a slot whose report is under way is taken':
    'harmless in the end, as in the model: the report of the next container is refused until the former one is over',
  'a slot that an ADD takes is released all the same':
    'harmless: that nonce holds nothing, and the slot has its next owner',
  'lives with a slot although its entry is gone': 'no such case: the runtime keeps ADD and DEL of a container apart',
  'lives with a slot although its entry ended': 'no such case: the runtime keeps ADD and DEL of a container apart',
  'lives with a slot that is another’s': 'not found by 4 plays. `test/cni-shim/node/outbox.test.ts` has it',
  'whether the block was given back is looked at before':
    'not found by 4 plays. `test/cni-shim/node/outbox.test.ts` has it',
  'a DEL leaves the mark that nobody was asked':
    'harmless in the end, as in the model: the report of the next container is refused until the former one is over',
  'a dead sandbox: retired although it was added again':
    'no such case: a runtime adds no container whose sandbox is gone',
  'a dead sandbox: its slot is for the next ADD':
    'nothing that a run forbids: a node may have its own address again before others',
  'a report takes no mark away':
    'harmless in the end, as in the model: the report of the next container is refused until the former one is over',
  'a report that is taken is not noted': 'nothing that a run forbids: it costs requests: it is told again',
  'a DEL that crosses a report releases nothing':
    'nothing that a run forbids: what it leaves behind the reconcile frees',
  'what another journal does not know is over':
    'not found by 4 plays: a play found it. `test/cni-shim/agent/lost-journal.test.ts` has it',
  'a refused report is not noted as lost':
    'nothing that a run forbids: the reconcile finds that it is not held all the same',
  'a release goes before its report': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'an ended lease is not reported before its release':
    'nothing that a run forbids: its slot does not cool in the table, and is not in its history',
  'all that is held is what was answered': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'leave.journalEmpty':
    'implied: what the table has of the node is to be accounted for, and what it does not have was not told to anybody. [The model](refuted.md) finds it',
  'begin.notLeaving': 'not found by 4 plays. [The model](refuted.md) finds it',
  'stay.goodbyeUnsaid': 'not found by 4 plays. [The model](refuted.md) finds it',
  'left.saidLifeOver': 'not found by 4 plays. [The model](refuted.md) finds it',
  'left: of an earlier life': 'nothing that a run forbids: it costs requests',
  'giveBackDecided.journalEmpty': 'not found by 4 plays. [The model](refuted.md) finds it',
  'a block given back: the request is not repeated': 'nothing that a run forbids: the block stays its node’s',
  'reconcile.entryAcknowledged': 'not found by 4 plays. [The model](refuted.md) finds it',
  'what is held in a life that is over is not held again': 'not found by 4 plays',
  'what is not held is not held again': 'not found by 4 plays',
  'an assertion is not undone after a DEL': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a refusal is silence': 'not found by 4 plays',
  'a block is taken over under a container that was not reported':
    'not found by 4 plays: the report is refused, and the lease is held again at the next generation',
  'choose.blockNotLeasedFrom':
    'nothing that a run forbids: it costs requests: the node gives such an answer back, and asks again',
  'an answer for a deleted container is not given back':
    'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a reboot is not seen by its sandboxes': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a DEL that is not answered is forgotten': 'not found by 4 plays',
  ...identityNotFound,
};
