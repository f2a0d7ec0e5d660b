/** ADD: journal, ask, note, answer. A failed one leaves its entry, by which the runtime's DEL frees what may be held. */

import type { FormerBlock } from '../../core/contract/ids.ts';
import type { AllocateRequest, AllocateResult } from '../../core/contract/lease.ts';
import { isUnanswered, LessorError } from '../../core/contract/problems.ts';
import type { Calls } from '../api/client.ts';
import { type Dns, parseResolvConf } from '../cni/resolv-conf.ts';
import { addResult } from '../cni/result.ts';
import { randomHex } from '../machine/random.ts';
import { refusal } from '../machine/refusal.ts';
import type { Beginning, JournalEntry, LocalLease } from '../node/journal-entry.ts';
import { learn, type NodeState } from '../node/node-state.ts';
import { ownLease } from '../node/offline-lease.ts';
import { proposableAt, proposals } from '../node/propose.ts';
import { viewOf } from '../node/sandbox.ts';
import { reportLease } from '../sync/flush.ts';
import type { Plugin } from './assemble.ts';

/** The CNI result. @throws LessorError */
export async function add(plugin: Plugin): Promise<unknown> {
  const { surroundings, network, records, choices, reachability, addresses: requested } = plugin;
  const dns = readDns(plugin);
  const pool = choices.likely();
  const state = pool === undefined ? undefined : records.stateOf(pool);
  const unwanted = state === undefined || requested.length > 0;
  const entry = records.journal.begin(beginning(plugin), () => (unwanted ? [] : proposals(state, surroundings.now())));
  const result = (addresses: AllocateResult['addresses']) =>
    addResult({ cniVersion: network.cniVersion, addresses, routes: network.routes, dns });
  if (entry.local !== undefined) return result(await stillLives(plugin, entry, entry.local));
  const patient = ownLease(records, entry) === undefined;
  if (!patient && reachability.isAway()) {
    const local = liveLocally(plugin, entry);
    if (local !== undefined) return result(local);
  }
  try {
    const asked = await ask(plugin, entry, { pool, state }, patient ? plugin.api : plugin.api.brief);
    if (!patient) reachability.reached();
    if (!(asked instanceof LessorError)) return result(asked);
    const local = liveLocally(plugin, entry);
    if (local === undefined) throw asked;
    return result(local);
  } catch (error) {
    if (patient || !isUnanswered(error)) throw error;
    reachability.failed(error);
    const local = liveLocally(plugin, entry);
    if (local === undefined) throw error;
    return result(local);
  }
}

function beginning({ attachment, records, bootId, invocation, addresses, surroundings }: Plugin): Beginning {
  const { netns, pod } = invocation;
  const sandbox = netns === undefined ? undefined : viewOf(surroundings.files, netns);
  return {
    attachment,
    nonce: `${records.journalId}${randomHex(8)}`,
    bootId,
    ...(netns === undefined ? {} : { netns }),
    ...(pod === undefined ? {} : { pod }),
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(sandbox === undefined ? {} : { sandbox }),
  };
}

/** The pool from which the address will probably come, and what is known of it in this boot. */
interface Likely {
  readonly pool: string | undefined;
  readonly state: NodeState | undefined;
}

/** The addresses that the service granted; an error, where they are of no use here and were given back. @throws LessorError */
async function ask(
  plugin: Plugin,
  first: JournalEntry,
  { pool, state }: Likely,
  api: Calls,
): Promise<AllocateResult['addresses'] | LessorError> {
  const { surroundings, bootId, records, choices } = plugin;
  const { journal } = records;
  let entry = first;
  let sent = false;
  const allocate = (former: readonly FormerBlock[]) =>
    api.allocate(() => {
      const next = sent ? journal.repeat(entry) : entry;
      sent = true;
      if (next === undefined) return undefined;
      entry = next;
      return requestFor(plugin, entry, state, former);
    });
  const former = pool === undefined ? [] : records.formerBlocks(pool).map((block) => ({ ...block, pool }));
  const answer = await allocate(former).catch((error: unknown) => {
    const told = formerIn(error);
    if (told.length === 0 || former.length > 0) throw error;
    return allocate(told);
  });
  const outcome = answer === undefined ? 'deleted' : journal.acknowledge(entry, answer);
  if (answer === undefined || outcome !== 'noted') return undone(plugin, entry, answer, outcome === 'taken');
  const { proposal } = proposed(plugin, entry, state);
  const ofItsPool = proposal?.pool === answer.pool.id ? proposal : undefined;
  const circumstances = { bootId, journal: records.journalId, now: surroundings.now() };
  records.write(learn(records.stateOf(answer.pool.id), { answer, proposal: ofItsPool, ...circumstances }));
  choices.chosen(answer.pool.id);
  return answer.addresses;
}

/** The addresses with which the container lives from now on; undefined where the node may not decide it. */
function liveLocally({ records, observer }: Plugin, entry: JournalEntry): AllocateResult['addresses'] | undefined {
  const local = ownLease(records, entry);
  if (local === undefined || !records.unsettled.liveWith(entry, local)) return undefined;
  observer?.local();
  return local.addresses;
}

/** A repeated ADD of a container that lives with a slot of its node's block: no other one will do. @throws LessorError `lease.lost` */
async function stillLives(
  { records, reachability, api, surroundings }: Plugin,
  entry: JournalEntry,
  { addresses }: LocalLease,
): Promise<AllocateResult['addresses']> {
  if (reachability.isAway()) return addresses;
  try {
    await reportLease({ records, api: api.brief, now: surroundings.now }, entry);
    reachability.reached();
  } catch (error) {
    if (!isUnanswered(error)) throw error;
    reachability.failed(error);
  }
  return addresses;
}

/** Gives back what a DEL could not release, because it was not held yet, or what another container lives with. */
async function undone(
  { api, attachment }: Plugin,
  { nonce }: JournalEntry,
  answer: AllocateResult | undefined,
  taken: boolean,
): Promise<LessorError> {
  const slot = answer === undefined ? {} : { slot: answer.slot };
  const acknowledged = answer !== undefined && answer.more === undefined;
  await api.release({ attachment, nonce, ...slot, acknowledged });
  if (!taken)
    return refusal(
      'service.busy',
      `container ${attachment.containerId} was deleted while its address was being allocated`,
      'its address was given back; add it again if it is still wanted',
    );
  const addresses = answer?.addresses.map(({ address }) => address).join(', ');
  return refusal(
    'service.busy',
    `on this node ${addresses} is kept for another container, which the service does not know of yet`,
    'add the container again: it is reported soon, or, where its ADD was killed, forgotten within a minute',
  );
}

/**
 * Without a state of this boot nothing is proposed: the node may have been declared dead, and its blocks with it. Nor where
 * addresses are asked for: they say which slot.
 */
function proposed(
  { records, addresses }: Plugin,
  { proposal }: JournalEntry,
  likely: NodeState | undefined,
): Pick<AllocateRequest, 'proposal' | 'generation'> {
  if (proposal === undefined || addresses.length > 0) return {};
  const state = likely?.pool.id === proposal.pool ? likely : records.stateOf(proposal.pool);
  const generation = proposableAt(state, proposal);
  return generation === undefined ? {} : { proposal, generation };
}

function requestFor(
  plugin: Plugin,
  entry: JournalEntry,
  state: NodeState | undefined,
  former: readonly FormerBlock[],
): AllocateRequest {
  const { network, attachment, bootId, labels, addresses } = plugin;
  return {
    attachment,
    nonce: entry.nonce,
    attempt: entry.attempts,
    boot: bootId,
    pool: network.pool,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(addresses.length === 0 ? {} : { addresses: [...addresses] }),
    ...proposed(plugin, entry, state),
    ...(former.length === 0 ? {} : { formerBlocks: [...former] }),
    ...(state === undefined ? {} : { incarnation: state.incarnation }),
    ...(entry.pod === undefined ? {} : { pod: entry.pod }),
  };
}

/** A refusal names blocks of an earlier boot that this node has forgotten with its disk. */
function formerIn(error: unknown): FormerBlock[] {
  const former = error instanceof LessorError ? error.facts.former : undefined;
  if (!Array.isArray(former)) return [];
  return former.map((text: string) => {
    const [pool = '', block = '', generation] = text.split(':');
    return { pool, block, generation: Number(generation) };
  });
}

function readDns({ network: { resolvConf }, surroundings: { files } }: Plugin): Dns {
  if (resolvConf === undefined) return {};
  const text = files.read(resolvConf);
  if (text !== undefined) return parseResolvConf(text);
  throw refusal(
    'cni.configuration',
    `ipam.resolvConf ${resolvConf} does not exist`,
    'name a file on this node, or leave it out',
  );
}
