/**
 * The world that the protocol lives in: one block of a pool (or, with shared affinity, a part of one), the nodes with their
 * disks, the containers, and what is in the air. A message that was ever sent stays in the air: it may arrive at any later
 * time, any number of times, or never. So loss, repetition, delay past the sender's death, frozen Lambdas and processes
 * that crash between two steps are one thing: a step that is taken late, again, or not at all.
 */

export type Event =
  /** A node goes down, at once and with its containers; it boots again as often as the universe allows. */
  | 'crash'
  /** As `crash`, but only while the node still boots again. */
  | 'reboot'
  /** A node boots with the disk of an earlier time. */
  | 'old disk'
  /** A node's journal is lost while its containers run on; what it knows of its block may have survived elsewhere. */
  | 'journal loss'
  /** A node gives an address from its own block without waiting for the service, and reports it later. */
  | 'offline'
  /** The service tries another slot where the proposed one is refused. */
  | 'search'
  /** As `offline`, although the service answers; and a request says from which block its node leases by itself. */
  | 'delegated'
  /** A node gives back a block that it does not use. */
  | 'give back'
  /** A node on which nothing lives says goodbye: its life is over by its own word, and it may begin another one. */
  | 'leave'
  /** A node asks in the name of another. */
  | 'imposture'
  /** A node that is up is declared dead, and all that it runs is given up. */
  | 'wrong evidence'
  /** A node that is up is declared dead, and what it runs goes on. */
  | 'wrong declaration'
  /** The tables are lost, and are had again as they were at an earlier time. */
  | 'restore'
  /** The plugin sends its ADD again in a life that began meanwhile. It hears the answer to its last try only. */
  | 'asked again'
  /** A freed slot cools, until any later instant. */
  | 'cooldown';

/** What there is and what may happen: finite, so that everything that can happen in it is tried. */
export interface Universe {
  readonly affinity: 'node' | 'shared';
  readonly slots: number;
  /** Which node each runs on. The same owner again on a node is the same container id, used after its first container. */
  readonly containers: readonly { readonly node: number; readonly owner: string; readonly nonce: string }[];
  /** Boots of each node. */
  readonly boots: readonly number[];
  /** How many lives a node may begin, or each of them: late requests of an ended boot may begin some. */
  readonly lives: number | readonly number[];
  /** The last generation of the block: each claim, taking over and fence begins one. */
  readonly generations: number;
  readonly events: readonly Event[];
}

export interface Slot {
  readonly is: 'absent' | 'free' | 'cooling' | 'held';
  readonly g: number;
  /** The container that holds it or held it last, and in which life of its node; -1: none. */
  readonly by: number;
  readonly life: number;
}
export interface Owner {
  readonly node: number;
  readonly life: number;
  readonly boot: number;
  readonly journal: number;
}
export interface Block {
  readonly is: 'absent' | 'claimed' | 'releasing' | 'free';
  readonly g: number;
  readonly forced: boolean;
}
export interface Node {
  readonly up: boolean;
  readonly boot: number;
  /** Which journal it writes: another one after each loss. */
  readonly journal: number;
  /** The life that the service told it in this boot; 0: none. */
  readonly told: number;
  /** On disk: the block's generation that it may use, and under which boot and journal it learned so; g 0: none. */
  readonly claim: { readonly g: number; readonly boot: number; readonly journal: number };
  /** On disk: the newest generation that it gave back. */
  readonly gaveBack: number;
  /** On disk, of this boot: no ADD begins. The newest life to which it said goodbye, and the newest that it left; 0: none. */
  readonly leaving: boolean;
  readonly said: number;
  readonly left: number;
  /** The node's item; life 0: there is none. `place`: the block is in its set. */
  readonly item: { readonly life: number; readonly boot: number; readonly alive: boolean; readonly place: boolean };
}
export interface Container {
  readonly phase: 'new' | 'adding' | 'live' | 'ended' | 'gone';
  readonly boot: number;
  readonly journal: number;
  /** Whether the journal has its entry. */
  readonly entry: boolean;
  readonly slot: number;
  /** Whether the service's answer has come: an address used offline is not yet acknowledged. */
  readonly answered: boolean;
  /** In which life its last try was sent: who sends another one hears the answers of earlier ones no more. Only with that event. */
  readonly askedIn?: number;
  /** That it lives while the table does not hold its slot for it, and since when. Nobody in the model decides by it. */
  readonly danger?: 'declared' | 'restored';
}
export interface World {
  readonly slots: readonly Slot[];
  readonly block: Block;
  /** By generation: whose the block was, once for all (I6). */
  readonly owners: readonly (Owner | undefined)[];
  readonly nodes: readonly Node[];
  readonly containers: readonly Container[];
  readonly air: readonly string[];
  /** What the tables are restored to, and whether they were. Only with that event. */
  readonly backup?: 'used' | (Pick<World, 'slots' | 'block' | 'owners'> & { readonly items: readonly Node['item'][] });
  /** No ADD is let through. */
  readonly closed?: true;
  readonly fault?: string;
}

export const livesOf = ({ lives }: Universe, n: number): number => (typeof lives === 'number' ? lives : at(lives, n));
export const notLeaving = { leaving: false, said: 0, left: 0 } as const;

export function initialWorld({ slots, containers, boots }: Universe): World {
  return {
    slots: Array(slots).fill({ is: 'absent', g: 0, by: -1, life: 0 }),
    block: { is: 'absent', g: 0, forced: false },
    owners: [],
    nodes: boots.map(() => ({
      up: true,
      boot: 1,
      journal: 1,
      told: 0,
      claim: { g: 0, boot: 0, journal: 0 },
      gaveBack: 0,
      ...notLeaving,
      item: { life: 0, boot: 0, alive: false, place: false },
    })),
    containers: containers.map(() => ({
      phase: 'new',
      boot: 0,
      journal: 0,
      entry: false,
      slot: -1,
      answered: false,
    })),
    air: [],
  };
}

export function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index}`);
  return element;
}
/** What it is about, and the numbers that come with it. */
export interface Message {
  readonly kind: string;
  readonly numbers: readonly number[];
}
const read = new Map<string, Message>();

/** There are few, and each is read time and again. */
export function readMessage(text: string): Message {
  const known = read.get(text);
  if (known !== undefined) return known;
  const [kind = '', ...numbers] = text.split(' ');
  const message = { kind, numbers: numbers.map(Number) };
  read.set(text, message);
  return message;
}
/** What is in the air is in order: in which order it was sent makes no other state. */
export function send(world: World, message: string): World {
  const { air } = world;
  if (air.includes(message)) return world;
  const next = air.findIndex((other) => other > message);
  return { ...world, air: air.toSpliced(next < 0 ? air.length : next, 0, message) };
}
export const setSlot = (world: World, k: number, slot: Slot): World => ({ ...world, slots: world.slots.with(k, slot) });
/** A slot that was held or, only where a condition is missing, was not. */
export function freeSlot(universe: Universe, world: World, k: number, g = at(world.slots, k).g): World {
  const slot = at(world.slots, k);
  const is = universe.events.includes('cooldown') ? 'cooling' : 'free';
  const freed = setSlot(world, k, { ...slot, is, g });
  return slot.is === 'held' ? freed : { ...freed, fault: `L1: slot ${k}, which is free, begins to cool again` };
}
export const setNode = (world: World, n: number, change: Partial<Node>): World => ({
  ...world,
  nodes: world.nodes.with(n, { ...at(world.nodes, n), ...change }),
});
export const setContainer = (world: World, c: number, change: Partial<Container>): World => ({
  ...world,
  containers: world.containers.with(c, { ...at(world.containers, c), ...change }),
});

export const nodeName = (n: number): string => `node ${String.fromCharCode(65 + n)}`;
export const containerName = ({ containers }: Universe, c: number): string => {
  const { node, owner } = at(containers, c);
  const earlier = containers.slice(0, c).filter((other) => other.owner === owner).length;
  return `${owner}${'′'.repeat(earlier)} on ${nodeName(node)}`;
};
