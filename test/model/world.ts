/**
 * The world that the protocol lives in: one block of a pool, the nodes, their disks, the containers, and all that is in
 * the air. A request that was ever sent stays in the air: it may arrive at any later time, any number of times, or never.
 * So loss, repetition, delay beyond the sender's death, any number of concurrent Lambdas and reclaimers, and their crashes
 * between two steps are all the same thing here: a step that is taken late, again, or not at all.
 */
import type { Removal } from './operations.ts';

export interface Container {
  /** The node that it runs on. */
  readonly node: number;
  /** Container id and interface name. */
  readonly owner: string;
  readonly nonce: string;
}

export type Event =
  /** A node goes down: at once, with everything on it. */
  | 'crash'
  /** A node that went down comes up again, with its disk or with an empty one. */
  | 'reboot'
  /** A node's journal is lost while its containers run on. */
  | 'journal loss'
  /** A node gives an address to a container without waiting for the service. */
  | 'offline'
  /** The service tries another slot where the proposed one is refused. */
  | 'search'
  /** A node gives back a block that it does not use. */
  | 'give back'
  /** A node asks in the name of another. */
  | 'imposture';

/** What there is and what may happen. It is finite, so that everything that can happen in it can be tried. */
export interface Universe {
  readonly affinity: 'node' | 'shared';
  readonly nodes: number;
  readonly slots: number;
  readonly containers: readonly Container[];
  /** How far the block's generation can go. */
  readonly generations: number;
  /** Boots of a node, and journals that it may begin. */
  readonly boots: number;
  readonly journals: number;
  readonly events: ReadonlySet<Event>;
  readonly removal?: Removal;
  readonly variant?: string;
}

export interface Slot {
  readonly is: 'absent' | 'free' | 'held';
  readonly g: number;
  /** The container that holds it, or held it last (a release leaves the attributes); -1: none ever did. */
  readonly by: number;
  readonly life: number;
}

export interface Block {
  readonly is: 'absent' | 'claimed' | 'releasing' | 'free';
  readonly g: number;
  readonly node: number;
  readonly life: number;
  readonly forced: boolean;
}

/** A node: the machine, its disk, its item in the table, its requests in the air. Sets of small numbers are bit masks. */
export interface Node {
  readonly up: boolean;
  readonly boot: number;
  readonly journal: number;
  /** The life in which it registered in this boot and with this journal; 0: not yet. */
  readonly life: number;
  /** The state file: the generation of the block that it may use, with the boot and the journal in which it learned that. */
  readonly claim: { readonly g: number; readonly boot: number; readonly journal: number };
  /** The newest generation that it gave back. */
  readonly gaveBack: number;
  /** `over`: the newest life of which it is known that its boot is over. `places`: 1 if the block is in the set. */
  readonly item: {
    readonly life: number;
    readonly boot: number;
    readonly journal: number;
    readonly over: number;
    readonly places: number;
  };
  readonly registers: readonly { readonly boot: number; readonly journal: number; readonly life: number }[];
  /** Deaths that were observed: lives. */
  readonly deaths: number;
  /** Lives in which it asked for the block; generations for which it asked to take the block over, by life. */
  readonly claims: number;
  readonly adoptions: readonly number[];
  /** Generations that it asked to give back. */
  readonly givesBack: number;
  /** Boot of each life (not in any table: what is really so). */
  readonly boots: readonly number[];
}

export interface Attachment {
  readonly phase: 'new' | 'adding' | 'live' | 'dead' | 'gone';
  /** The life of its node in which its journal entry was written. */
  readonly life: number;
  /** The journal's entry. */
  readonly entry: boolean;
  readonly slot: number;
  readonly acknowledged: boolean;
  /** Whether the service has answered that the slot is held. */
  readonly answered: boolean;
  /** By slot: generations with which ADD is in the air; whether a release is; whether an answer is; sweeps, by `over`. */
  readonly holds: readonly number[];
  readonly releases: readonly number[];
  readonly answers: readonly number[];
  readonly sweeps: readonly number[];
}

export interface World {
  readonly slots: readonly Slot[];
  readonly block: Block;
  readonly nodes: readonly Node[];
  readonly attachments: readonly Attachment[];
  /** By generation: to whom the block belongs, once for all. */
  readonly owners: readonly ({ readonly node: number; readonly life: number } | undefined)[];
  /** Reclaimers' requests in the air, as generations: fences to begin; passes of either mode; ends of a fence. */
  readonly fences: number;
  readonly voluntary: number;
  readonly forced: number;
  readonly aborts: number;
  readonly finishes: number;
  /** Slots that a reclaimer found at the generation of the fence under way. */
  readonly passed: number;
  /** What an operation did that no state shows any more. */
  readonly fault: string | undefined;
}

/** A life ends with the boot or with the journal. */
const mostLives = ({ boots, journals }: Universe): number => boots + journals - 1;

/** Every node is up and registered; nothing is claimed, nothing is held. */
export function initialWorld(universe: Universe): World {
  const { nodes, slots, containers, generations } = universe;
  const none = Array(slots).fill(0);
  const lives = mostLives(universe);
  return {
    slots: Array(slots).fill({ is: 'absent', g: 0, by: -1, life: 0 }),
    block: { is: 'absent', g: 0, node: -1, life: 0, forced: false },
    nodes: Array(nodes).fill({
      up: true,
      boot: 1,
      journal: 1,
      life: 1,
      claim: { g: 0, boot: 0, journal: 0 },
      gaveBack: 0,
      item: { life: 1, boot: 1, journal: 1, over: 0, places: 0 },
      registers: [],
      deaths: 0,
      claims: 0,
      adoptions: Array(lives + 1).fill(0),
      givesBack: 0,
      boots: Array(lives + 1).fill(1),
    }),
    attachments: containers.map(() => ({
      phase: 'new',
      life: 0,
      entry: false,
      slot: -1,
      acknowledged: false,
      answered: false,
      holds: none,
      releases: none,
      answers: none,
      sweeps: none,
    })),
    owners: Array(generations + 1).fill(undefined),
    fences: 0,
    voluntary: 0,
    forced: 0,
    aborts: 0,
    finishes: 0,
    passed: 0,
    fault: undefined,
  };
}

export const has = (mask: number, bit: number): boolean => (mask & (1 << bit)) !== 0;
export const bits = (mask: number): number[] => {
  const found: number[] = [];
  for (let bit = 0; mask >> bit !== 0; bit += 1) if (has(mask, bit)) found.push(bit);
  return found;
};
/** `list` with `change` made to its element `index`. */
export function changed<T extends object>(list: readonly T[], index: number, change: Partial<T>): readonly T[] {
  return list.with(index, { ...at(list, index), ...change });
}
export const marked = (masks: readonly number[], index: number, bit: number): readonly number[] =>
  masks.with(index, at(masks, index) | (1 << bit));
export function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index}`);
  return element;
}
