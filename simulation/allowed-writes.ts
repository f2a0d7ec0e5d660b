/**
 * What no write may do, whoever sent it and however late it comes: what follows from I1 to I4 and I6 for the writes (docs/protocol.md).
 * It is spelt out here and not asked of the conditions, so that a condition that is missing is seen at the write that it would have
 * refused, whether or not anything comes of it in this run.
 */
import type { BlockOwner, BlockState } from '../core/protocol/block.ts';
import type { SlotState } from '../core/protocol/lease.ts';
import { type BlockKey, blockKeyToText, type SlotKey } from '../core/protocol/slot-ref.ts';
import type { Witness } from './witness.ts';

/** A write to a slot, with what it named. */
export interface SlotChange {
  readonly key: SlotKey;
  /** `hold`, `assert`, `release`, `sweep`, `evict` or `advance`. */
  readonly name: string;
  readonly by: { readonly node?: string; readonly nonce?: string; readonly incarnation?: number };
  readonly before: SlotState | undefined;
  readonly after: SlotState;
}

export interface BlockChange {
  readonly key: BlockKey;
  /** `claim`, `takeUp`, `fence`, `abort` or `finish`. */
  readonly name: string;
  readonly before: BlockState | undefined;
  readonly after: BlockState;
}

/** What else there is, when a write is carried out. */
export interface Beside {
  readonly witness: Witness;
  block(key: BlockKey): BlockState | undefined;
  /** The last life of the node that is marked as over; 0: none. */
  overLife(node: string): number;
  hasJoined(node: string, key: BlockKey): boolean;
}

export interface AllowedWrites {
  slot(change: SlotChange): void;
  block(change: BlockChange): void;
}

export function allowedWrites(beside: Beside): AllowedWrites {
  const owners = new Map<string, string>();
  const fail = (key: BlockKey, name: string, why: string) =>
    beside.witness.fail({ property: 'forbidden write', what: `${name} of ${blockKeyToText(key)}: ${why}` });
  return {
    slot(change) {
      const why = wrongHold(beside, change) ?? wrongEnding(beside, change) ?? wrongPass(change);
      if (why !== undefined) fail(change.key, `${change.name}, slot ${change.key.slot}`, why);
    },
    block(change) {
      const { key, name, after } = change;
      const why = wrongChange(change) ?? wrongFence(beside, change) ?? notJoined(beside, key, after.owner);
      if (why !== undefined) fail(key, name, why);
      if (after.state !== 'claimed') return;
      const claim = `${blockKeyToText(key)}:${after.generation}`;
      const { node, boot, journal } = after.owner ?? {};
      const owner = [node, boot, journal].join(' ');
      const known = owners.get(claim) ?? owner;
      if (known !== owner) fail(key, name, `I6: generation ${after.generation} is ${owner}'s, and was ${known}'s`);
      owners.set(claim, known);
    },
  };
}

/** I1: held by X only where it was absent, or free at a generation that is not newer, or held by X already. */
function wrongHold(beside: Beside, { key, before, after }: SlotChange): string | undefined {
  const { holding } = after;
  if (!after.held || holding === undefined) return undefined;
  if (!beside.hasJoined(holding.node, key)) return `${holding.node} has not joined the block`;
  if (before === undefined) return undefined;
  if (!before.held)
    return before.generation > after.generation
      ? `I1: it is free at ${before.generation}, and is held at ${after.generation}`
      : undefined;
  const { node, nonce, attachment, incarnation = 0 } = before.holding ?? {};
  const isSame = node === holding.node && nonce === holding.nonce;
  if (!isSame || attachment?.containerId !== holding.attachment.containerId)
    return `I1: it is held by ${attachment?.containerId}@${node}, and is by ${holding.attachment.containerId}@${holding.node}`;
  return holding.incarnation < incarnation
    ? `I2: it is held in life ${incarnation}, and is in life ${holding.incarnation}`
    : undefined;
}

/** I3, release authority. */
function wrongEnding(beside: Beside, { key, name, by, before, after }: SlotChange): string | undefined {
  if (!before?.held || after.held || before.holding === undefined) return undefined;
  const { node, nonce, incarnation } = before.holding;
  if (name === 'release') return by.node === node && by.nonce === nonce ? undefined : 'I3: it is not its own';
  if (name === 'sweep') {
    const life = by.incarnation ?? 0;
    if (by.node !== node || incarnation > life) return `I3: it is held by ${node} in life ${incarnation}`;
    return life <= beside.overLife(node) ? undefined : `I3: life ${life} of ${node} is not over`;
  }
  const { state, forced, generation } = beside.block(key) ?? {};
  if (name === 'evict' && before.generation >= after.generation) return `I3: it is held at ${before.generation}`;
  // One that comes late, when another fence has begun, ends what that one would.
  const isFenced = (generation ?? 0) > after.generation || (state !== 'claimed' && forced === true) || state === 'free';
  return name === 'evict' && isFenced ? undefined : `I3: ${name} frees a lease, and the block is ${state}`;
}

/** A pass goes on, and no ending is before an earlier one. */
function wrongPass({ name, before, after }: SlotChange): string | undefined {
  if (before === undefined) return undefined;
  if (name === 'advance' && before.generation > after.generation)
    return `I4: it is at ${before.generation}, and is at ${after.generation}`;
  return (before.endedAt ?? 0) > (after.endedAt ?? 0) ? `its last lease ended at ${before.endedAt}` : undefined;
}

const FROM: Readonly<Record<string, readonly (BlockState['state'] | undefined)[]>> = {
  claim: [undefined, 'free'],
  takeUp: ['claimed', 'releasing'],
  fence: ['claimed', 'releasing'],
  abort: ['releasing'],
  finish: ['releasing'],
};
const ENDS_A_FENCE = ['abort', 'finish'];

/** I6: a generation is one owner's, so whoever has the block next has it at a later one. */
function wrongChange({ name, before, after }: BlockChange): string | undefined {
  if (!FROM[name]?.includes(before?.state)) return `I6: it is ${before?.state}`;
  const rises = after.generation - (before?.generation ?? 0);
  if (rises !== (ENDS_A_FENCE.includes(name) ? 0 : 1)) return `I6: its generation rises by ${rises}`;
  return name === 'takeUp' && before?.owner?.node !== after.owner?.node
    ? `I6: it is ${before?.owner?.node}'s`
    : undefined;
}

/** I3: what is forced needs evidence. */
function wrongFence({ overLife }: Beside, { name, before, after }: BlockChange): string | undefined {
  if (name !== 'fence' || !after.forced || before?.owner === undefined) return undefined;
  const { node, incarnation } = before.owner;
  return incarnation <= overLife(node) ? undefined : `I3: life ${incarnation} of ${node} is not over`;
}

function notJoined({ hasJoined }: Beside, key: BlockKey, owner: BlockOwner | undefined): string | undefined {
  return owner === undefined || hasJoined(owner.node, key) ? undefined : `${owner.node} has not joined it`;
}
