/**
 * Identities as a model: pods of one identity, and perhaps others, lease from a few slots. What a node does around an ADD is in the
 * other model; here are the slots, the item that says which one the identity has, and requests that are late, doubled, or cut off
 * between two steps. Each read of the item makes a message, which acts whenever it arrives; its last number is 1 as long as nobody
 * has written the item since.
 */
import {
  against,
  type SlotOperation,
  type SlotState,
  slotConditions,
  slotOperations,
} from '../../core/protocol/lease.ts';
import type { Model, Step } from './explore.ts';
import type { Mutations } from './operations.ts';
import { at } from './world.ts';

export const identityDecisions = {
  /** Whoever holds a slot for the identity is answered once the item names it, which nobody wrote since it was read. */
  point: [['sameToken']],
  /** The reader of the stream: the slot was another's after the item was read. */
  forgetDecided: [['slotPassedOn']],
  forget: [['sameToken']],
} as const;
type IdentityDecision = keyof typeof identityDecisions;

export interface IdentityUniverse {
  readonly slots: number;
  /** `x`: its pod is of the identity. `p`: it has none. */
  readonly pods: readonly ('x' | 'p')[];
  /**
   * What happened before: the first pod, of the identity, had the first slot and is gone, or lives there though it was swept, or it
   * is gone and so is the second one, which had the slot after it. Else nothing did.
   */
  readonly began?: 'gone' | 'swept' | 'passed on';
  /** Pods whose slot may be swept although they live: their node is declared dead wrongly, and asserts them later. */
  readonly swept?: readonly number[];
}

interface Slot {
  readonly is: 'absent' | 'free' | 'cooling' | 'held';
  readonly by: number;
}
interface Pod {
  readonly phase: 'new' | 'adding' | 'live' | 'gone';
  readonly slot: number;
  /** It was swept although it lives, until it is asserted. */
  readonly danger?: true;
}
interface World {
  readonly slots: readonly Slot[];
  /** The slot that the identity has; `NONE`: there is no item. */
  readonly pointer: number;
  readonly pods: readonly Pod[];
  readonly air: readonly string[];
  readonly fault?: string;
}
interface Path {
  readonly universe: IdentityUniverse;
  readonly mutations: Mutations;
  readonly world: World;
  step(label: string, next: World): void;
}

const NONE = -1;
const NAMES = ['a', 'b', 'c', 'd'];
const nameOf = ({ pods }: IdentityUniverse, c: number): string =>
  `pod ${NAMES[c]}${at(pods, c) === 'p' ? ', of no identity,' : ''}`;
/** What says what was read of the item. */
const READ = ['home', 'other', 'point', 'passedOn', 'unpoint'];

export function identities(universe: IdentityUniverse, mutations: Mutations): Model<World> {
  return {
    initial: begun(universe),
    key: JSON.stringify,
    steps(world) {
      const steps: Step<World>[] = [];
      const step = (label: string, next: World) => {
        if (next !== world) steps.push({ label, next: withoutTheVoid(mutations, next) });
      };
      const path = { universe, mutations, world, step };
      for (const c of world.pods.keys()) podSteps(path, c);
      for (const [k, slot] of world.slots.entries())
        if (slot.is === 'cooling') step(`slot ${k} has cooled`, setSlot(world, k, { ...slot, is: 'free' }));
      for (const message of world.air) {
        const [kind = '', ...numbers] = message.split(' ');
        arrivals[kind]?.(path, numbers.map(Number));
      }
      return steps;
    },
    violation: (world) => violation(universe, world),
  };
}

function begun({ slots, pods, began }: IdentityUniverse): World {
  const none: World = {
    slots: Array(slots).fill({ is: 'absent', by: NONE }),
    pointer: NONE,
    pods: pods.map(() => ({ phase: 'new', slot: NONE })),
    air: [],
  };
  if (began === undefined) return none;
  const gone: Pod = { phase: 'gone', slot: NONE };
  const after = (by: number) => ({ ...setSlot(none, 0, { is: 'free', by }), pointer: 0 });
  if (began === 'passed on') return send(setPod(setPod(after(1), 0, gone), 1, gone), 'forget 0');
  return setPod(after(0), 0, began === 'gone' ? gone : { phase: 'live', slot: 0, danger: true });
}

function violation(universe: IdentityUniverse, { fault, pods, slots }: World): string | undefined {
  if (fault !== undefined) return fault;
  const live = [...pods.entries()].filter(([, { phase, danger }]) => phase === 'live' && danger === undefined);
  for (const [c, { slot: k }] of live) {
    if (live.some(([o, other]) => o !== c && other.slot === k)) return `I1: two pods live with slot ${k}`;
    if (at(slots, k).is !== 'held' || at(slots, k).by !== c)
      return `I2: slot ${k} of ${nameOf(universe, c)}, which lives, is not its own`;
  }
  const ofIdentity = live.filter(([c]) => isX(universe, c));
  if (ofIdentity.length > 1)
    return `I10: two pods of one identity live, with slots ${ofIdentity.map(([, { slot }]) => slot).join(' and ')}`;
  return undefined;
}

const isX = ({ pods }: IdentityUniverse, c: number): boolean => pods[c] === 'x';
/** Whether the slot is held for the identity, or was last. */
const isForIdentity = (universe: IdentityUniverse, { slots }: World, k: number): boolean =>
  slots[k] !== undefined && isX(universe, at(slots, k).by);
const isHeldByOther = (universe: IdentityUniverse, world: World, k: number, c: number): boolean =>
  isForIdentity(universe, world, k) && at(world.slots, k).is === 'held' && at(world.slots, k).by !== c;
const send = (world: World, message: string): World =>
  world.air.includes(message) ? world : { ...world, air: [...world.air, message].sort() };
const setSlot = (world: World, k: number, slot: Slot): World => ({ ...world, slots: world.slots.with(k, slot) });
const setPod = (world: World, c: number, pod: Pod): World => ({ ...world, pods: world.pods.with(c, pod) });

const decides = (mutations: Mutations, decision: IdentityDecision, facts: Readonly<Record<string, boolean>>): boolean =>
  identityDecisions[decision].some((all: readonly string[]) =>
    all.every((name) => facts[name] || mutations.has(`${decision}.${name}`)),
  );

/** By the conditions of the code, of which those that the other model is about hold here. */
function permits({ universe, mutations, world }: Path, operation: SlotOperation, k: number, c: number): boolean {
  const { is, by } = at(world.slots, k);
  const attachmentOf = (one: number) => ({ network: 'n', containerId: `${one}`, ifname: 'eth0' });
  const whose = (one: number) => (isX(universe, one) ? { pod: { namespace: 'n', name: `${one}` }, identity: 'x' } : {});
  const holding =
    by === NONE
      ? {}
      : {
          holding: { attachment: attachmentOf(by), nonce: `${by}`, node: 'n', incarnation: 1, heldAt: 0, ...whose(by) },
        };
  const state: SlotState | undefined =
    is === 'absent'
      ? undefined
      : { held: is === 'held', generation: 1, reusableAt: is === 'cooling' ? 1 : 0, ...holding };
  const me = against({
    ...attachmentOf(c),
    ...{ nonce: `${c}`, node: 'n', generation: 1, incarnation: 1 },
    ...(isX(universe, c) ? { namespace: 'n', identity: 'x' } : {}),
  });
  return slotOperations[operation].some((all) =>
    all.every((name) => mutations.has(`identity ${operation}.${name}`) || slotConditions[name](state, me)),
  );
}

/** What was read of the item is not so any more. */
function pointedTo(world: World, pointer: number): World {
  const stale = (message: string) =>
    READ.includes(message.split(' ')[0] ?? '') ? message.replace(/1$/, '0') : message;
  return { ...world, pointer, air: [...new Set(world.air.map(stale))].sort() };
}

function podSteps({ universe, world, step }: Path, c: number): void {
  const pod = at(world.pods, c);
  const who = nameOf(universe, c);
  if (pod.phase === 'new') step(`${who} is added`, send(setPod(world, c, { ...pod, phase: 'adding' }), `add ${c}`));
  if (pod.phase === 'adding' || pod.phase === 'live')
    step(`${who} ends and is deleted`, send(setPod(world, c, { phase: 'gone', slot: NONE }), `release ${c}`));
  if (pod.phase !== 'live') return;
  const slot = at(world.slots, pod.slot);
  if (universe.swept?.includes(c) && slot.is === 'held' && slot.by === c && pod.danger === undefined)
    step(
      `slot ${pod.slot} of ${who} is swept although it lives`,
      freed(setPod(world, c, { ...pod, danger: true }), pod.slot),
    );
  if (pod.danger === true) step(`${who}, which lives, is asserted again`, send(world, `assert ${c} ${pod.slot}`));
}

const freed = (world: World, k: number): World => setSlot(world, k, { ...at(world.slots, k), is: 'cooling' });

const arrivals: Readonly<Record<string, (path: Path, numbers: number[]) => void>> = {
  /** ADD: what the item says is read first. */
  add(path, [c = 0]) {
    const { universe, world, step } = path;
    if (!isX(universe, c)) return takesAny(path, c, 0);
    const next = world.pointer === NONE ? `other ${c} 1` : `home ${c} ${world.pointer} 1`;
    step(`${nameOf(universe, c)}'s ADD reads which slot the identity has`, send(world, next));
  },
  /** The slot that is kept: held now, refused while another pod has it for the identity, or another's. */
  home(path, [c = 0, k = 0, fresh = 0]) {
    const { universe, world, step } = path;
    if (permits(path, 'hold', k, c)) holds(path, c, k, fresh);
    else if (!isHeldByOther(universe, world, k, c))
      step(`${nameOf(universe, c)}'s ADD reads that slot ${k} is another's`, send(world, `other ${c} ${fresh}`));
  },
  other: (path, [c = 0, fresh = 0]) => takesAny(path, c, fresh),
  point(path, [c = 0, k = 0, fresh = 0]) {
    const { universe, mutations, world, step } = path;
    if (decides(mutations, 'point', { sameToken: fresh === 1 }))
      step(
        `the item of the identity names slot ${k} of ${nameOf(universe, c)}`,
        send(pointedTo(world, k), `answer ${c} ${k}`),
      );
    else if (mutations.has('who comes second frees its slot') && permits(path, 'release', k, c))
      step(`${nameOf(universe, c)}'s ADD comes second, and frees slot ${k}`, freed(world, k));
  },
  /** The answer to an ADD, or to an assertion. */
  answer({ universe, world, step }, [c = 0, k = 0]) {
    const pod = at(world.pods, c);
    if (pod.phase === 'adding')
      step(`${nameOf(universe, c)} lives with slot ${k}`, setPod(world, c, { phase: 'live', slot: k }));
    const slot = at(world.slots, k);
    const isHeld = slot.is === 'held' && slot.by === c;
    if (
      pod.phase === 'live' &&
      pod.danger === true &&
      pod.slot === k &&
      isHeld &&
      (world.pointer === k || !isX(universe, c))
    )
      step(`${nameOf(universe, c)} is in no danger any more`, setPod(world, c, { phase: 'live', slot: k }));
  },
  release(path, [c = 0]) {
    for (const k of path.world.slots.keys())
      if (permits(path, 'release', k, c))
        path.step(`a release for ${nameOf(path.universe, c)} frees slot ${k}`, freed(path.world, k));
  },
  /** A node says that the pod lives. Of one without the identity the answer follows at once. */
  assert(path, [c = 0, k = 0]) {
    const { universe, world, step } = path;
    if (!permits(path, 'assert', k, c)) return;
    const next = isX(universe, c) ? `keep ${c} ${k}` : `answer ${c} ${k}`;
    step(`${nameOf(universe, c)} holds slot ${k} again`, send(occupied(universe, world, k, c), next));
  },
  keep({ universe, mutations, world, step }, [c = 0, k = 0]) {
    if (mutations.has('an assertion leaves the item as it is'))
      return step(`the assertion of ${nameOf(universe, c)} is answered`, send(world, `answer ${c} ${k}`));
    if (world.pointer === k || !isHeldByOther(universe, world, world.pointer, c))
      step(`slot ${k} of ${nameOf(universe, c)} is to be the identity's again`, send(world, `point ${c} ${k} 1`));
  },
  /** The stream tells that the slot passed from the identity to another. */
  forget({ mutations, world, step }, [k = 0]) {
    if (mutations.has('the slot is read before the item'))
      return step(`the stream's reader takes slot ${k} for another's`, send(world, `unpointAt ${k}`));
    if (world.pointer === k)
      step(`the stream's reader reads that the identity has slot ${k}`, send(world, `passedOn ${k} 1`));
  },
  passedOn({ universe, mutations, world, step }, [k = 0, fresh = 0]) {
    if (decides(mutations, 'forgetDecided', { slotPassedOn: !isForIdentity(universe, world, k) }))
      step(`it reads that slot ${k} is another's`, send(world, `unpoint ${fresh}`));
  },
  unpoint({ mutations, world, step }, [fresh = 0]) {
    if (world.pointer !== NONE && decides(mutations, 'forget', { sameToken: fresh === 1 }))
      step('the item of the identity goes', pointedTo(world, NONE));
  },
  /** Only in a bad variant. */
  unpointAt({ world, step }, [k = 0]) {
    if (world.pointer === k) step('the item of the identity goes', pointedTo(world, NONE));
  },
};

function takesAny(path: Path, c: number, fresh: number): void {
  for (const k of path.world.slots.keys()) if (permits(path, 'hold', k, c)) holds(path, c, k, fresh);
}

function holds({ universe, world, step }: Path, c: number, k: number, fresh: number): void {
  const { is, by } = at(world.slots, k);
  const isKept = is === 'cooling' && !(isX(universe, c) && isX(universe, by));
  const fault = isKept ? { fault: `cooldown: slot ${k} is handed out while it is kept` } : {};
  const next = isX(universe, c) ? `point ${c} ${k} ${fresh}` : `answer ${c} ${k}`;
  const label = `${nameOf(universe, c)}'s ADD holds slot ${k}`;
  step(label, { ...send(occupied(universe, world, k, c), next), ...fault });
}

function occupied(universe: IdentityUniverse, world: World, k: number, c: number): World {
  const held = setSlot(world, k, { is: 'held', by: c });
  return isForIdentity(universe, world, k) && !isX(universe, c) ? send(held, `forget ${k}`) : held;
}

/** Without messages that can do nothing any more. */
function withoutTheVoid(mutations: Mutations, world: World): World {
  const weakened = (decision: IdentityDecision) => [...mutations].some((name) => name.startsWith(`${decision}.`));
  const air = world.air.filter((message) => {
    const [kind, ...numbers] = message.split(' ');
    const isStale = numbers.at(-1) === '0';
    const pod = world.pods[Number(numbers[0])];
    if (kind === 'answer')
      return (
        pod?.phase === 'adding' || (pod?.phase === 'live' && pod.danger === true && pod.slot === Number(numbers[1]))
      );
    if (kind === 'point') return !isStale || weakened('point') || mutations.has('who comes second frees its slot');
    if (kind === 'passedOn' || kind === 'unpoint') return !isStale || weakened('forget');
    return true;
  });
  return air.length === world.air.length ? world : { ...world, air };
}
