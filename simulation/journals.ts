/**
 * What a node's journal says, after each call and each round of its agent: against what its containers were told, and against what
 * the run saw written to the tables.
 */
import type { JournalEntry } from '../cni-shim/node/journal-entry.ts';
import { slotName, slotsLivedWith } from '../cni-shim/node/journal-entry.ts';
import type { SlotReference } from '../core/contract/ids.ts';
import { blockKeyToText, slotFromWire } from '../core/protocol/slot-ref.ts';
import type { Machine } from './machine.ts';
import type { Mirror } from './mirror.ts';
import type { Pools } from './pools.ts';
import type { Container, Witness } from './witness.ts';

export interface Judging {
  readonly witness: Witness;
  readonly mirror: Mirror;
  readonly pools: Pools;
}

/** @throws nothing: what is wrong is a violation of the run */
export function lookAtJournal(judging: Judging, machine: Machine): void {
  if (machine.power !== 'on' || !machine.isUsed) return;
  const { witness } = judging;
  const fail = (what: string) => witness.fail({ property: 'journal', what: `${machine.id}: ${what}` });
  const { journal } = machine.records();
  const isLivedWith = (entry: JournalEntry) =>
    entry.bootId === machine.bootId &&
    entry.ended !== true &&
    entry.lost !== true &&
    !isGivenUp(judging, machine, entry);
  const living = journal.entries().filter(isLivedWith);
  const owners = machine.slotOwners();
  const seen = new Map<string, string>();
  for (const entry of living) {
    const { containerId } = entry.attachment;
    for (const slot of slotsLivedWith(entry)) {
      const name = slotName(slot);
      const other = seen.get(name);
      if (other !== undefined) fail(`${other} and ${containerId} live with ${name}`);
      seen.set(name, containerId);
      if (owners.get(name) !== entry.nonce) fail(`${containerId} lives with ${name}, which is not its own`);
    }
    const wrong = isTold(entry) ? whyNotHeld(judging, entry) : whyNotClaimed(judging, machine, entry);
    if (wrong !== undefined) fail(`${containerId} ${wrong}`);
  }
  for (const name of machine.slotsOfNobody()) fail(`slot ${name} is neither a container's nor to be released`);
  for (const container of witness.livingOn(machine.id)) {
    const { id, network, address, isBusy, isForgotten } = container;
    if (isBusy || isForgotten || witness.isGivenUp(container)) continue;
    const entry = journal.find({ network, containerId: id, ifname: 'eth0' });
    const { addresses = [] } = entry?.acknowledged ?? entry?.local ?? {};
    // While it is asked for again nothing is answered.
    const isUnanswered = entry?.acknowledged === undefined && (entry?.attempts ?? 0) > 1;
    if (entry !== undefined && isUnanswered) continue;
    if (!addresses.some((one) => one.address.split('/')[0] === address))
      fail(`${id} lives with ${address}, and the journal has ${JSON.stringify(addresses)}`);
    if (entry !== undefined) hasIdentityAgain(judging, container, entry);
  }
}

/** It was held again after its life was given up, and the service said so: for its identity, as before. */
function hasIdentityAgain({ mirror, witness }: Judging, container: Container, entry: JournalEntry): void {
  const { identity, identityLife = 0, id, address } = container;
  const { acknowledged, incarnation = 0, lost } = entry;
  if (identity === undefined || acknowledged === undefined || lost === true) return;
  const key = slotFromWire(acknowledged.slot);
  const { held, holding } = mirror.slot(key) ?? {};
  if (held === true && holding?.nonce === entry.nonce && holding.identity !== identity)
    witness.fail({ property: 'identity moved', what: `${address} of ${id} is not held for ${identity} any more` });
  if (incarnation > identityLife) mirror.identities.has(container, key, incarnation);
}

/** Leased in a life that an operator gave up. */
function isGivenUp({ mirror, witness }: Judging, { id }: Machine, { incarnation, local }: JournalEntry): boolean {
  const claimedIn = local && mirror.lifeOfClaim(slotFromWire(local.slot), local.generation);
  return (incarnation ?? claimedIn ?? Number.POSITIVE_INFINITY) <= witness.givenUpLife(id);
}

const isTold = ({ acknowledged, reported }: JournalEntry): boolean => acknowledged !== undefined || reported === true;

/** I2: what was answered, or was taken as reported. */
function whyNotHeld({ mirror }: Judging, entry: JournalEntry): string | undefined {
  const missing = slotsLivedWith(entry).find((slot) => !isHeldBy(mirror, slot, entry.nonce));
  return missing && `was answered ${slotName(missing)}, and does not hold it`;
}

function isHeldBy(mirror: Mirror, slot: SlotReference, nonce: string): boolean {
  const { held, holding } = mirror.slot(slotFromWire(slot)) ?? {};
  return held === true && holding?.nonce === nonce;
}

/** I3: what lives with a slot of which nobody was told is in a block that is its node's. */
function whyNotClaimed({ mirror }: Judging, { id }: Machine, { local }: JournalEntry): string | undefined {
  if (local === undefined) return undefined;
  const { slot, generation } = local;
  const key = slotFromWire(slot);
  const block = mirror.blocks.get(blockKeyToText(key));
  const { node } = block?.owner ?? {};
  // At whatever generation: it may have taken the block over without being told.
  if (block?.state === 'claimed' && node === id) return undefined;
  return `lives untold with ${slotName(slot)} of generation ${generation}, and the block is ${block?.state} at ${block?.generation}, ${node}’s`;
}
