/** ADD: journal, ask, note, answer. A failed one leaves its entry, by which the runtime's DEL frees what may be held. */
import type { AllocateRequest, AllocateResult, ClaimedBlock } from '../core/contract/messages.ts';
import { LessorError } from '../core/contract/problems.ts';
import type { JournalEntry } from './journal.ts';
import { learn, type NodeState } from './node-state.ts';
import { type Plugin, vrf } from './plugin.ts';
import { proposableAt, proposals } from './propose.ts';
import { randomHex } from './random.ts';
import { refusal } from './refusal.ts';
import { type Dns, parseResolvConf } from './resolv-conf.ts';
import { addResult } from './result.ts';

/** The CNI result. @throws LessorError */
export async function add(plugin: Plugin): Promise<unknown> {
  const { surroundings, network, invocation, attachment, bootId, api, journal } = plugin;
  const dns = readDns(plugin);
  const state = plugin.readState();
  const { netns, pod } = invocation;
  const beginning = {
    attachment,
    nonce: `${plugin.journalId}${randomHex(8)}`,
    bootId,
    ...(netns === undefined ? {} : { netns }),
    ...(pod === undefined ? {} : { pod }),
  };
  let entry = journal.begin(beginning, () => (state === undefined ? [] : proposals(state, surroundings.now())));
  let sent = false;
  const ask = (former: readonly ClaimedBlock[]) =>
    api.allocate(() => {
      const next = sent ? journal.repeat(entry) : entry;
      sent = true;
      if (next === undefined) return undefined;
      entry = next;
      return requestFor(plugin, entry, state, former);
    });
  const former = plugin.formerBlocks();
  const answer = await ask(former).catch((error: unknown) => {
    const told = formerIn(error);
    if (told.length === 0 || former.length > 0) throw error;
    return ask(told);
  });
  if (answer === undefined || !journal.acknowledge(entry, { slot: answer.slot, addresses: answer.addresses }))
    throw await giveBack(plugin, entry, answer);
  const { proposal } = proposed(entry, state);
  const circumstances = { bootId, journal: plugin.journalId, ranges: network.ranges, now: surroundings.now() };
  plugin.writeState(learn(plugin.readState(), { answer, proposal, ...circumstances }));
  return addResult({ cniVersion: network.cniVersion, addresses: answer.addresses, routes: network.routes, dns });
}

/** What a DEL could not release, because it was not held yet. */
async function giveBack(
  { api, attachment }: Plugin,
  { nonce }: JournalEntry,
  answer: AllocateResult | undefined,
): Promise<LessorError> {
  const slot = answer === undefined ? {} : { slot: answer.slot };
  await api.release({ attachment, nonce, ...slot, acknowledged: answer !== undefined });
  return refusal(
    'service.busy',
    `container ${attachment.containerId} was deleted while its address was being allocated`,
    'its address was given back; add it again if it is still wanted',
  );
}

/** Without a state of this boot nothing is proposed: the node may have been declared dead, and its blocks with it. */
function proposed(
  { proposal }: JournalEntry,
  state: NodeState | undefined,
): Pick<AllocateRequest, 'proposal' | 'generation'> {
  const generation = proposal && proposableAt(state, proposal);
  return proposal === undefined || generation === undefined ? {} : { proposal, generation };
}

function requestFor(
  { network, attachment, bootId }: Plugin,
  entry: JournalEntry,
  state: NodeState | undefined,
  former: readonly ClaimedBlock[],
): AllocateRequest {
  return {
    attachment,
    nonce: entry.nonce,
    attempt: entry.attempts,
    boot: bootId,
    pool: { vrf, name: network.name, ranges: network.ranges },
    ...proposed(entry, state),
    ...(former.length === 0 ? {} : { formerBlocks: [...former] }),
    ...(state === undefined ? {} : { incarnation: state.incarnation }),
    ...(entry.pod === undefined ? {} : { pod: entry.pod }),
  };
}

/** A refusal names blocks of an earlier boot that this node has forgotten with its disk. */
function formerIn(error: unknown): ClaimedBlock[] {
  const former = error instanceof LessorError ? error.facts.former : undefined;
  if (!Array.isArray(former)) return [];
  return former.map((text: string) => {
    const [block = '', generation] = text.split(':');
    return { block, generation: Number(generation) };
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
