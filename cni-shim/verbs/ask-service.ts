/** ADD's question to the service, and what its answer comes to on this node. */

import type { ClaimedBlock, FormerBlock } from '../../core/contract/ids.ts';
import type { AllocateRequest, AllocateResult } from '../../core/contract/lease.ts';
import { most } from '../../core/contract/limits.ts';
import type { LessorError } from '../../core/contract/problems.ts';
import { type CallOutcome, type Denied, outcomeOf } from '../api/call-outcome.ts';
import type { Calls } from '../api/client.ts';
import { refusal } from '../machine/refusal.ts';
import { otherIdentity } from '../node/identity.ts';
import { type JournalEntry, sameSlot } from '../node/journal-entry.ts';
import { afterAnswer, fullBlocks, type PoolCache } from '../node/pool-cache.ts';
import { proposableAt } from '../node/propose.ts';
import { isKnownHere, reportLease } from '../sync/tell.ts';
import type { Plugin } from './assemble.ts';

/** The pool from which the address will probably come, and what is known of it in this boot. */
export interface Likely {
  readonly pool: string | undefined;
  readonly cache: PoolCache | undefined;
}

/** `unusable`: what was granted is of no use here, and was given back; `again`: another question may be answered better. */
export type AddOutcome =
  | { readonly kind: 'granted'; readonly addresses: AllocateResult['addresses'] }
  | Denied
  | { readonly kind: 'unusable'; readonly error: LessorError; readonly again: boolean };

/** Addresses that are asked for say which slot, and so does an identity. */
export const isSlotOfService = ({ addresses, network }: Pick<Plugin, 'addresses' | 'network'>): boolean =>
  addresses.length > 0 || network.identity !== undefined;

/** Asks under the journal's entry, and notes the answer. */
export async function askService(plugin: Plugin, first: JournalEntry, likely: Likely, api: Calls): Promise<AddOutcome> {
  const { records, choices, bootId, surroundings } = plugin;
  const { entry, proposal, presentLife, outcome } = await allocate(plugin, first, likely, api);
  if (outcome.kind !== 'granted') return outcome;
  const { answer } = outcome;
  const other = otherIdentity(records, answer?.node);
  if (other !== undefined) return giveBack(plugin, entry, answer, { error: other, again: false });
  // Whoever is asked in a life answers in that one or a later one, unless the tables were set back.
  if (answer !== undefined && answer.incarnation < presentLife)
    records.setBack({ life: answer.incarnation, isAlive: true }, () => records.presentLife() === presentLife);
  const old = answer && overlooked(plugin, answer);
  if (old !== undefined) {
    const why = { error: old, again: false };
    // What a later service answered an earlier ADD with, its container may live with (I2): a DEL releases it.
    return mayLive(entry) ? { kind: 'unusable', ...why } : giveBack(plugin, entry, answer, why);
  }
  const noted = answer === undefined ? 'deleted' : records.journal.acknowledge(entry, answer);
  if (answer === undefined || noted === 'deleted') {
    // A container that was told its address before lives with it, and a journal that was lost meanwhile is no DEL (I2).
    if (mayLive(entry) && !isKnownHere(records, entry))
      return { kind: 'unusable', error: journalLost(entry), again: false };
    return giveBack(plugin, entry, answer, { error: wasDeleted(entry), again: false });
  }
  if (noted === 'late') return giveBack(plugin, entry, answer, { error: isTaken(answer), again: true });
  if (noted === 'taken') return giveBackTaken(plugin, entry, answer);
  const update = {
    answer,
    proposal: proposal?.pool === answer.pool.id ? proposal : undefined,
    bootId,
    journal: records.journalId,
    now: surroundings.now(),
  };
  records.update(answer.pool.id, (known) => afterAnswer(known, update));
  choices.chosen(answer.pool.id, answer.pool.leasing === 'delegated' ? surroundings.now() : undefined);
  return { kind: 'granted', addresses: answer.addresses };
}

/** A service of before overlooks what the pod asks for: with another address the pod would not be what it is to be. */
function overlooked({ network }: Plugin, { chosenBy, identity }: AllocateResult): LessorError | undefined {
  const pools = network.podPools !== undefined && chosenBy !== 'annotation' ? 'lessor.dev/pools' : undefined;
  const missing = network.identity !== identity ? 'lessor.dev/identity' : pools;
  if (missing === undefined) return undefined;
  const what = `the service overlooked the annotation ${missing}: it is older than this plugin`;
  return refusal('contract.version', what, 'update the service, or leave the annotation out');
}

interface Asked extends Pick<AllocateRequest, 'proposal'> {
  /** When it was sent last. */
  readonly presentLife: number;
  /** As it was sent last. */
  readonly entry: JournalEntry;
  /** No answer: the entry was deleted before it could be sent again. */
  readonly outcome: CallOutcome<AllocateResult | undefined>;
}

/** A second time where a refusal names blocks of an earlier boot that this node has forgotten with its disk. */
async function allocate(plugin: Plugin, first: JournalEntry, likely: Likely, api: Calls): Promise<Asked> {
  const { records } = plugin;
  let entry = first;
  let request: AllocateRequest | undefined;
  let presentLife = 0;
  const ask = (former: readonly FormerBlock[]) =>
    outcomeOf(
      api.allocate(() => {
        const next = request === undefined ? entry : records.journal.repeat(entry);
        if (next === undefined) return undefined;
        entry = next;
        presentLife = records.presentLife();
        request = requestFor(plugin, entry, likely, { former, presentLife });
        return request;
      }),
    );
  const { pool } = likely;
  const former = pool === undefined ? [] : withoutUnreported(records, withPool(records.formerBlocks(pool), pool));
  let outcome = await ask(former);
  const told = outcome.kind === 'granted' ? [] : withoutUnreported(records, formerIn(outcome.error));
  if (former.length === 0 && told.length > 0) outcome = await ask(told);
  return { entry, proposal: request?.proposal, presentLife, outcome };
}

function requestFor(
  plugin: Plugin,
  entry: JournalEntry,
  likely: Likely,
  { former, presentLife }: { readonly former: readonly FormerBlock[]; readonly presentLife: number },
): AllocateRequest {
  const { network, attachment, bootId, labels, addresses, surroundings } = plugin;
  const { cache } = likely;
  return {
    attachment,
    nonce: entry.nonce,
    attempt: entry.attempts,
    boot: bootId,
    pool: network.pool,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(addresses.length === 0 ? {} : { addresses: [...addresses] }),
    ...(network.podPools === undefined ? {} : { podPools: [...network.podPools] }),
    ...(network.identity === undefined ? {} : { identity: network.identity }),
    ...proposed(plugin, entry, cache),
    ...(former.length === 0 ? {} : { formerBlocks: [...former] }),
    ...leasedFrom(plugin.records),
    ...(cache === undefined
      ? {}
      : {
          // Another pool may have told of a later life. An environment that remembers the one before would hold a lease in it, to be swept.
          incarnation: Math.max(cache.incarnation, presentLife),
          ...knownFull(cache, surroundings.now()),
        }),
    ...(entry.pod === undefined ? {} : { pod: entry.pod }),
  };
}

/** What is free in blocks from which this node leases by itself the service does not know (`choose.blockNotLeasedFrom`). */
function leasedFrom(records: Plugin['records']): Pick<AllocateRequest, 'leasesFrom'> {
  const delegated = records.caches().filter(({ pool }) => pool.leasing === 'delegated');
  const blocks = delegated.flatMap(({ pool, blocks }) => withPool(blocks, pool.id)).slice(0, most.blocksOfNode);
  return blocks.length === 0 ? {} : { leasesFrom: blocks };
}

/** The latest ones, where there are more than a request may have. */
export function knownFull(cache: PoolCache, now: number): Pick<AllocateRequest, 'full'> {
  const latest = Object.entries(fullBlocks(cache, now)).sort(([, a], [, b]) => b - a);
  const blocks = latest.slice(0, most.fullBlocks).map(([block]) => block);
  return blocks.length === 0 ? {} : { full: { pool: cache.pool.id, blocks } };
}

/**
 * Without a cache of this boot nothing is proposed: the node may have been declared dead, and its blocks with it. Nor where it
 * is not the node's to say which slot.
 */
function proposed(
  plugin: Plugin,
  { proposal }: JournalEntry,
  likely: PoolCache | undefined,
): Pick<AllocateRequest, 'proposal' | 'generation'> {
  if (proposal === undefined || isSlotOfService(plugin)) return {};
  const cache = likely?.pool.id === proposal.pool ? likely : plugin.records.cacheOf(proposal.pool);
  const generation = proposableAt(cache, proposal);
  return generation === undefined ? {} : { proposal, generation };
}

const withPool = (blocks: readonly ClaimedBlock[], pool: string): FormerBlock[] =>
  blocks.map((block) => ({ ...block, pool }));

/**
 * Without those in which a container of this boot lives of which the service does not know: taken over they would be another
 * generation, at which that container's report says nothing (I3).
 */
function withoutUnreported({ outbox }: Plugin['records'], former: readonly FormerBlock[]): readonly FormerBlock[] {
  if (former.length === 0) return former;
  const lived = outbox.toReport().flatMap(({ local }) => (local === undefined ? [] : [local.slot]));
  return former.filter(({ pool, block }) => !lived.some((slot) => slot.pool === pool && slot.block === block));
}

function formerIn({ facts: { former } }: LessorError): FormerBlock[] {
  if (!Array.isArray(former)) return [];
  return former.map((text: string) => {
    const [pool = '', block = '', generation] = text.split(':');
    return { pool, block, generation: Number(generation) };
  });
}

/** Releases what a DEL could not, because it was not held yet, or what is of no use here. */
async function giveBack(
  { api, attachment }: Plugin,
  { nonce }: JournalEntry,
  answer: AllocateResult | undefined,
  why: { readonly error: LessorError; readonly again: boolean },
): Promise<AddOutcome> {
  const slot = answer === undefined ? {} : { slot: answer.slot };
  const acknowledged = answer !== undefined && answer.more === undefined;
  const released = await outcomeOf(api.release({ attachment, nonce, ...slot, acknowledged }));
  return released.kind === 'granted' ? { kind: 'unusable', ...why } : released;
}

/** As a DEL releases it: the nonce is never used again. And the service is told who lives with the slot, so that it grants another one. */
async function giveBackTaken(plugin: Plugin, entry: JournalEntry, answer: AllocateResult): Promise<AddOutcome> {
  const { records, api, surroundings } = plugin;
  records.outbox.end(entry);
  const outcome = await giveBack(plugin, entry, answer, { error: isTaken(answer), again: true });
  if (outcome.kind !== 'unusable') return outcome;
  records.journal.forget(entry);
  const granted = [answer.slot, ...(answer.more ?? [])];
  const living = records.outbox
    .toReport()
    .filter(({ local }) => granted.some((slot) => local && sameSlot(slot, local.slot)));
  for (const one of living) await outcomeOf(reportLease({ records, api: api.brief, now: surroundings.now }, one));
  return outcome;
}

const isTaken = ({ addresses }: AllocateResult): LessorError =>
  refusal(
    'service.busy',
    `on this node ${addresses.map(({ address }) => address).join(', ')} is kept for another container, which the service does not know of yet`,
    'add the container again: the other one is reported soon',
  );

/** An earlier ADD may have been answered. */
const mayLive = ({ attempts, local }: JournalEntry): boolean => attempts > 1 || local !== undefined;

const journalLost = ({ attachment }: JournalEntry): LessorError =>
  refusal(
    'service.busy',
    `the journal was lost while container ${attachment.containerId} was added again`,
    'its lease is kept until this machine boots again; add the container again',
  );

const wasDeleted = ({ attachment }: JournalEntry): LessorError =>
  refusal(
    'service.busy',
    `container ${attachment.containerId} was deleted while its address was being allocated`,
    'its address was given back; add it again if it is still wanted',
  );
