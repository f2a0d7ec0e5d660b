/**
 * Both ways: a node asserts again what lives on it and is not held, and the two things after which it has to. Its life is
 * declared over although it runs; or the tables are set back to an earlier time. Which containers are in danger since is what is
 * really so: neither the service nor the node decides by it.
 */
import { blockPermits, decides, slotPermits } from './operations.ts';
import { type Arrivals, ofNode, type Path } from './path.ts';
import {
  at,
  type Container,
  nodeName,
  type Owner,
  send,
  setContainer,
  setNode,
  setSlot,
  type Universe,
  type World,
} from './world.ts';

/** Whether what the container lives with is held for it, in a life of its node that is not over. */
function isSafe(universe: Universe, world: World, c: number): boolean {
  const { node: n } = at(universe.containers, c);
  const { slot: k, answered } = at(world.containers, c);
  const { life, alive } = at(world.nodes, n).item;
  const owner = world.owners[world.block.g];
  const isOwn = world.block.is === 'claimed' && owner?.node === n && owner.life === life;
  if (universe.affinity === 'node' && !isOwn) return false;
  if (!answered && universe.affinity === 'node') return alive;
  const found = at(world.slots, k);
  return found.is === 'held' && found.by === c && found.life === life && alive;
}

/** Notes which living containers are in danger by now; `why` is what happened, where it can happen at all. */
function noteDanger(path: Path, world: World, why: Container['danger']): World {
  if (why === undefined) return world;
  const containers = world.containers.map((container, c) => {
    if (container.phase !== 'live' || container.danger !== undefined || isSafe(path.universe, world, c))
      return container;
    return { ...container, danger: why };
  });
  return { ...world, containers };
}

/** Whose slot is held for it again is in no danger any more: from now on all invariants are its own. */
export function withoutDanger(universe: Universe, world: World): World {
  if (world.containers.every(({ danger }) => danger === undefined)) return world;
  const containers = world.containers.map((container, c) => {
    const { danger, ...safe } = container;
    return danger === undefined || (container.phase === 'live' && !isSafe(universe, world, c)) ? container : safe;
  });
  return { ...world, containers };
}

/** What there is to be afraid of in this universe. */
const dangerOf = (path: Path): Container['danger'] =>
  path.may('restore') ? 'restored' : path.may('wrong declaration') ? 'declared' : undefined;

/** What the node sends for a container: it has read that the table does not have its lease, or has it in an earlier life. */
export function assertSteps(path: Path, c: number): void {
  const { universe, world, step } = path;
  if (dangerOf(path) === undefined) return;
  const { node: n } = at(universe.containers, c);
  const { told, boot, journal } = at(world.nodes, n);
  const me = at(world.containers, c);
  if (me.phase !== 'live' || !me.entry || told === 0) return;
  const slot = at(world.slots, me.slot);
  const isHeld = slot.is === 'held' && slot.by === c && slot.life >= told;
  if (!isHeld)
    step(
      `${path.name(c)}, which lives, is asserted again, in life ${told}`,
      send(world, `assert ${c} ${me.slot} ${told} ${boot} ${journal}`),
      'tidies',
    );
}

export const assertArrivals: Arrivals = {
  /** With node affinity the block is the node’s own first: nobody’s is claimed, one of its earlier life is taken up. */
  assert(path, [c = 0, k = 0, life = 0, boot = 0, journal = 0]) {
    const { universe, mutations, world, step } = path;
    const { node: n } = at(universe.containers, c);
    const { g } = world.block;
    const owner = world.owners[g];
    const isOwn = world.block.is === 'claimed' && owner?.node === n && owner.boot === boot && owner.journal === journal;
    if (universe.affinity === 'node' && !(isOwn && owner.life >= life)) {
      // Cleaning up has a generation of its own.
      if (g <= universe.generations) becomesOwn(path, { node: n, life, boot, journal }, isOwn);
      if (!mutations.has('assertHeard.ownedByCaller')) return;
    }
    const ownedByCaller = universe.affinity === 'shared' || isOwn;
    if (!decides(mutations, 'assertHeard', { ownedByCaller })) return;
    if (universe.affinity === 'shared') holdsAgain(path, c, k, { generation: 1, life });
    // What the service read of the block may be old when its write arrives.
    else step(`the block is at generation ${g}`, send(world, `holdAgain ${c} ${k} ${g} ${life}`), 'tidies');
  },
  holdAgain: (path, [c = 0, k = 0, generation = 0, life = 0]) => holdsAgain(path, c, k, { generation, life }),
};

function holdsAgain(
  path: Path,
  c: number,
  k: number,
  at: { readonly generation: number; readonly life: number },
): void {
  const { universe, mutations, world, step } = path;
  const { generation, life } = at;
  if (!slotPermits(universe, mutations, 'assert', world, k, { c, generation, life })) return;
  const held = setSlot(world, k, { is: 'held', g: generation, by: c, life });
  step(`${path.name(c)} holds slot ${k} again, in life ${life}`, send(held, `answer ${c} ${k}`), 'tidies');
}

function becomesOwn({ mutations, world, step }: Path, owner: Owner, isOwn: boolean): void {
  const { g } = world.block;
  const permitted = isOwn ? blockPermits(mutations, 'takeUp', world, g) : blockPermits(mutations, 'claim', world, 0);
  if (!permitted) return;
  const owned = setNode(world, owner.node, { item: { ...at(world.nodes, owner.node).item, place: true } });
  step(
    `${nodeName(owner.node)} asserts a lease in the block, generation ${g + 1}, which is its own then`,
    {
      ...owned,
      block: { is: 'claimed', g: g + 1, forced: false },
      owners: Object.assign(Array(g + 2).fill(undefined), world.owners, { [g + 1]: owner }),
      ...(world.owners[g + 1] ? { fault: `I6: generation ${g + 1} of the block has two owners` } : {}),
    },
    'tidies',
  );
}

/** What arrives while the tables are restored and no ADD is let through. */
export function isClosedTo({ affinity }: Universe, { closed, containers }: World, kind: string, c: number): boolean {
  if (closed !== true) return false;
  const isReport = affinity === 'node' && kind === 'hold' && at(containers, c).phase === 'live';
  return kind === 'claim' || kind === 'takeUp' || (kind === 'hold' && !isReport);
}

/** Requests that are sent again after the API was closed; all others are over by then, one way or the other. */
const SENT_AGAIN = ['hold', 'join', 'release'];

/** The tables are as they were at a time, and ADDs are let through again once every node has looked. */
export function restoreSteps(path: Path): void {
  const { universe, mutations, world, step } = path;
  if (!path.may('restore')) return;
  const { backup, closed, slots, block, owners, nodes } = world;
  if (backup === undefined) {
    const items = nodes.map(({ item }) => item);
    step('this is the time to which the tables are restored', { ...world, backup: { slots, block, owners, items } });
  } else if (backup !== 'used') {
    const restored: World = {
      ...world,
      ...{ slots: backup.slots, block: backup.block, owners: backup.owners, backup: 'used', closed: true },
      nodes: nodes.map((node, n) => ({ ...node, told: 0, item: at(backup.items, n) })),
      air: world.air.filter((message) => SENT_AGAIN.some((kind) => message.startsWith(`${kind} `))),
    };
    step('the tables are restored, and no ADD is let through', noteDanger(path, restored, 'restored'));
  }
  if (closed !== true) return;
  for (const n of nodes.keys()) {
    const { claim, up } = at(nodes, n);
    const isOwn = block.is === 'claimed' && block.g === claim.g && owners[claim.g]?.node === n;
    if (up && claim.g > 0 && !isOwn)
      step(
        `${nodeName(n)} reads that generation ${claim.g} is not its own`,
        setNode(world, n, { claim: { ...claim, g: 0 } }),
        'tidies',
      );
  }
  const facts = {
    leasesHeld: world.containers.every(({ phase, danger }) => phase !== 'live' || danger === undefined),
    claimsConfirmed: nodes.every(
      ({ claim: { g }, up }, n) => !up || g === 0 || (g === block.g && owners[g]?.node === n),
    ),
  };
  const { closed: _, ...open } = world;
  if (universe.containers.length > 0 && decides(mutations, 'reopen', facts)) step('ADDs are let through again', open);
}

/** Of a node whose life was declared over although it runs: its own containers. */
export const declared = (path: Path, world: World, n: number): World =>
  path.may('wrong declaration') && ofNode(path, n).length > 0 ? noteDanger(path, world, dangerOf(path)) : world;

export const goesLive = (path: Path, world: World, c: number, change: Partial<Container>): World =>
  noteDanger(path, setContainer(world, c, { phase: 'live', ...change }), dangerOf(path));

/** Without an answer. Where its node knows in which life it is, no declaration of an earlier one excuses anything. */
export function goesLiveByItself(path: Path, world: World, c: number): World {
  const { told, item } = at(world.nodes, at(path.universe.containers, c).node);
  const isTold = path.may('wrong declaration') && told === item.life && item.alive;
  return isTold ? setContainer(world, c, { phase: 'live' }) : goesLive(path, world, c, {});
}
