/**
 * What the tables have, kept beside them: each write that was carried out, in the order in which it was. It tells the witness who
 * lost a slot, keeps the leases that ended, and what the stream of the leases table says.
 */
import type { BlockState } from '../core/protocol/block.ts';
import type { Ending, Holding, SlotState } from '../core/protocol/lease.ts';
import { type BlockKey, blockKeyToText, type SlotKey } from '../core/protocol/slot-ref.ts';
import type { Store } from '../core/store.ts';
import { intercepted } from '../test/functions/intercepted.ts';
import { type AllowedWrites, allowedWrites } from './allowed-writes.ts';
import { type Identities, identitiesBeside } from './identities.ts';
import { endOf, isTooSoon } from './keeping.ts';
import { livesBeside } from './lives.ts';
import type { Schedule } from './schedule.ts';
import type { Witness } from './witness.ts';

/** A lease that is over. Times are the service's, in ms since 1970. */
export interface EndedLease {
  readonly key: SlotKey;
  readonly holding: Holding;
  /** When it ended: one time, or where its beginning came late, either of two. */
  readonly ends: readonly [number, ...number[]];
  readonly how: string;
  /** What ended it named a time before it, or none after its beginning, so that the slot says nothing of it. */
  readonly cameLate: boolean;
}

/** A write to a slot item that was carried out. */
export interface SlotWrite {
  readonly key: SlotKey;
  readonly before: SlotState | undefined;
  readonly after: SlotState;
  /** Milliseconds since 1970: when it was carried out. */
  readonly at: number;
}

export interface Mirror {
  readonly store: Store;
  /** To the tables, so far. */
  requests(): number;
  readonly writes: SlotWrite[];
  readonly ended: EndedLease[];
  readonly blocks: ReadonlyMap<string, BlockState>;
  slot(key: SlotKey): SlotState | undefined;
  /** All slots of which there is an item, by block. */
  readonly slots: ReadonlyMap<string, ReadonlyMap<number, SlotState>>;
  /** The life of a node in which a block was claimed at a generation. */
  lifeOfClaim(key: BlockKey, generation: number): number | undefined;
  lifeOf(node: string): number;
  readonly identities: Identities;
}

interface Around {
  readonly witness: Witness;
  readonly schedule: Pick<Schedule, 'outside'>;
  readonly now: () => number;
  readonly blockSize: (pool: string) => number;
  readonly addressOf: (key: SlotKey) => string;
  readonly keptMs: (pool: string) => number | undefined;
  readonly idOf: (name: string) => string;
}

type Arguments = readonly unknown[];
const FREEING: ReadonlySet<string> = new Set(['release', 'sweep', 'fence']);
const SLOT_WRITES: ReadonlySet<string> = new Set(['hold', 'assert', 'release', 'sweep', 'evict', 'advance']);

export function mirrorOf(base: Store, around: Around): Mirror {
  const { witness, schedule } = around;
  const lives = livesBeside(witness);
  const allowed = allowedWrites({
    ...{ witness, overLife: lives.overLife, hasJoined: lives.hasJoined },
    block: (key) => blocks.all.get(blockKeyToText(key)),
  });
  const slots = slotsBeside(around, allowed);
  const blocks = blocksBeside(around, { slotsIn: slots.of, allowed });
  const slot = (key: SlotKey) => slots.of(key).get(key.slot);
  const identities = identitiesBeside({ ...around, slot });
  let requests = 0;
  const store = intercepted(base, (name, args, proceed) =>
    schedule.outside(async () => {
      requests += 1;
      const outcome = await proceed();
      lives.saw(name, args, outcome);
      slots.saw(name, args, outcome);
      blocks.saw(name, args, outcome);
      identities.saw(name, args, outcome);
      return outcome;
    }),
  );
  return {
    store,
    requests: () => requests,
    writes: slots.writes,
    ended: slots.ended,
    slots: slots.all,
    ...{ slot, identities },
    blocks: blocks.all,
    lifeOfClaim: blocks.lifeOfClaim,
    lifeOf: lives.lifeOf,
  };
}

const slotName = (key: SlotKey): string => `${blockKeyToText(key)}:${key.slot}`;

/**
 * The request that ended it says when. One that came late says a time before the lease was there, and then the lease ended when it
 * was changed, after the one before it, as the stream has it, to the second. Was it the beginning that came late, nobody but this run can tell.
 * @param began when its beginning was written
 */
function endsOf(
  before: SlotState,
  { heldAt }: Holding,
  { after, began, at }: { after: SlotState; began: number; at: number },
): EndedLease['ends'] {
  const changed = Math.max(Math.floor(at / 1000) * 1000, heldAt, (before.endedAt ?? 0) + 1);
  const { endedAt: said = changed } = after;
  if (said < heldAt || said <= (before.endedAt ?? -1)) return [changed];
  return said < began ? [said, changed] : [said];
}

function slotsBeside({ witness, now, addressOf, keptMs }: Around, allowed: AllowedWrites) {
  const all = new Map<string, Map<number, SlotState>>();
  const beganAt = new Map<string, number>();
  const writes: SlotWrite[] = [];
  const ended: EndedLease[] = [];
  const of = (key: BlockKey): Map<number, SlotState> => {
    const text = blockKeyToText(key);
    const found = all.get(text) ?? new Map<number, SlotState>();
    all.set(text, found);
    return found;
  };
  function write(key: SlotKey, after: SlotState, how: string): void {
    const before = of(key).get(key.slot);
    of(key).set(key.slot, after);
    writes.push({ key, before, after, at: now() });
    const wasHeld = before?.held === true && before.holding?.nonce === after.holding?.nonce;
    const began = beganAt.get(slotName(key)) ?? 0;
    if (after.held && !wasHeld) beganAt.set(slotName(key), now());
    // Its cooldown would begin anew.
    if (FREEING.has(how.split(' ')[1] ?? '') && before?.held !== true)
      witness.fail({ property: 'address freed twice', what: `${addressOf(key)}, by ${how}` });
    if (!before?.held || before.holding === undefined) return;
    if (after.held && wasHeld) {
      witness.isHeldIn(addressOf(key), before.holding, after.holding?.incarnation ?? 0);
      return;
    }
    ended.push({
      key,
      holding: before.holding,
      ends: endsOf(before, before.holding, { after, began, at: now() }),
      how,
      cameLate: (after.endedAt ?? now()) <= before.holding.heldAt,
    });
    witness.changesHands(addressOf(key), before, how);
  }
  return {
    all,
    writes,
    ended,
    of,
    saw(name: string, args: Arguments, outcome: unknown): void {
      if (!SLOT_WRITES.has(name)) return;
      const key = args[0] as SlotKey;
      const known = of(key).get(key.slot);
      change(key, name, args, outcome);
      const after = of(key).get(key.slot);
      if (after !== undefined && after !== known)
        allowed.slot({ key, name, by: args[1] as object, before: known, after });
    },
  };
  function change(key: SlotKey, name: string, args: Arguments, outcome: unknown): void {
    const before = () => of(key).get(key.slot);
    if ((name === 'hold' || name === 'assert') && (outcome as { held: boolean }).held) {
      const [, asked, generation, sticky = false] = args as [SlotKey, Holding, number, boolean?];
      if (name === 'hold' && isTooSoon(before(), asked, sticky))
        witness.fail({
          property: 'address again too soon',
          what: `${addressOf(key)} by ${asked.attachment.containerId}@${asked.node}, ${Number(before()?.reusableAt) - asked.heldAt} ms before it has cooled`,
        });
      // No lease is from before the one before it ended.
      const holding = { ...asked, heldAt: Math.max(asked.heldAt, before()?.endedAt ?? 0) };
      write(
        key,
        { ...kept(before()), held: true, generation, reusableAt: 0, holding },
        `${name === 'hold' ? 'a hold' : 'an assertion'} of ${holding.attachment.containerId}@${holding.node}`,
      );
    }
    const after = { ...freed(before()), ...endOf(before(), args[2] as Ending | undefined, keptMs(key.pool)) };
    if (name === 'release' && (outcome as { released: boolean }).released) write(key, after, 'a release');
    if (name === 'sweep' && outcome === true)
      write(key, after, `a sweep of life ${(args[1] as { incarnation: number }).incarnation}`);
    const generation = args[1] as number;
    if (name === 'evict' && outcome === true) write(key, { ...after, generation }, 'a fence');
    if (name === 'advance' && outcome === true) write(key, { ...freed(before()), generation }, 'a pass');
  }
}

/** It stays while the next lease is held. */
const kept = ({ endedAt }: Partial<SlotState> = {}) => (endedAt === undefined ? {} : { endedAt });

const freed = (before: SlotState | undefined): SlotState => ({
  generation: 0,
  reusableAt: 0,
  ...before,
  held: false,
});

function blocksBeside(
  { witness, blockSize }: Around,
  { slotsIn, allowed }: { slotsIn: (key: BlockKey) => ReadonlyMap<number, SlotState>; allowed: AllowedWrites },
) {
  const all = new Map<string, BlockState>();
  const claims = new Map<string, number>();
  const claimKey = (key: BlockKey, generation: number) => `${blockKeyToText(key)}:${generation}`;
  /** `finishDecided.slotsAtGeneration`. */
  function isFree(key: BlockKey, generation: number): void {
    const slots = slotsIn(key);
    for (let slot = 0; slot < blockSize(key.pool); slot += 1) {
      const found = slots.get(slot);
      if (found !== undefined && !found.held && found.generation >= generation) continue;
      const what = `block ${blockKeyToText(key)} is free at ${generation}, its slot ${slot} is ${found?.held ? 'held' : 'free'} at ${found?.generation}`;
      witness.fail({ property: 'block freed before its slots', what });
      return;
    }
  }
  /** I5: where blocks belong to nodes. */
  function isHeld({ pool, block, slot }: SlotKey, { node, attachment }: Holding): void {
    const { state, owner } = all.get(blockKeyToText({ pool, block })) ?? {};
    if (state === undefined || (state !== 'free' && owner?.node === node)) return;
    const whose = `block ${blockKeyToText({ pool, block })} is ${state}, ${owner?.node ?? 'nobody'}’s`;
    witness.fail({
      property: 'held in a block of another',
      what: `slot ${slot} by ${attachment.containerId}@${node}; ${whose}`,
    });
  }
  return {
    all,
    lifeOfClaim: (key: BlockKey, generation: number) => claims.get(claimKey(key, generation)),
    saw(name: string, args: Arguments, outcome: unknown): void {
      const key = args[0] as BlockKey;
      const note = (state: BlockState) => {
        const known = all.get(blockKeyToText(key));
        if (name !== 'claim' || (outcome as { claimed: boolean }).claimed)
          allowed.block({ key, name, before: known, after: state });
        all.set(blockKeyToText(key), state);
        const { node, incarnation, boot } = state.owner ?? {};
        witness.note(
          `${name} of block ${blockKeyToText(key)}: ${state.state} at ${state.generation}, ${node}’s in life ${incarnation} of ${boot}`,
        );
        if (state.state === 'claimed' && state.owner)
          claims.set(claimKey(key, state.generation), state.owner.incarnation);
      };
      const before = () => all.get(blockKeyToText(key)) as BlockState;
      if ((name === 'hold' || name === 'assert') && (outcome as { held: boolean }).held)
        isHeld(args[0] as SlotKey, args[1] as Holding);
      if (name === 'claim') note((outcome as { block: BlockState }).block);
      if (outcome !== true) return;
      const generation = args[1] as number;
      if (name === 'takeUp')
        note({
          state: 'claimed',
          generation: generation + 1,
          forced: false,
          owner: args[2] as NonNullable<BlockState['owner']>,
        });
      if (name === 'fence')
        note({ ...before(), state: 'releasing', generation: generation + 1, forced: args[2] as boolean });
      if (name === 'abort') note({ ...before(), state: 'claimed', forced: false });
      if (name === 'finish') {
        note({ state: 'free', generation, forced: false });
        isFree(key, generation);
      }
    },
  };
}
