/** ADD: journal, ask, note, answer. A failed one leaves its entry, by which the runtime's DEL frees what may be held. */
import type { AllocateRequest, AllocateResult, FormerBlock } from '../core/contract/messages.ts';
import { LessorError } from '../core/contract/problems.ts';
import type { JournalEntry } from './journal.ts';
import { learn, type NodeState } from './node-state.ts';
import type { Plugin } from './plugin.ts';
import { proposableAt, proposals } from './propose.ts';
import { randomHex } from './random.ts';
import { refusal } from './refusal.ts';
import { type Dns, parseResolvConf } from './resolv-conf.ts';
import { addResult } from './result.ts';

/** The CNI result. @throws LessorError */
export async function add(plugin: Plugin): Promise<unknown> {
  const { surroundings, network, invocation, attachment, bootId, api, journal, pools, addresses } = plugin;
  const dns = readDns(plugin);
  const state = pools.likely();
  const requested = addresses.length > 0;
  const { netns, pod } = invocation;
  const beginning = {
    attachment,
    nonce: `${plugin.journalId}${randomHex(8)}`,
    bootId,
    ...(netns === undefined ? {} : { netns }),
    ...(pod === undefined ? {} : { pod }),
    ...(requested ? { addresses } : {}),
  };
  const unwanted = state === undefined || requested;
  let entry = journal.begin(beginning, () => (unwanted ? [] : proposals(state, surroundings.now())));
  let sent = false;
  const ask = (former: readonly FormerBlock[]) =>
    api.allocate(() => {
      const next = sent ? journal.repeat(entry) : entry;
      sent = true;
      if (next === undefined) return undefined;
      entry = next;
      return requestFor(plugin, entry, state, former);
    });
  const former = pools.former();
  const answer = await ask(former).catch((error: unknown) => {
    const told = formerIn(error);
    if (told.length === 0 || former.length > 0) throw error;
    return ask(told);
  });
  if (answer === undefined || !journal.acknowledge(entry, answer)) throw await giveBack(plugin, entry, answer);
  const { proposal } = proposed(plugin, entry, state);
  const ofItsPool = proposal?.pool === answer.pool.id ? proposal : undefined;
  const circumstances = { bootId, journal: plugin.journalId, now: surroundings.now() };
  pools.write(learn(pools.of(answer.pool.id), { answer, proposal: ofItsPool, ...circumstances }));
  pools.chosen(answer.pool.id);
  return addResult({ cniVersion: network.cniVersion, addresses: answer.addresses, routes: network.routes, dns });
}

/** What a DEL could not release, because it was not held yet. */
async function giveBack(
  { api, attachment }: Plugin,
  { nonce }: JournalEntry,
  answer: AllocateResult | undefined,
): Promise<LessorError> {
  const slot = answer === undefined ? {} : { slot: answer.slot };
  const acknowledged = answer !== undefined && answer.more === undefined;
  await api.release({ attachment, nonce, ...slot, acknowledged });
  return refusal(
    'service.busy',
    `container ${attachment.containerId} was deleted while its address was being allocated`,
    'its address was given back; add it again if it is still wanted',
  );
}

/**
 * Without a state of this boot nothing is proposed: the node may have been declared dead, and its blocks with it. Nor where
 * addresses are asked for: they say which slot.
 */
function proposed(
  { pools, addresses }: Plugin,
  { proposal }: JournalEntry,
  likely: NodeState | undefined,
): Pick<AllocateRequest, 'proposal' | 'generation'> {
  if (proposal === undefined || addresses.length > 0) return {};
  const state = likely?.pool.id === proposal.pool ? likely : pools.of(proposal.pool);
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
