/** Node affinity: how a block comes to a node, and how it is taken back so that no late request can use it (the fence). */
import { blockPermits, decides, slotPermits } from './operations.ts';
import { type Arrivals, mayBegin, type Path } from './path.ts';
import { at, freeSlot, type Node, nodeName, type Owner, send, setSlot, type Universe, type World } from './world.ts';

/** What reclaimers do about the block: each step's facts may be old when its write arrives. */
export function fenceSteps(path: Path): void {
  const { mutations, world, step } = path;
  const { is, g, forced } = world.block;
  if (is !== 'releasing') return;
  step(`a reclaimer passes over the block at generation ${g}`, send(world, `advance ${g}`), 'tidies');
  if (decides(mutations, 'evictDecided', { fenceForced: forced }))
    step(`a reclaimer passes over the held slots at generation ${g}`, send(world, `evict ${g}`), 'tidies');
  const held = world.slots.some((slot) => slot.is === 'held' && slot.g < g);
  if (!forced && held) step('a reclaimer sees a held slot and stops', send(world, `abort ${g}`), 'tidies');
  const all = world.slots.every((slot) => (slot.is === 'free' || slot.is === 'cooling') && slot.g >= g);
  if (decides(mutations, 'finishDecided', { slotsAtGeneration: all }))
    step(`a reclaimer sees every slot free at generation ${g}`, send(world, `finish ${g}`), 'tidies');
}

const begins = (world: World, g: number, owner: Owner): World => ({
  ...world,
  block: { is: 'claimed', g, forced: false },
  owners: Object.assign(Array(g + 1).fill(undefined), world.owners, { [g]: owner }),
  ...(world.owners[g] ? { fault: `I6: generation ${g} of the block has two owners` } : {}),
});

export const blockArrivals: Arrivals = {
  claim(path, [n = 0, life = 0, boot = 0, journal = 0]) {
    const { mutations, world, step } = path;
    const g = world.block.g + 1;
    if (!mayBegin(path) || !blockPermits(mutations, 'claim', world, 0)) return;
    step(`${nodeName(n)}'s claim makes generation ${g} its own`, begins(world, g, { node: n, life, boot, journal }));
  },
  takeUp(path, [n = 0, life = 0, boot = 0, journal = 0, from = 0]) {
    const { mutations, world, step } = path;
    const g = world.block.g + 1;
    const heard = decides(mutations, 'takeUpHeard', { ownedByCaller: world.owners[from]?.node === n });
    if (!heard || !mayBegin(path) || !blockPermits(mutations, 'takeUp', world, from)) return;
    step(`${nodeName(n)} takes the block over, generation ${g}`, begins(world, g, { node: n, life, boot, journal }));
  },
  giveBack(path, [n = 0, g = 0]) {
    const ownedByCaller = path.world.owners[g]?.node === n;
    if (decides(path.mutations, 'giveBackHeard', { ownedByCaller })) fenceBegins(path, g, false);
  },
  fence: (path, [g = 0]) => fenceBegins(path, g, true),
  advance(path, [g = 0]) {
    passes(path, 'advance', g);
  },
  evict(path, [g = 0]) {
    passes(path, 'evict', g);
  },
  abort({ mutations, world, step }, [g = 0]) {
    const owner = world.owners[g - 1];
    if (!owner || !blockPermits(mutations, 'abort', world, g)) return;
    step(
      `the fence is given up: ${nodeName(owner.node)} keeps the block`,
      begins(world, world.block.g, owner),
      'tidies',
    );
  },
  finish({ mutations, world, step }, [g = 0]) {
    if (!blockPermits(mutations, 'finish', world, g)) return;
    step(
      `the fence ends: the block is free at generation ${world.block.g}`,
      { ...world, block: { ...world.block, is: 'free', forced: false } },
      'tidies',
    );
  },
};

function fenceBegins(path: Path, g: number, forced: boolean): void {
  const { universe, mutations, world, step } = path;
  const to = world.block.g + 1;
  if (!(forced ? to <= universe.generations : mayBegin(path)) || !blockPermits(mutations, 'fence', world, g)) return;
  const label = `the fence begins, ${forced ? 'on evidence' : 'by wish of the owner'}: generation ${to}`;
  step(label, { ...world, block: { is: 'releasing', g: to, forced } }, forced ? 'tidies' : undefined);
}

const isOver = ({ boot, up, said, left }: Node, owner: Owner): boolean =>
  boot !== owner.boot || !up || owner.life <= Math.max(said, left);

/** Wrongly, which is evidence all the same: what lives there is in danger. */
function isDeclared({ events }: Universe, { nodes }: World, { node, life }: Owner): boolean {
  const { item } = at(nodes, node);
  return events.includes('wrong declaration') && (item.life > life || (item.life === life && !item.alive));
}

function passes({ universe, mutations, world, step }: Path, operation: 'advance' | 'evict', g: number): void {
  world.slots.forEach((slot, k) => {
    if (!slotPermits(universe, mutations, operation, world, k, { c: -1, generation: g, life: 0 })) return;
    const moved =
      operation === 'evict' || slot.is === 'held'
        ? freeSlot(universe, world, k, g)
        : setSlot(world, k, { ...slot, is: slot.is === 'cooling' ? 'cooling' : 'free', g });
    // I3, as what is really so: no container of the owner's boot, or of a life to which its node said goodbye, can be alive.
    const owner = world.owners[g - 1];
    const over = owner && (isOver(at(world.nodes, owner.node), owner) || isDeclared(universe, world, owner));
    const fault = slot.is === 'held' && !over ? { fault: `I3: the fence frees slot ${k} without evidence` } : {};
    step(`the fence moves slot ${k} to generation ${g}: free`, { ...moved, ...fault }, 'tidies');
  });
}
