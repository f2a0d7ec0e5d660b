/** ADD: journal, ask, note, answer. A failed one leaves its entry, by which the runtime's DEL frees what may be held. */
import type { AllocateRequest, AllocateResult } from '../core/contract/messages.ts';
import type { LessorError } from '../core/contract/problems.ts';
import type { JournalEntry } from './journal.ts';
import { learn, type NodeState } from './node-state.ts';
import { type Plugin, vrf } from './plugin.ts';
import { mayPropose, proposals } from './propose.ts';
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
    nonce: randomHex(16),
    bootId,
    ...(netns === undefined ? {} : { netns }),
    ...(pod === undefined ? {} : { pod }),
  };
  let entry = journal.begin(beginning, () => (state === undefined ? [] : proposals(state, surroundings.now())));
  let sent = false;
  const answer = await api.allocate(() => {
    const next = sent ? journal.repeat(entry) : entry;
    sent = true;
    if (next === undefined) return undefined;
    entry = next;
    return requestFor(plugin, entry, state);
  });
  if (answer === undefined || !journal.acknowledge(entry, { slot: answer.slot, addresses: answer.addresses }))
    throw await giveBack(plugin, entry, answer);
  const lesson = { answer, proposal: proposed(entry, state), bootId, ranges: network.ranges, now: surroundings.now() };
  plugin.writeState(learn(plugin.readState(), lesson));
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
const proposed = ({ proposal }: JournalEntry, state: NodeState | undefined) =>
  proposal !== undefined && mayPropose(state, proposal) ? proposal : undefined;

function requestFor(
  { network, attachment, bootId }: Plugin,
  entry: JournalEntry,
  state: NodeState | undefined,
): AllocateRequest {
  const proposal = proposed(entry, state);
  return {
    attachment,
    nonce: entry.nonce,
    attempt: entry.attempts,
    boot: bootId,
    pool: { vrf, name: network.name, ranges: network.ranges },
    ...(proposal === undefined ? {} : { proposal }),
    ...(state === undefined ? {} : { incarnation: state.incarnation }),
    ...(entry.pod === undefined ? {} : { pod: entry.pod }),
  };
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
