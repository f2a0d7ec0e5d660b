/**
 * The protocol of shared pools as a model: nodes that crash and boot again, ADD, DEL, a declared death and its reclaim.
 * A message that was ever sent stays in the air: it may arrive at any later time, any number of times, or never. So loss,
 * repetition, delay past the sender's death, frozen Lambdas and reclaimers that crash half-way are one thing: a step that
 * is taken late, again, or not at all. Cooldown may end at any instant (I9), so `slotCooled` always holds here.
 */
import { type Against, type SlotOperation, type SlotState, slotConditions, slotOperations } from '../../core/lease.ts';
import type { Model, Step } from './explore.ts';

/** A condition that is taken away, as `sweep.sameNonce`, or a bad variant of the protocol by its name. */
export type Mutation = string;

export interface Universe {
  readonly slots: number;
  /** Which node each container runs on; the same owner after another: the same container id with another nonce. */
  readonly containers: readonly { readonly node: number; readonly owner: string }[];
  /** Boots of each node. */
  readonly boots: readonly number[];
  /** How many lives a node may begin: late requests of a dead node begin new ones for ever. */
  readonly lives: number;
  readonly mutations: ReadonlySet<Mutation>;
}

interface Slot {
  readonly held: boolean;
  /** The container that holds it or held it last, and in which life of its node. */
  readonly by: number;
  readonly life: number;
}
interface Node {
  readonly up: boolean;
  readonly boot: number;
  /** The life that the service told this node in this boot; 0: none. */
  readonly told: number;
  /** The node's item; life 0: there is none. */
  readonly item: { readonly life: number; readonly boot: number; readonly alive: boolean };
}
interface Container {
  readonly phase: 'new' | 'adding' | 'live' | 'ended' | 'gone';
  readonly boot: number;
  readonly slot: number;
}
interface World {
  readonly slots: readonly (Slot | undefined)[];
  readonly nodes: readonly Node[];
  readonly containers: readonly Container[];
  /** `ask c life`, `begin c life`, `answer c slot life`, `release c`, `mark n life`, `sweep n slot c life`. */
  readonly air: readonly string[];
}

export function sharedPool(universe: Universe): Model<World> {
  const { containers } = universe;
  const initial: World = {
    slots: Array(universe.slots).fill(undefined),
    nodes: universe.boots.map(() => ({ up: true, boot: 1, told: 0, item: { life: 0, boot: 0, alive: false } })),
    containers: containers.map(() => ({ phase: 'new', boot: 0, slot: -1 })),
    air: [],
  };
  return {
    initial,
    key: JSON.stringify,
    steps(world) {
      const steps: Step<World>[] = [];
      const step = (label: string, next: World) => steps.push({ label, next });
      world.nodes.forEach((_, n) => {
        nodeSteps(universe, world, n, step);
      });
      containers.forEach((_, c) => {
        containerSteps(universe, world, c, step);
      });
      for (const message of world.air) arrives(universe, world, message, step);
      return steps;
    },
    violation(world) {
      for (const [c, { phase, slot }] of world.containers.entries()) {
        if (phase !== 'live') continue;
        const twin = world.containers.findIndex((other, o) => o !== c && other.phase === 'live' && other.slot === slot);
        if (twin >= 0) return `I1: ${name(universe, c)} and ${name(universe, twin)} both live with slot ${slot}`;
        const found = world.slots[slot];
        if (!found?.held || found.by !== c)
          return `I2: slot ${slot} of ${name(universe, c)}, which lives, is not its own`;
      }
      return undefined;
    },
  };
}

type Say = (label: string, next: World) => void;

function nodeSteps(universe: Universe, world: World, n: number, step: Say): void {
  const { boots, mutations } = universe;
  const node = at(world.nodes, n);
  if (node.up) {
    const containers = world.containers.map((container, c) => {
      const mine = at(universe.containers, c).node === n && container.phase !== 'new';
      return mine ? { ...container, phase: 'gone' as const } : container;
    });
    step(`${nodeName(n)} goes down with its containers`, { ...setNode(world, n, { up: false }), containers });
  } else if (node.boot < at(boots, n)) {
    const told = mutations.has('state of another boot is used') ? node.told : 0;
    step(`${nodeName(n)} boots again`, setNode(world, n, { up: true, boot: node.boot + 1, told }));
  }
  const certain = !node.up || mutations.has('silence is evidence');
  if (certain && node.item.life > 0) {
    step(
      `an operator declares ${nodeName(n)}'s life ${node.item.life} over`,
      send(world, `mark ${n} ${node.item.life}`),
    );
  }
}

function containerSteps(universe: Universe, world: World, c: number, step: Say): void {
  const { node: n, owner } = at(universe.containers, c);
  const node = at(world.nodes, n);
  const { phase } = at(world.containers, c);
  if (!node.up) return;
  const before = universe.containers.findIndex((other, o) => o < c && other.node === n && other.owner === owner);
  const free = before < 0 || at(world.containers, before).phase === 'gone';
  if (phase === 'new' && free) {
    const adding = setContainer(world, c, { phase: 'adding', boot: node.boot });
    step(`${name(universe, c)} is added in life ${node.told || '(unknown)'}`, send(adding, `ask ${c} ${node.told}`));
  }
  if (phase === 'adding' || phase === 'live')
    step(`${name(universe, c)} ends`, setContainer(world, c, { phase: 'ended' }));
  if (phase === 'ended') {
    step(`${name(universe, c)} is deleted`, send(setContainer(world, c, { phase: 'gone' }), `release ${c}`));
  }
}

function arrives(universe: Universe, world: World, message: string, step: Say): void {
  const [kind, ...numbers] = message.split(' ');
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers.map(Number);
  if (kind === 'ask') askArrives(universe, world, first, second, step);
  if (kind === 'begin') beginArrives(universe, world, first, second, step);
  if (kind === 'answer') answerArrives(universe, world, first, second, third, step);
  if (kind === 'release') releaseArrives(universe, world, first, step);
  if (kind === 'mark') markArrives(universe, world, first, second, step);
  if (kind === 'sweep') sweepArrives(universe, world, first, { slot: second, by: third, life: fourth }, step);
}

/** A warm Lambda knows that this life has joined and holds at once; a cold one, or one that was told no life, joins. */
function askArrives(universe: Universe, world: World, c: number, life: number, step: Say): void {
  const { node: n } = at(universe.containers, c);
  const { item } = at(world.nodes, n);
  const { boot } = at(world.containers, c);
  if (life > 0) {
    world.slots.forEach((_, slot) => {
      if (!permits(universe, world, 'hold', slot, c, life)) return;
      const held = setSlot(world, slot, { held: true, by: c, life });
      step(`${name(universe, c)}'s ADD holds slot ${slot} in life ${life}`, send(held, `answer ${c} ${slot} ${life}`));
    });
  }
  const sameBoot = item.boot === boot || universe.mutations.has('a boot begins no life');
  if (item.life === 0) {
    const joined = setNode(world, n, { item: { life: 1, boot, alive: true } });
    step(`${name(universe, c)}'s ADD begins life 1 of ${nodeName(n)}`, send(joined, `ask ${c} 1`));
  } else if (item.alive && sameBoot) {
    step(`${name(universe, c)}'s ADD joins in life ${item.life}`, send(world, `ask ${c} ${item.life}`));
  } else {
    step(`${name(universe, c)}'s ADD finds life ${item.life} over`, send(world, `begin ${c} ${item.life}`));
  }
}

function beginArrives(universe: Universe, world: World, c: number, life: number, step: Say): void {
  const { node: n } = at(universe.containers, c);
  const { item } = at(world.nodes, n);
  if (item.life !== life || life >= universe.lives) return;
  const begun = setNode(world, n, { item: { life: life + 1, boot: at(world.containers, c).boot, alive: true } });
  step(`life ${life + 1} of ${nodeName(n)} begins for ${name(universe, c)}`, begun);
}

function answerArrives(universe: Universe, world: World, c: number, slot: number, life: number, step: Say): void {
  const { node: n } = at(universe.containers, c);
  const { phase, boot } = at(world.containers, c);
  const node = at(world.nodes, n);
  if (phase !== 'adding' || !node.up || node.boot !== boot) return;
  const live = setContainer(setNode(world, n, { told: life }), c, { phase: 'live', slot });
  step(`${name(universe, c)} lives with slot ${slot}`, live);
}

function releaseArrives(universe: Universe, world: World, c: number, step: Say): void {
  world.slots.forEach((slot, index) => {
    if (!slot || !permits(universe, world, 'release', index, c, 0)) return;
    step(`${name(universe, c)}'s DEL frees slot ${index}`, setSlot(world, index, { ...slot, held: false }));
  });
}

/** The mark is the evidence; with it, or with a later life, a reclaimer reads the slots and sends its writes. */
function markArrives(universe: Universe, world: World, n: number, life: number, step: Say): void {
  const { item } = at(world.nodes, n);
  const same = item.life === life || universe.mutations.has('mark.sameIncarnation');
  if (item.alive && same) {
    step(`the mark on life ${life} arrives at ${nodeName(n)}`, setNode(world, n, { item: { ...item, alive: false } }));
  }
  const over = item.life > life || (item.life === life && !item.alive);
  if (!over) return;
  const upTo = universe.mutations.has('mark.sameIncarnation') ? item.life : life;
  world.slots.forEach((slot, index) => {
    if (!slot?.held || at(universe.containers, slot.by).node !== n) return;
    if (slot.life > upTo && !universe.mutations.has('sweep.incarnationNotNewer')) return;
    const label = `a reclaimer sees slot ${index} held by ${name(universe, slot.by)} of ${nodeName(n)}'s life ${slot.life}`;
    step(label, send(world, `sweep ${n} ${index} ${slot.by} ${upTo}`));
  });
}

function sweepArrives(
  universe: Universe,
  world: World,
  n: number,
  seen: { slot: number; by: number; life: number },
  step: Say,
): void {
  const slot = world.slots[seen.slot];
  if (!slot || !permits(universe, world, 'sweep', seen.slot, seen.by, seen.life)) return;
  step(
    `a sweep of ${nodeName(n)}'s life ${seen.life} frees slot ${seen.slot}`,
    setSlot(world, seen.slot, { ...slot, held: false }),
  );
}

/** The conditions of the code itself (core/lease.ts), less the one that the universe takes away. */
function permits(
  universe: Universe,
  world: World,
  operation: SlotOperation,
  index: number,
  c: number,
  life: number,
): boolean {
  const found = world.slots[index];
  const { node, owner } = at(universe.containers, c);
  const state: SlotState | undefined = found && {
    held: found.held,
    generation: 1,
    reusableAt: 0,
    holding: holdingOf(universe, found.by, found.life),
  };
  const against: Against = {
    now: 0,
    generation: 1,
    containerId: owner,
    ifname: 'eth0',
    nonce: `${c}`,
    node: `${node}`,
    incarnation: life,
  };
  return slotOperations[operation].some((alternative) =>
    alternative.every((name) => universe.mutations.has(`${operation}.${name}`) || slotConditions[name](state, against)),
  );
}

function holdingOf({ containers }: Universe, c: number, incarnation: number) {
  const { node, owner } = at(containers, c);
  const attachment = { network: 'n', containerId: owner, ifname: 'eth0' };
  return { attachment, nonce: `${c}`, node: `${node}`, incarnation, heldAt: 0 };
}

const nodeName = (n: number): string => `node ${String.fromCharCode(65 + n)}`;
const name = ({ containers }: Universe, c: number): string => {
  const { node, owner } = at(containers, c);
  return `${owner}${'′'.repeat(containers.slice(0, c).filter((other) => other.owner === owner).length)} on ${nodeName(node)}`;
};
const send = (world: World, message: string): World =>
  world.air.includes(message) ? world : { ...world, air: [...world.air, message].sort() };
const setSlot = (world: World, index: number, slot: Slot): World => ({
  ...world,
  slots: world.slots.with(index, slot),
});
const setNode = (world: World, n: number, change: Partial<Node>): World => ({
  ...world,
  nodes: world.nodes.with(n, { ...at(world.nodes, n), ...change }),
});
const setContainer = (world: World, c: number, change: Partial<Container>): World => ({
  ...world,
  containers: world.containers.with(c, { ...at(world.containers, c), ...change }),
});
function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index}`);
  return element;
}
