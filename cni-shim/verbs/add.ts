/** ADD: journal, ask, note, answer. A failed one leaves its entry, by which the runtime's DEL frees what may be held. */

import type { AllocateResult } from '../../core/contract/lease.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { outcomeOf } from '../api/call-outcome.ts';
import { readDns } from '../cni/resolv-conf.ts';
import { addResult } from '../cni/result.ts';
import { randomHex } from '../machine/random.ts';
import { refusal } from '../machine/refusal.ts';
import type { Beginning, JournalEntry, LocalLease } from '../node/journal-entry.ts';
import { isOwnSlot, ownLease } from '../node/offline-lease.ts';
import { candidatesOf } from '../node/propose.ts';
import { viewOf } from '../node/sandbox.ts';
import { reportLease } from '../sync/tell.ts';
import { askService, isSlotOfService, type Likely } from './ask-service.ts';
import type { Plugin } from './assemble.ts';
import { flushIfBehind } from './flush-if-behind.ts';
import { openTurn, TO_ASK, toSearch } from './turn.ts';

type Addresses = AllocateResult['addresses'];

/** Questions that one ADD asks where the service grants what others of this node live with since an outage. */
const MOST_QUESTIONS = 3;
/** After so long an ADD looks again whether a slot of the node's own has cooled. */
const LOOK_AGAIN_MS = 500;

/** For so long an ADD that knows no slot waits for what others of its network are told. */
const WAITS_FOR_OTHERS_MS = 10_000;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** The CNI result. @throws LessorError */
export async function add(plugin: Plugin): Promise<unknown> {
  const { surroundings, network, api } = plugin;
  const dns = readDns(surroundings.files, network.resolvConf);
  let asked = await askOnce(plugin);
  let until: number | undefined;
  for (let questions = 1; asked.kind !== 'addresses'; questions += 1) {
    if (asked.kind === 'without slot') until ??= asked.since + api.patienceMs;
    const isOver =
      asked.kind === 'again'
        ? questions >= MOST_QUESTIONS
        : until !== undefined && surroundings.now() + LOOK_AGAIN_MS >= until;
    if (isOver) throw asked.error;
    asked = asked.kind === 'again' ? await askOnce(plugin) : await askWithSlot(plugin, asked.entry);
  }
  if (plugin.choices.isDelegated(surroundings.now()))
    await flushIfBehind({ records: plugin.records, api: api.brief, now: surroundings.now }, plugin.outage);
  return addResult({ cniVersion: network.cniVersion, addresses: asked.addresses, routes: network.routes, dns });
}

type Asked =
  | { readonly kind: 'addresses'; readonly addresses: Addresses }
  | { readonly kind: 'again'; readonly error: LessorError }
  /** Nobody answered, and each slot of the node's own blocks was in use or cooling when this one began. */
  | {
      readonly kind: 'without slot';
      readonly error: LessorError;
      readonly entry: JournalEntry;
      readonly since: number;
    };

/** Asks nobody where nobody need be asked: then one step takes a slot, and has the container live with it. */
async function askOnce(plugin: Plugin): Promise<Asked> {
  const { records, observer } = plugin;
  let read: Likely | undefined;
  let lived: LocalLease | undefined;
  const entry = records.journal.begin(
    beginning(plugin),
    () => {
      read = likelyPool(plugin);
      return candidates(plugin, read);
    },
    (proposing) => {
      lived = needsNoAnswer(plugin, proposing) ? leaseOf(plugin, proposing) : undefined;
      return lived;
    },
  );
  if (lived !== undefined) {
    observer?.local();
    return having(lived.addresses);
  }
  const likely = read ?? likelyPool(plugin);
  return isToldByOthers(plugin, entry, likely) ? askInTurn(plugin, entry, likely) : addressesFor(plugin, entry, likely);
}

/** Whether what another ADD is answered will name slots for this one, which has none and asked nobody yet. */
const isToldByOthers = (plugin: Plugin, { attempts, proposal }: JournalEntry, { cache }: Likely): boolean =>
  attempts === 1 &&
  proposal === undefined &&
  !isSlotOfService(plugin) &&
  (cache === undefined || cache.pool.affinity === 'node');

/** The entry is there while it waits: a DEL of a container whose ADD was cut off finds it, and then nothing is asked. */
async function askInTurn(plugin: Plugin, entry: JournalEntry, known: Likely): Promise<Asked> {
  const { records, surroundings, network, choices } = plugin;
  const turn = openTurn(records, toSearch([network.name, choices.among].join(' ').trim()), surroundings.now);
  const until = surroundings.now() + WAITS_FOR_OTHERS_MS;
  let blocks = blocksIn(known);
  try {
    const { next, likely } = await whenThereIs(plugin, () => {
      const asks = turn.take(entry.nonce) || surroundings.now() >= until;
      // Whoever had the turn before noted what it was told.
      const likely = likelyPool(plugin);
      if (!asks && blocksIn(likely) === blocks) return undefined;
      blocks = blocksIn(likely);
      const next = records.journal.propose(entry, () => candidates(plugin));
      if (next === undefined) throw wasRemoved(entry);
      return asks || next.proposal !== undefined ? { next, likely } : undefined;
    });
    return await addressesFor(plugin, next, likely);
  } finally {
    turn.end(entry.nonce);
  }
}

/** Looks again and again, ever more seldom. */
async function whenThereIs<T>({ surroundings }: Plugin, look: () => T | undefined): Promise<T> {
  for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const found = look();
    if (found !== undefined) return found;
    // Many began at once: else they would all look at the same moments, and one of them would get on at each.
    await surroundings.sleep(pauseMs * (0.5 + surroundings.random() / 2));
  }
}

/** Where no others have come, a slot may have cooled, which is looked at when it asks. */
const blocksIn = ({ cache }: Likely): string => JSON.stringify(cache?.blocks);

const wasRemoved = ({ attachment }: JournalEntry): LessorError =>
  refusal(
    'service.busy',
    `container ${attachment.containerId} was deleted, or added again, before its address was asked for`,
    'add it again if it is still wanted',
  );

/** Under another nonce, as a DEL and an ADD would come to it: what the service may still carry out names no slot. */
async function askWithSlot(plugin: Plugin, entry: JournalEntry): Promise<Asked> {
  const { records, surroundings } = plugin;
  await surroundings.sleep(LOOK_AGAIN_MS);
  const likely = likelyPool(plugin);
  const anew = records.journal.beginAnew(entry, beginning(plugin), () => candidates(plugin));
  return anew === undefined ? askOnce(plugin) : addressesFor(plugin, anew, likely);
}

function likelyPool({ choices, records }: Plugin): Likely {
  const pool = choices.likely();
  return { pool, cache: pool === undefined ? undefined : records.cacheOf(pool) };
}

/**
 * None where nothing is known of the pool in this boot, nor where it is not the node's to say which slot. Read in the step
 * that takes one: a slot whose release was told meanwhile is free, and cools.
 */
function candidates(plugin: Plugin, { cache }: Likely = likelyPool(plugin)) {
  return cache === undefined || isSlotOfService(plugin) ? [] : candidatesOf(cache, plugin.surroundings.now());
}

function beginning({ attachment, network, records, bootId, invocation, addresses, surroundings }: Plugin): Beginning {
  const { netns, pod } = invocation;
  const sandbox = netns === undefined ? undefined : viewOf(surroundings.files, netns);
  return {
    attachment,
    nonce: `${records.journalId}${randomHex(8)}`,
    bootId,
    ...(netns === undefined ? {} : { netns }),
    ...(pod === undefined ? {} : { pod }),
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(network.identity === undefined ? {} : { identity: network.identity }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(network.release === undefined ? {} : { release: network.release }),
  };
}

/** With which the container lives from now on. @throws LessorError */
async function addressesFor(plugin: Plugin, entry: JournalEntry, likely: Likely): Promise<Asked> {
  const { records, api, surroundings } = plugin;
  if (entry.local !== undefined) return having(await stillLives(plugin, entry, entry.local));
  const isOwn = isOwnSlot(records, entry);
  const turn = openTurn(records, TO_ASK, surroundings.now);
  const until = surroundings.now() + api.patienceMs;
  let looks = 0;
  const local = await whenThereIs(plugin, () => {
    looks += 1;
    const own = isOwn && needsNoAnswer(plugin, entry) ? liveLocally(plugin, entry, false) : undefined;
    return own ?? (turn.take(entry.nonce) || surroundings.now() >= until ? 'asks' : undefined);
  });
  if (local !== 'asks') return having(local);
  try {
    if (looks > 1 && !isThere(plugin, entry)) throw wasRemoved(entry);
    return await ask(plugin, entry, likely, isOwn);
  } finally {
    turn.end(entry.nonce);
  }
}

/** Whether the service need not be asked for the slot that the entry proposes: it would not answer, or leasing is delegated. */
function needsNoAnswer(
  { outage, choices, records, surroundings }: Plugin,
  { proposal }: Pick<JournalEntry, 'proposal'>,
): boolean {
  if (outage.isRecent()) return true;
  return (
    proposal !== undefined &&
    proposal.pool === choices.likely() &&
    choices.isDelegated(surroundings.now()) &&
    records.cacheOf(proposal.pool)?.pool.leasing === 'delegated'
  );
}

const having = (addresses: Addresses): Asked => ({ kind: 'addresses', addresses });

function isThere({ records }: Plugin, { attachment, nonce }: JournalEntry): boolean {
  const there = records.journal.find(attachment);
  return there?.nonce === nonce && there.ended !== true;
}

async function ask(plugin: Plugin, entry: JournalEntry, likely: Likely, isOwn: boolean): Promise<Asked> {
  const { records, outage, api, surroundings } = plugin;
  const since = surroundings.now();
  // Who can do without an answer does not wait for long.
  const mayOwn = isOwn || mayYetOwn(plugin, entry, likely);
  const outcome = await askService(plugin, entry, likely, mayOwn ? api.brief : api);
  if (outcome.kind !== 'unanswered') outage.reached();
  else if (mayOwn) outage.failed(outcome.error);
  if (outcome.kind === 'granted') return having(outcome.addresses);
  if (outcome.kind === 'unusable' && outcome.again) return { kind: 'again', error: outcome.error };
  // A refusal, and an answer that is of no use, is never followed by the very slot that the service passed over.
  const local = isOwn && outcome.kind === 'unanswered' ? liveLocally(plugin, entry, true) : undefined;
  if (local !== undefined) return having(local);
  if (mayOwn && !isOwn && outcome.kind === 'unanswered')
    return { kind: 'without slot', error: outcome.error, entry, since };
  const { code, what: why } = outcome.error;
  if (outcome.kind === 'refused') records.journal.refuse(entry, { code, why, at: surroundings.now() });
  throw outcome.error;
}

/** Whether a slot of the node's own may come free for it: it has none to propose, and the pool's blocks belong to nodes. */
const mayYetOwn = (plugin: Plugin, { proposal }: JournalEntry, { cache }: Likely): boolean =>
  proposal === undefined && !isSlotOfService(plugin) && cache?.pool.affinity === 'node';

/** The addresses of a slot of this node's own; undefined where the node may not decide it. */
function liveLocally(plugin: Plugin, entry: JournalEntry, wasAsked: boolean): Addresses | undefined {
  const { records, observer } = plugin;
  const local = records.outbox.liveWith(entry, () => leaseOf(plugin, entry), wasAsked);
  if (local !== undefined) observer?.local();
  return local?.addresses;
}

function leaseOf({ records, surroundings }: Plugin, entry: JournalEntry): LocalLease | undefined {
  const own = ownLease(records, entry);
  return own && { ...own, at: surroundings.now() };
}

/** A repeated ADD of a container that lives with a slot of its node's block: no other one will do. @throws LessorError `lease.lost` */
async function stillLives(plugin: Plugin, entry: JournalEntry, { addresses }: LocalLease): Promise<Addresses> {
  const { records, outage, api, surroundings } = plugin;
  if (outage.isRecent() || (entry.lost !== true && needsNoAnswer(plugin, entry))) return addresses;
  const outcome = await outcomeOf(reportLease({ records, api: api.brief, now: surroundings.now }, entry));
  if (outcome.kind === 'refused') throw outcome.error;
  if (outcome.kind === 'granted') outage.reached();
  else outage.failed(outcome.error);
  return addresses;
}
