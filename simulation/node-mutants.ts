/** Decisions of the node, each taken away: by the names of docs/protocol.md, where they have one there. */
import type { Edit } from './edits.ts';

const edit = (file: string, is: string, becomes: string, after?: string): Edit => ({
  ...{ file: `cni-shim/${file}`, is, becomes },
  ...(after === undefined ? {} : { after }),
});
const CACHE = 'node/pool-cache.ts';
const JOURNAL = 'node/journal.ts';
const OUTBOX = 'node/outbox.ts';
const RECONCILE = 'sync/reconcile-decision.ts';
const RETURNED = 'node/returned-blocks.ts';
const LEAVING = 'node/leaving.ts';
const LIVES = 'node/life-rows.ts';
const LEAVE = 'sync/leave.ts';

export const nodeEdits: Readonly<Record<string, readonly Edit[]>> = {
  'propose.claimOfThisBoot': [edit(CACHE, 'cache?.bootId === bootId', 'cache !== undefined')],
  'propose.claimOfThisJournal': [edit(CACHE, 'cache.journal === journal', 'true')],
  'propose.slotUnjournaled': [edit(JOURNAL, '!used.has(slotName(slot))', 'true')],
  'learn.notGivenBack': [edit('node/told-pools.ts', 'returnedBlocks.without(pool, cache.blocks)', 'cache.blocks')],
  'learn.notGivenBack, of an earlier generation': [
    edit(RETURNED, 'generation <= one.generation', 'generation === one.generation'),
  ],
  'hear.lifeNotLeft': [edit(LIVES, 'after(left)', '0')],
  'propose.claimOfToldLife': [edit('node/told-pools.ts', 'cache.incarnation < presentLife', 'false')],
  'an ADD names the life that its own pool told of': [
    edit('verbs/ask-service.ts', 'Math.max(cache.incarnation, presentLife)', 'cache.incarnation'),
  ],
  'a death that the agent hears of ends no claim': [edit(LIVES, 'after(dead)', '0')],
  'what was told of an earlier life is a claim': [
    edit(CACHE, 'previous?.incarnation === answer.incarnation', 'previous !== undefined'),
  ],
  'a block that an answer does not name is kept': [edit(CACHE, 'block !== proposal?.block', 'true')],
  'a later answer of an earlier generation counts': [edit(CACHE, 'told.generation < generation', 'false')],
  'kept: an earlier generation counts': [edit(CACHE, 'known.generation >= kept.generation', 'false')],
  'kept: in a life that was left': [edit('sync/return-block.ts', 'cache.incarnation === life', 'true')],
  'a released slot is not marked as cooling': [edit(CACHE, 'previous.pool.id !== slot.pool', 'true')],
  'a refused report: goes on by itself': [edit(CACHE, "'online'", 'previous.pool.leasing', 'const afterRefusedReport')],
  'acknowledge.entryThere': [
    edit(JOURNAL, '!isStill(entry, current)', 'current === undefined', 'function acknowledge('),
  ],
  'acknowledge.entryThere, whatever is there': [
    edit(JOURNAL, 'current?.nonce === entry.nonce', 'current !== undefined', 'const isStill'),
  ],
  'a nonce of which the release was asked is used again': [
    edit(JOURNAL, 'current.ended !== true', 'true', 'const isStill'),
  ],
  'an ADD goes on with an entry that ended': [
    edit(JOURNAL, 'there !== undefined && there.ended !== true', 'there !== undefined', 'function begin('),
  ],
  'what an ADD finds ended is not released': [
    edit(JOURNAL, 'retire(writing, there)', 'undefined', 'if (there !== undefined) '),
  ],
  'acknowledge.slotNotLivedWith': [edit(JOURNAL, 'other?.local !== undefined && other.reported !== true', 'false')],
  'an answer after the container lives with another slot': [
    edit(JOURNAL, '!sameSlot(current.local.slot, slot)', 'false'),
  ],
  'the slot stays proposed': [
    edit(
      JOURNAL,
      "'INSERT OR REPLACE INTO slot (pool, block, slot, nonce) VALUES (?, ?, ?, ?)'",
      "'INSERT OR IGNORE INTO slot (pool, block, slot, nonce) VALUES (?, ?, ?, ?)'",
    ),
  ],
  'an earlier slot of another configuration is forgotten': [
    edit(JOURNAL, 'attempts > 1 && proposal !== undefined && proposal.pool !== slot.pool', 'false'),
  ],
  'a slot whose report is under way is taken': [
    edit(JOURNAL, 'entry?.unasked === true && entry.reported !== true', 'entry !== undefined'),
  ],
  'a slot that an ADD takes is released all the same': [
    edit(
      JOURNAL,
      "writing.run('DELETE FROM outbox WHERE nonce = ?', ended.get(slotName(slot))?.nonce ?? '')",
      'undefined',
    ),
  ],
  'forgets a lease before its slots': [
    edit(JOURNAL, "run('DELETE FROM slot WHERE nonce = ?', found.nonce)", 'undefined'),
  ],
  'lives with a slot although its entry is gone': [
    edit(OUTBOX, 'there === undefined || there.ended === true', 'false', 'liveWith: (entry, lease, wasAsked)'),
  ],
  'lives with a slot although its entry ended': [
    edit(OUTBOX, 'there.ended === true', 'false', 'liveWith: (entry, lease, wasAsked)'),
  ],
  'lives with a slot that is another’s': [edit(OUTBOX, 'ownerOf(writing, local.slot) !== entry.nonce', 'false')],
  'whether the block was given back is looked at before': [
    edit(OUTBOX, 'local === undefined || ownerOf(writing, local.slot) !== entry.nonce', 'local === undefined'),
  ],
  'a DEL does not note that it asks': [edit(OUTBOX, '{ ...asked(there), ended: true }', 'asked(there)')],
  'a DEL leaves the mark that nobody was asked': [edit(OUTBOX, 'asked(there)', 'there', 'end: (found)')],
  'a dead sandbox: retired although it was added again': [
    edit(OUTBOX, 'JSON.stringify(there) !== JSON.stringify(found)', 'false'),
  ],
  'a dead sandbox: its slot is for the next ADD': [
    edit(OUTBOX, 'retire(writing, asked(there))', 'retire(writing, there)'),
  ],
  'a retired lease is dropped': [
    edit(
      JOURNAL,
      "run('INSERT OR REPLACE INTO outbox (nonce, entry) VALUES (?, ?)', entry.nonce, JSON.stringify(entry))",
      'undefined',
    ),
  ],
  'a report takes no mark away': [edit(OUTBOX, 'changeByNonce(writing, { nonce }, asked)', 'true')],
  'a report that is taken is not noted': [
    edit(OUTBOX, '{ reported: true, ...(incarnation === undefined ? {} : { incarnation }) }', '{}'),
  ],
  'a released lease keeps its slots': [
    edit(OUTBOX, "run('DELETE FROM slot WHERE nonce = ?', nonce)", 'undefined', 'released: ({ nonce })'),
  ],
  'a released lease stays to be released': [
    edit(OUTBOX, "run('DELETE FROM outbox WHERE nonce = ?', nonce)", 'undefined', 'released: ({ nonce })'),
  ],
  'a DEL that crosses a report releases nothing': [
    edit('sync/tell.ts', 'records.outbox.reported(entry, life)', '(records.outbox.reported(entry, life), true)'),
  ],
  'what another journal does not know is over': [edit('sync/tell.ts', 'nonce.startsWith(knownJournalId)', 'true')],
  'a refused report is not noted as lost': [edit('sync/tell.ts', 'records.journal.lose(asked)', 'undefined')],
  'a release goes before its report': [edit('sync/tell.ts', 'mayBeCarriedOut(outcome.error)', 'false')],
  'an ended lease is not reported before its release': [
    edit('sync/tell.ts', 'local !== undefined && reported !== true', 'false'),
  ],
  'all that is held is what was answered': [
    edit(
      'sync/tell.ts',
      '(acknowledged !== undefined || onlyReported === true) && more === undefined && attempts === 1',
      'true',
    ),
  ],
  'leave.journalEmpty': [
    edit(LEAVING, "Number(writing.all('SELECT count(*) AS count FROM lease')[0]?.count)", '0'),
    edit(LEAVE, 'living.length > 0', 'false'),
  ],
  'leave.journalEmpty, and all that is held is accounted for': [
    edit(LEAVING, "Number(writing.all('SELECT count(*) AS count FROM lease')[0]?.count)", '0'),
    edit(LEAVE, 'living.length > 0', 'false'),
    edit(LEAVE, 'left === 0', 'true'),
  ],
  'begin.notLeaving': [edit(LEAVING, 'lifeRow(reading, LEAVING, bootId) !== undefined', 'false')],
  'stay.goodbyeUnsaid': [
    edit(LEAVING, 'row.life > 0', 'false'),
    edit(LEAVE, 'said > 0 && ((await api.ownLeases())?.incarnation ?? 0) <= said', 'false'),
    edit(LEAVE, 'said > 0', 'false', 'for (const { leaving } of there) {'),
  ],
  'left.saidLifeOver': [
    edit(LEAVE, 'await api.goodbye(life)', 'await api.goodbye(life).catch(() => ({ ended: true }))'),
  ],
  'a goodbye is forgotten with its journal': [
    edit('node/journal-file.ts', 'rowsOfGoodbye(files, directoryOf(path), surroundings.bootId())', '[]'),
  ],
  'left: of an earlier life': [edit(LEAVING, 'row.life > incarnation', 'false')],
  'giveBackDecided.journalEmpty': [
    edit(RETURNED, 'used !== undefined', 'false'),
    edit('sync/return-block.ts', 'isUsed(records, pool, block)', 'false', 'claimed === undefined || '),
  ],
  'a block given back: the request is not repeated': [
    edit(
      RETURNED,
      "'INSERT OR IGNORE INTO returned_block (boot, pool, block, generation, answered) VALUES (?, ?, ?, ?, 0)'",
      "'INSERT OR IGNORE INTO returned_block (boot, pool, block, generation, answered) VALUES (?, ?, ?, ?, 1)'",
    ),
  ],
  'a block given back is not remembered': [
    edit(
      RETURNED,
      "'INSERT OR IGNORE INTO returned_block (boot, pool, block, generation, answered) VALUES (?, ?, ?, ?, 0)'",
      "'SELECT ?, ?, ?, ?'",
    ),
  ],
  'reconcile.nonceOfThisJournal': [edit(RECONCILE, 'lease.nonce.startsWith(journal.journalId)', 'true')],
  'reconcile.entryAbsent': [
    edit(RECONCILE, "isElsewhere(lease, journal, entry) ? 'elsewhere' : undefined", "'elsewhere'"),
  ],
  'reconcile.entryElsewhere': [edit(RECONCILE, '![own, ...more].some((one) => sameSlot(one, slot))', 'true')],
  'reconcile.entryAcknowledged': [
    edit(
      RECONCILE,
      'acknowledged?.slot ?? (known.isReported(entry) ? local?.slot : undefined)',
      'acknowledged?.slot ?? local?.slot ?? entry.proposal',
    ),
  ],
  'reconcile.lifeOfEarlierBoot': [edit(RECONCILE, 'lease.incarnation < firstOfBoot', 'true')],
  'the journal is read before the table': [
    edit(
      'sync/reconcile.ts',
      '{ records, entries: answeredEntries(records) }',
      '((globalThis.before ??= new WeakMap()).set(records.journal, records.journal.entries()), { records, entries: answeredEntries(records) })',
      'const answered = ',
    ),
    edit(
      'sync/reconcile.ts',
      'journal.find',
      '({ network, containerId }) => (globalThis.before.get(journal) ?? []).find((one) => one.attachment.network === network && one.attachment.containerId === containerId)',
      'find: ',
    ),
  ],
  'what is held in a life that is over is not held again': [
    edit('sync/reconcile.ts', 'life >= present && life > dead', 'true'),
  ],
  'what is not held is not held again': [
    edit('sync/reconcile.ts', 'await assertAgain({ records, api }, entry)', "({ outcome: 'lost' })"),
  ],
  'an assertion is not undone after a DEL': [
    edit(
      'sync/assert-again.ts',
      'records.journal.heldAgain(entry, life)',
      '(records.journal.heldAgain(entry, life), true)',
    ),
  ],
  'a refusal is silence': [edit('verbs/add.ts', "isOwn && outcome.kind === 'unanswered'", 'isOwn', 'const local = ')],
  'a block is taken over under a container that was not reported': [
    edit('verbs/ask-service.ts', '!lived.some((slot) => slot.pool === pool && slot.block === block)', 'true'),
  ],
  'choose.blockNotLeasedFrom': [
    edit('verbs/ask-service.ts', 'blocks.length === 0 ? {} : { leasesFrom: blocks }', '{}'),
  ],
  'an answer for a deleted container is not given back': [edit('verbs/ask-service.ts', "noted === 'deleted'", 'false')],
  'a container is gone although its namespace is there': [
    edit(
      'sync/dead-sandboxes.ts',
      'files.identity(netns) === sandbox.namespace',
      'false',
      'sandbox === undefined) return ',
    ),
    edit(
      'sync/dead-sandboxes.ts',
      'files.identity(directory) !== sandbox.directory || isListed(files, directory, name)',
      'false',
    ),
    edit('sync/dead-sandboxes.ts', 'here.isAlive(sandbox.namespace)', 'false', 'directory, name)) return '),
  ],
  'a reboot is not seen by its sandboxes': [edit('sync/dead-sandboxes.ts', 'bootId !== here.bootId', 'false')],
  'a DEL that is not answered is forgotten': [
    edit('verbs/del.ts', 'records.outbox.retire(entry, surroundings.now())', 'records.journal.forget(entry)'),
  ],
};
