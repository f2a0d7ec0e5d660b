/** What became of each condition and decision, taken away: by which play it is found out, or why by none. */
import { type Found, f } from './found.ts';
import { identityFound, identityNotFound } from './identity-verdicts.ts';

export const found: Readonly<Record<string, Found>> = {
  'hold 0 slotAbsent': f('address again too soon', 'scarce', 1, 8000, 971),
  'hold 1 slotFree': f('forbidden write', 'scarce', 1, 8000, 1022),
  'hold 1 slotCooled': f('address again too soon', 'scarce', 1, 8000, 971),
  'hold 1 generationNotNewer': f('forbidden write', 'scarce', 1, 8000, 1151),
  'hold 2 samePod': f('address again too soon', 'scarce', 1, 8000, 971),
  'hold 3 sameOwner': f('address again too soon', 'scarce', 1, 8000, 3530),
  'hold 3 otherNonce': f('address again too soon', 'given-up', 1, 8000, 1048),
  'hold 3 generationNotNewer': f('forbidden write', 'given-up', 1, 15000, 1567),
  'hold 4 slotHeld': f('address again too soon', 'scarce', 1, 8000, 971),
  'assert 0 slotAbsent': f('forbidden write', 'given-up', 2, 8000, 4827),
  'assert 1 slotFree': f('forbidden write', 'given-up', 3, 8000, 8400),
  'release 0 slotHeld': f('address freed twice', 'scarce', 1, 8000, 430),
  'release 0 sameNonce': f('forbidden write', 'given-up', 1, 15000, 3500),
  'sweep 0 slotHeld': f('address freed twice', 'scarce', 2, 8000, 824),
  'sweep 0 incarnationNotNewer': f('living address freed', 'given-up', 4, 8000, 5559),
  'advance 0 slotAbsent': f('forbidden write', 'scarce', 1, 8000, 4310),
  'claim 0 blockAbsent': f('forbidden write', 'scarce', 1, 8000, 305),
  'claim 1 blockFree': f('forbidden write', 'scarce', 1, 8000, 305),
  'fence 0 generationUnchanged': f('forbidden write', 'scarce', 1, 8000, 980),
  'join 0 nodeAbsent': f('living address freed', 'scarce', 1, 8000, 1680),
  'join 1 sameBoot': f('orphan', 'given-up', 2, 8000, 9730),
  'beginLife 0 sameIncarnation': f('node', 'given-up', 1, 8000, 4103),
  'reported: whatever is in the slot': f('journal', 'scarce', 5, 8000, 3424),
  'kept: what is being taken back': f('journal', 'leaving', 2, 15000, 1066),
  'finishDecided.slotsAtGeneration': f('block freed before its slots', 'scarce', 1, 8000, 640),
  'finishDecided: absent slots': f('block freed before its slots', 'scarce', 1, 8000, 639),
  'finishDecided: slots of an earlier generation': f('block freed before its slots', 'scarce', 1, 8000, 2196),
  'reclaim.markedDead, of whatever life': f('forbidden write', 'scarce', 2, 8000, 2336),
  'reclaim: a block of a later life': f('forbidden write', 'scarce', 1, 8000, 1636),
  'reclaim: a block of another node': f('forbidden write', 'scarce', 1, 8000, 649),
  'claimed: whoever owns it': f('held in a block of another', 'scarce', 1, 8000, 291),
  'a repeat leaves its lease in the life before': f('journal', 'given-up', 7, 15000, 11923),
  'propose.claimOfToldLife': f('node', 'given-up', 2, 8000, 2079),
  'an ADD names the life that its own pool told of': f('node', 'given-up', 2, 15000, 12186),
  'a death that the agent hears of ends no claim': f('node', 'given-up', 8, 15000, 4586),
  'propose.claimOfThisBoot': f('journal', 'scarce', 1, 8000, 1021),
  'propose.slotUnjournaled': f('journal', 'scarce', 1, 8000, 469),
  'learn.notGivenBack': f('journal', 'leaving', 1, 8000, 3127),
  'the slot stays proposed': f('journal', 'scarce', 1, 8000, 5439),
  'forgets a lease before its slots': f('journal', 'scarce', 1, 8000, 140),
  'a DEL does not note that it asks': f('journal', 'scarce', 1, 8000, 4246),
  'a retired lease is dropped': f('journal', 'scarce', 1, 8000, 245),
  'a released lease keeps its slots': f('journal', 'scarce', 1, 8000, 636),
  'a released lease stays to be released': f('node', 'scarce', 1, 8000, 15339),
  'leave.journalEmpty, and all that is held is accounted for': f('journal', 'scarce', 1, 8000, 4756),
  'reconcile.entryAbsent': f('living address freed', 'scarce', 1, 8000, 664),
  'reconcile.entryElsewhere': f('living address freed', 'scarce', 1, 8000, 664),
  'a container is gone although its namespace is there': f('journal', 'scarce', 1, 8000, 2603),
  'sweep 0 sameNode': f('forbidden write', 'scarce', 7, 8000, 2851),
  'evict 0 slotHeld': f('address freed twice', 'given-up', 2, 15000, 6782),
  'markDead 0 sameIncarnation': f('forbidden write', 'given-up', 4, 15000, 7703),
  'the journal is read before the table': f('journal', 'scarce', 4, 15000, 3647),
  'reclaim.markedDead': f('forbidden write', 'scarce', 1, 15000, 1640),
  'a block is claimed and not in its node’s set': f('forbidden write', 'scarce', 1, 15000, 398),
  'evict 0 generationOlder': f('living address freed', 'given-up', 1, 15000, 3804),
  'takeUp 0 generationUnchanged': f('forbidden write', 'given-up', 1, 15000, 4461),
  'reconcile.nonceOfThisJournal': f('living address freed', 'given-up', 2, 15000, 775),
  'reconcile.lifeOfEarlierBoot': f('living address freed', 'given-up', 1, 15000, 11540),
  'takeUpDecided.ownerOfOtherBoot': f('address held twice', 'given-up', 1, 15000, 833),
  'takeUpDecided: of this boot and journal, in this life': f('address held twice', 'given-up', 1, 15000, 833),
  'assertHeard: in an earlier life': f('node', 'given-up', 2, 15000, 5083),
  'reclaim.markedDead, by a later life': f('forbidden write', 'given-up', 1, 15000, 3507),
  'a life begins in the boot before': f('orphan', 'given-up', 11, 15000, 17290),
  'all pages are read in the node’s first life': f('living address freed', 'given-up', 1, 15000, 11540),
  'join 1 nodeAlive': f('living address freed', 'leaving', 1, 15000, 16702),
  'a block given back is not remembered': f('journal', 'leaving', 1, 15000, 2666),
  'a block that is being taken back is still its node’s': f('journal', 'swarm', 200, 8000, 1171),
  'hold 2 slotFree': f('forbidden write', 'swarm', 258, 8000, 1344),
  'hold 3 slotFree': f('forbidden write', 'swarm', 22, 8000, 7303),
  'hold 3 sameNode': f('address again too soon', 'swarm', 93, 8000, 6783),
  'hold 4 sameNonce': f('forbidden write', 'swarm', 22, 8000, 7303),
  'hold 4 incarnationNotNewer': f('forbidden write', 'swarm', 1, 8000, 7601),
  'assert 1 generationNotNewer': f('forbidden write', 'swarm', 36, 8000, 5791),
  'assert 2 slotHeld': f('forbidden write', 'given-up', 2, 15000, 4827),
  'assert 2 incarnationNotNewer': f('forbidden write', 'given-up', 3, 15000, 4158),
  'advance 1 slotFree': f('forbidden write', 'swarm', 7, 8000, 5999),
  'advance 1 generationOlder': f('forbidden write', 'swarm', 72, 8000, 992),
  'abort 0 blockReleasing': f('forbidden write', 'swarm', 7, 8000, 6281),
  'finish 0 blockReleasing': f('forbidden write', 'swarm', 65, 8000, 438),
  'finish 0 generationUnchanged': f('forbidden write', 'swarm', 1173, 10000, 6003),
  'markDead 0 nodeAlive': f('forbidden write', 'swarm', 139, 8000, 8870),
  'a block is its node’s whatever the journal': f('address held twice', 'swarm', 239, 8000, 559),
  'assertHeard.ownedByCaller': f('held in a block of another', 'swarm', 214, 8000, 7873),
  'giveBackHeard: at the generation that it has': f('journal', 'leaving', 4, 8000, 4116),
  'evictDecided.fenceForced': f('living address freed', 'swarm', 7, 8000, 5874),
  'a death that gave way is withdrawn': f('forbidden write', 'identities-given-up', 2, 8000, 611),
  'reclaim: once is enough': f('orphan', 'swarm', 139, 8000, 8747),
  'claim before the node’s set': f('forbidden write', 'swarm', 133, 8000, 5014),
  'claimed: in an earlier life': f('journal', 'swarm', 119, 8000, 3705),
  'a shared block is not in its node’s set': f('forbidden write', 'swarm', 137, 8000, 1649),
  'what is remembered of a node counts in its next life': f('node', 'swarm', 189, 8000, 4379),
  'a next life is another boot': f('living address freed', 'forgetful', 7, 15000, 8717),
  'a repeat takes any other slot': f('address held twice', 'dual-stack', 1, 8000, 2870),
  'goodbye of whatever life': f('living address freed', 'leaving', 6, 15000, 18888),
  'goodbye of another life': f('living address freed', 'leaving', 6, 15000, 18849),
  'a batch answers with the first outcome': f('journal', 'swarm', 11, 8000, 1437),
  'what was told of an earlier life is a claim': f('node', 'given-up', 6, 15000, 4167),
  'what an ADD finds ended is not released': f('journal', 'swarm', 137, 8000, 605),
  'acknowledge.slotNotLivedWith': f('journal', 'swarm', 124, 8000, 288),
  'lives with a slot that is another’s': f('journal', 'swarm', 55, 8000, 1102),
  'whether the block was given back is looked at before': f('journal', 'swarm', 55, 8000, 1102),
  'a report that is taken is not noted': f('node', 'swarm', 122, 8000, 10964),
  'what another journal does not know is over': f('living address freed', 'swarm', 217, 8000, 2179),
  'leave.journalEmpty': f('living address freed', 'leaving', 2, 8000, 855),
  'begin.notLeaving': f('living address freed', 'leaving', 4, 8000, 507),
  'stay.goodbyeUnsaid': f('journal', 'leaving', 54, 15000, 11236),
  'giveBackDecided.journalEmpty': f('journal', 'swarm', 35, 8000, 1264),
  'reconcile.entryAcknowledged': f('counter', 'swarm', 229, 8000, 9674),
  'what is not held is not held again': f('orphan', 'given-up', 23, 15000, 17154),
  'a claim of an earlier life counts, on the node and in the service': f('node', 'given-up', 6, 15000, 4167),
  'a goodbye is forgotten with its journal': f('living address freed', 'leaving', 59, 15000, 1146),
  ...identityFound,
};

export const notFound: Readonly<Record<string, string>> = {
  'hold 2 generationNotNewer': 'no such case: a shared pool has one generation, and none is deleted in a run',
  'hold 4 sameOwner':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'hold 4 sameNode':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'assert 2 sameOwner':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'assert 2 sameNonce':
    'not found by 50 plays: an assertion of an earlier container of that name has to come late. [The model](refuted.md) finds it, and `test/linearizability`',
  'assert 2 sameNode':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'release 0 sameOwner':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'release 0 sameNode':
    "no such case: a nonce is one container's on one node in a run. The model has machines with the same random numbers, and finds it there",
  'abort 0 generationUnchanged':
    'harmless in the code: a later fence ends without need, at its own generation. In the model that write sets the generation back, and it is found',
  'seal 0 blockAbsent': 'no such case: no pool is deleted in a run. The model of pools finds it',
  'seal 1 blockFree': 'no such case: no pool is deleted in a run. The model of pools finds it',
  'allocate.ownedByCaller':
    'no such case: no node asks in the name of another, or of a boot or journal that is not its own. [The model](refuted.md) has an impostor, and finds it',
  'allocate: in a life that is over':
    'implied: no node proposes what it was told in an earlier life. Both taken away are found: `a claim of an earlier life counts`',
  'takeUpHeard: at whatever generation':
    'implied: the write compares the generation again. [The model](refuted.md) finds it without that (`takeUp.generationUnchanged`)',
  'a block is its node’s whatever the boot': 'implied: a late request of an earlier boot names an earlier generation',
  'ownerOf: whatever the state':
    'no such case: nobody knows the generation of a fence before the block is claimed at it',
  'ownerOf: whatever the generation':
    'nothing that a run forbids: the block is the same owner’s, at another generation',
  'reported.ownedByCaller':
    'no such case: no node asks in the name of another, or of a boot or journal that is not its own. [The model](refuted.md) has an impostor, and finds it',
  'assertHeard: whatever the state': 'not found by 145 plays, and once by an earlier one',
  'giveBackHeard.ownedByCaller': 'implied: the write compares the generation, which was another owner’s (I6)',
  'giveBackHeard: whatever the generation': 'implied: the write compares the generation again',
  'kept: in an earlier life':
    'nothing that a run forbids: a life ends by a boot, a goodbye, or a wrong word. What was told of one that was left is not heard, and what lives in one that was given up is given up',
  'finishDecided: held slots':
    'implied: what is held at the generation of a fence was granted after that, and `finish` compares state and generation',
  'reclaim: a fence that its owner began is left': 'nothing that a run forbids: the next look at the death takes it up',
  'a death is concluded before it was swept': 'no such case: no sweep fails for seven days in a run',
  'goodbye of another boot': 'implied: a life is of one boot, and the life is compared',
  'choose.blockNotLeasedFrom, by the service':
    'nothing that a run forbids: it costs requests: the node gives such an answer back, and asks again',
  'a batch tells of a lease and its end at once':
    'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a batch takes silence for a refusal': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a release of the named slot only': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a release of whatever the attachment holds': 'implied: the write compares the nonce again',
  'another node’s leases are told as one’s own':
    'implied: a release compares the node, and a node asserts what its own journal has',
  'propose.claimOfThisJournal':
    "the node's cache is in the same file as its journal, and is lost with it; the model, which keeps it, finds it",
  'learn.notGivenBack, of an earlier generation':
    'implied: an answer of an earlier generation counts only where none of a later one was heard, and then its row is there',
  'hear.lifeNotLeft': 'not found by 45 plays: no answer came after the goodbye. [The model](refuted.md) finds it',
  'a block that an answer does not name is kept':
    'nothing that a run forbids: it costs requests. A proposal of its generation is refused',
  'a later answer of an earlier generation counts':
    'nothing that a run forbids: it costs requests. A proposal of an earlier generation is refused',
  'kept: an earlier generation counts': 'nothing that a run forbids: it costs requests',
  'kept: in a life that was left':
    'not found by 45 plays: no answer came after the goodbye. [The model](refuted.md) has it as `propose.claimOfToldLife`',
  'a released slot is not marked as cooling':
    'nothing that a run forbids: a node may have its own address again before others. `test/cni-shim/verbs/delegated-cooling.test.ts` finds it',
  'a refused report: goes on by itself':
    'nothing that a run forbids: it costs requests: the reports that follow are refused too, and the reconcile has them held again',
  'acknowledge.entryThere':
    'no such case: the runtime keeps ADD and DEL of a container apart, and a process that was killed notes nothing. [The model](refuted.md) finds it',
  'acknowledge.entryThere, whatever is there':
    'no such case: the runtime keeps ADD and DEL of a container apart, and a process that was killed notes nothing. [The model](refuted.md) finds it',
  'a nonce of which the release was asked is used again': 'not found by 50 plays',
  'an ADD goes on with an entry that ended': 'not found by 260 plays',
  'an answer after the container lives with another slot':
    'no such case: a runtime adds a container once at a time, and a process that was killed notes nothing',
  'an earlier slot of another configuration is forgotten':
    'no such case: a network keeps its configuration for the whole of a run',
  'a slot whose report is under way is taken':
    'harmless in the end, as in the model: the report of the next container is refused until the former one is over',
  'a slot that an ADD takes is released all the same':
    'harmless: that nonce holds nothing, and the slot has its next owner',
  'lives with a slot although its entry is gone': 'no such case: the runtime keeps ADD and DEL of a container apart',
  'lives with a slot although its entry ended': 'no such case: the runtime keeps ADD and DEL of a container apart',
  'a DEL leaves the mark that nobody was asked':
    'harmless in the end, as in the model: the report of the next container is refused until the former one is over',
  'a dead sandbox: retired although it was added again':
    'no such case: a runtime adds no container whose sandbox is gone',
  'a dead sandbox: its slot is for the next ADD':
    'nothing that a run forbids: a node may have its own address again before others',
  'a report takes no mark away': 'not found by 110 plays, and twice by earlier ones',
  'a DEL that crosses a report releases nothing':
    'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a refused report is not noted as lost':
    'nothing that a run forbids: the reconcile finds that it is not held all the same',
  'a release goes before its report': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'an ended lease is not reported before its release':
    'nothing that a run forbids: its slot does not cool in the table, and is not in its history',
  'all that is held is what was answered': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'left.saidLifeOver': 'not found by 150 plays. [The model](refuted.md) finds it',
  'left: of an earlier life': 'nothing that a run forbids: it costs requests',
  'a block given back: the request is not repeated': 'nothing that a run forbids: the block stays its node’s',
  'what is held in a life that is over is not held again':
    'nothing that a run forbids: it is held again once it was swept',
  'an assertion is not undone after a DEL': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a refusal is silence':
    'nothing that a run forbids: the slot is in a block of the node’s, and where its report is refused it is held again once it is free',
  'a block is taken over under a container that was not reported':
    'nothing that a run forbids: its report is refused, and it is held again at the next generation',
  'choose.blockNotLeasedFrom':
    'nothing that a run forbids: it costs requests: the node gives such an answer back, and asks again',
  'an answer for a deleted container is not given back': 'not found by 135 plays, and once by an earlier one',
  'a reboot is not seen by its sandboxes': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  'a DEL that is not answered is forgotten': 'nothing that a run forbids: what it leaves behind the reconcile frees',
  ...identityNotFound,
};
