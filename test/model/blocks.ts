/** Node affinity: how a block comes to a node, and how it is taken back so that no late request can use it (the fence). */
import { freed } from './attachments.ts';
import { permits } from './operations.ts';
import { nodeName, type Path, slotName } from './path.ts';
import { at, type Block, bits, changed, has, marked, type Node, type World } from './world.ts';

/** The steps of node `n` about the block. */
export function blockSteps(path: Path, n: number): void {
  const { world } = path;
  const node = at(world.nodes, n);
  if (node.up && node.life > 0) {
    const { g, boot, journal } = node.claim;
    const usable = g > 0 && boot === node.boot && journal === node.journal;
    if (!usable) claim(path, n);
    learn(path, n, usable ? g : 0);
    if (path.may('give back') && usable) giveBack(path, n, g);
    if (path.may('imposture') && world.block.is === 'claimed' && world.block.node !== n) {
      const next = update(world, n, { givesBack: node.givesBack | (1 << world.block.g) });
      path.step(`${nodeName(n)} asks to give back the block of ${nodeName(world.block.node)}`, next);
    }
  }
  for (const life of bits(node.claims)) claimArrives(path, n, life);
  node.adoptions.forEach((generations, life) => {
    for (const g of bits(generations)) adoptionArrives(path, n, life, g);
  });
  for (const g of bits(node.givesBack)) {
    const owned = path.world.owners[g];
    if (permits(path.universe.removal, 'giveBackHeard', { ownedByCaller: owned?.node === n }))
      fenceArrives(path, g, false);
  }
}

const update = (world: World, n: number, change: Partial<Node>): World => ({
  ...world,
  nodes: changed(world.nodes, n, change),
});

/** The last generation is kept for taking the block back. */
const mayClaim = ({ universe, world }: Path): boolean => world.block.g + 1 < universe.generations;

/** Two writes, the node's set of blocks first: whoever buries the node finds there what it may have. */
function claim(path: Path, n: number): void {
  const { universe, world } = path;
  const { block } = world;
  const node = at(world.nodes, n);
  const open = block.is === 'absent' || block.is === 'free';
  if (open && mayClaim(path) && !has(node.claims, node.life)) {
    const places = path.is('claim before the node’s set') ? node.item.places : 1;
    const next = { claims: node.claims | (1 << node.life), item: { ...node.item, places } };
    path.step(`${nodeName(n)} adds the block to its set and asks for it, in life ${node.life}`, update(world, n, next));
  }
  const facts = { ownedByCaller: block.node === n, lifeOver: block.life <= node.item.over };
  if (block.is !== 'claimed' || block.life === node.life || !mayClaim(path)) return;
  if (!permits(universe.removal, 'takeUp', facts)) return;
  const adoptions = marked(node.adoptions, node.life, block.g);
  if (adoptions[node.life] === node.adoptions[node.life]) return;
  const label = `${nodeName(n)}, in life ${node.life}, asks to take up its block of life ${block.life} again`;
  path.step(label, update(world, n, { adoptions }));
}

function claimArrives(path: Path, n: number, life: number): void {
  const { universe, world } = path;
  const { block } = world;
  const facts = { blockAbsent: block.is === 'absent', blockFree: block.is === 'free' };
  if (!mayClaim(path) || !permits(universe.removal, 'claim', facts)) return;
  path.step(`${nodeName(n)}'s claim arrives: generation ${block.g + 1}`, owned(world, n, life, block.g + 1));
}

function adoptionArrives(path: Path, n: number, life: number, g: number): void {
  const { universe, world } = path;
  if (!mayClaim(path)) return;
  if (!permits(universe.removal, 'adopt', { generationUnchanged: world.block.g === g })) return;
  path.step(`${nodeName(n)} takes its block up again: generation ${world.block.g + 1}`, owned(world, n, life, world.block.g + 1));
}

/** The block is claimed at `g`: (block, g) is that node's, in that life, for ever. */
function owned(world: World, node: number, life: number, g: number): World {
  const before = world.owners[g];
  const fault = before && (before.node !== node || before.life !== life) ? `I6: generation ${g} has two owners` : world.fault;
  return {
    ...world,
    block: { is: 'claimed', g, node, life, forced: false },
    owners: world.owners.with(g, { node, life }),
    passed: 0,
    fault,
  };
}

/** An answer to a claim may be very old: what the node gave back since is not its own again. */
function learn(path: Path, n: number, known: number): void {
  const { universe, world } = path;
  const { life, gaveBack, boot, journal } = at(world.nodes, n);
  world.owners.forEach((owner, g) => {
    if (owner?.node !== n || g <= known) return;
    const facts = { ownedByThisLife: owner.life === life, notGivenBack: g > gaveBack };
    if (!permits(universe.removal, 'learn', facts)) return;
    path.step(`${nodeName(n)} hears that generation ${g} is its own`, update(world, n, { claim: { g, boot, journal } }));
  });
}

function giveBack(path: Path, n: number, g: number): void {
  const { universe, world } = path;
  const node = at(world.nodes, n);
  const journalEmpty = !world.attachments.some(({ entry }, c) => entry && at(universe.containers, c).node === n);
  if (!mayClaim(path) || !permits(universe.removal, 'giveBack', { journalEmpty })) return;
  const next = { claim: { ...node.claim, g: 0 }, gaveBack: g, givesBack: node.givesBack | (1 << g) };
  path.step(`${nodeName(n)} stops using generation ${g} and asks to give the block back`, update(world, n, next));
}

/** The steps of the reclaimers. */
export function fenceSteps(path: Path): void {
  const { universe, world } = path;
  const { block } = world;
  if (block.is === 'claimed') {
    const { item, up } = at(world.nodes, block.node);
    const over = block.life <= item.over || (path.is('silence is death') && !up) || path.is('suspicion');
    const found = item.places === 1 && !has(world.fences, block.g);
    if (found && permits(universe.removal, 'reclaim', { lifeOver: over }))
      path.tidy(`A reclaimer decides to take generation ${block.g} from ${nodeName(block.node)}`, { ...world, fences: world.fences | (1 << block.g) });
  }
  for (const g of bits(world.fences)) fenceArrives(path, g, true);
  for (const g of bits(world.voluntary)) pass(path, g, false);
  for (const g of bits(world.forced)) pass(path, g, true);
  if (block.is === 'releasing') check(path);
  for (const g of bits(world.aborts)) abortArrives(path, g);
  for (const g of bits(world.finishes)) finishArrives(path, g);
}

function fenceArrives(path: Path, g: number, forced: boolean): void {
  const { universe, world } = path;
  const { block } = world;
  if (!permits(universe.removal, 'fence', { generationUnchanged: block.g === g }) || block.g >= universe.generations) return;
  const to = block.g + 1;
  const next: World = {
    ...world,
    block: { ...block, is: 'releasing', g: to, forced },
    passed: 0,
    ...(forced ? { forced: world.forced | (1 << to) } : { voluntary: world.voluntary | (1 << to) }),
  };
  const label = `The fence begins: block releasing, ${forced ? 'forced' : 'voluntary'}, generation ${to}`;
  if (forced) path.tidy(label, next);
  else path.step(label, next);
}

/** A reclaimer's pass moves each slot to the generation of the fence; a voluntary one stops at a held slot. */
function pass(path: Path, g: number, forced: boolean): void {
  const { universe, world } = path;
  world.slots.forEach((slot, k) => {
    const facts = {
      slotAbsent: slot.is === 'absent',
      slotFree: slot.is === 'free',
      fenceForced: forced,
      generationOlder: slot.g < g,
    };
    if (permits(universe.removal, 'fenceSlot', facts))
      path.tidy(`A reclaimer moves ${slotName(k)} to generation ${g}: free`, freed(path, k, g));
    if (!forced && slot.is === 'held' && world.block.is === 'releasing' && world.block.g === g && !has(world.aborts, g))
      path.tidy(`A reclaimer finds ${slotName(k)} held and stops`, { ...world, aborts: world.aborts | (1 << g) });
  });
}

function check(path: Path): void {
  const { universe, world } = path;
  const { g } = world.block;
  world.slots.forEach((slot, k) => {
    const facts = { generationReached: slot.is !== 'absent' && slot.g >= g };
    if (has(world.passed, k) || !permits(universe.removal, 'pass', facts)) return;
    const passed = world.passed | (1 << k);
    const all = passed === (1 << universe.slots) - 1;
    const finishes = all ? world.finishes | (1 << g) : world.finishes;
    path.tidy(`A reclaimer finds ${slotName(k)} at generation ${g}${all ? ', as all are' : ''}`, { ...world, passed, finishes });
  });
}

function abortArrives(path: Path, g: number): void {
  const { universe, world } = path;
  const { block } = world;
  const facts = { blockReleasing: block.is === 'releasing', generationUnchanged: block.g === g };
  if (!permits(universe.removal, 'abort', facts)) return;
  path.tidy(`The voluntary fence is aborted: ${nodeName(block.node)} keeps the block, generation ${block.g}`, owned(world, block.node, block.life, block.g));
}

function finishArrives(path: Path, g: number): void {
  const { universe, world } = path;
  const { block } = world;
  const facts = { blockReleasing: block.is === 'releasing', generationUnchanged: block.g === g };
  if (!permits(universe.removal, 'finish', facts)) return;
  const places = path.is('the fence empties the node’s set') ? 0 : 1;
  const next: Block = { is: 'free', g: block.g, node: -1, life: 0, forced: false };
  path.tidy(`The fence ends: the block is free, generation ${block.g}`, { ...world, block: next, passed: 0 });
  void places;
}
