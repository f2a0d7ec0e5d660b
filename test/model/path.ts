/** Where the steps out of one state are gathered, and what a node reads from its own disk. */
import { decides, type Mutations } from './operations.ts';
import { at, setNode, type Universe, type World } from './world.ts';

export interface Path {
  readonly universe: Universe;
  readonly mutations: Mutations;
  readonly world: World;
  /** One thing that can happen. `tidies`: it is part of cleaning up, as a reconcile or a fence, and needs no luck. */
  step(label: string, next: World, tidies?: 'tidies'): void;
  may(event: Universe['events'][number]): boolean;
  name(c: number): string;
}

/** What happens when a message arrives, by its first word; `numbers` are the others. */
export type Arrivals = Readonly<Record<string, (path: Path, numbers: readonly number[]) => void>>;

/** The generation of its block that the node may use; 0: none. Of this boot's lives it knows which one it is in. */
export function usableClaim({ world, mutations }: Path, n: number): number {
  const { claim, boot, journal, told } = at(world.nodes, n);
  const owner = world.owners[claim.g];
  const facts = {
    claimOfThisBoot: claim.boot === boot,
    claimOfThisJournal: claim.journal === journal,
    claimOfToldLife: owner?.boot !== boot || owner.life >= told,
  };
  return claim.g > 0 && decides(mutations, 'propose', { ...facts, slotUnjournaled: true }) ? claim.g : 0;
}
export const journaled = ({ universe, world }: Path, n: number, k: number, except = -1): boolean =>
  world.containers.some(
    ({ entry, slot }, c) => c !== except && entry && slot === k && at(universe.containers, c).node === n,
  );
/** Whether another container of the node lives with the slot. */
export const livedWith = ({ universe, world }: Path, n: number, k: number, except: number): boolean =>
  world.containers.some(
    ({ entry, slot, phase }, c) =>
      c !== except && entry && slot === k && phase === 'live' && at(universe.containers, c).node === n,
  );
export const ofNode = ({ universe, world }: Path, n: number): number[] =>
  world.containers.map((_, c) => c).filter((c) => at(universe.containers, c).node === n);

/**
 * Whatever runs on the node is no more, and what its processes had read is gone with them. Where an ADD is asked again it goes
 * on, but its tries so far are given up.
 */
export function givenUp(path: Path, n: number): World {
  const mine = ofNode(path, n);
  const containers = path.world.containers.map((container, c) => {
    if (!mine.includes(c) || container.phase === 'new') return container;
    if (container.phase === 'adding' && path.may('asked again')) return { ...container, askedIn: 0 };
    return { ...container, phase: 'gone' as const, entry: false };
  });
  const air = path.world.air.filter(
    (message) => !message.startsWith(`told ${n} `) && !mine.some((c) => message.startsWith(`listed ${c} `)),
  );
  return { ...setNode(path.world, n, { told: 0 }), containers, air };
}

/** The last generation is kept for taking the block back. */
export const mayBegin = ({ universe, world }: Path): boolean => world.block.g + 1 < universe.generations;
