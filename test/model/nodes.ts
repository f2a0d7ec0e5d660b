/** What a node does: it goes down, boots, loses its journal, asks for a block, gives it back. */
import { decides } from './operations.ts';
import { givenUp, mayBegin, ofNode, type Path, usableClaim } from './path.ts';
import { at, livesOf, nodeName, notLeaving, send, setNode, type World } from './world.ts';

export function nodeSteps(path: Path, n: number): void {
  const { universe, mutations, world, step } = path;
  const node = at(world.nodes, n);
  const who = nodeName(n);
  // One life is left, in which what goes on living is held, and one for each boot that comes.
  const bootsLeft = at(universe.boots, n) - node.boot;
  const isDeclaredWrongly = path.may('wrong declaration') && node.item.life + bootsLeft < livesOf(universe, n);
  if (!node.up) {
    if (node.boot < at(universe.boots, n)) boots(path, n);
  } else {
    if (path.may('crash') || (path.may('reboot') && node.boot < at(universe.boots, n)))
      step(`${who} goes down with its containers`, setNode(givenUp(path, n), n, { up: false, told: node.told }));
    if (node.told === 0)
      step(`${who} makes itself known in boot ${node.boot}`, send(world, `join ${n} ${node.boot}`), 'tidies');
    if (path.may('leave')) leaves(path, n);
    if (path.may('journal loss') && node.journal === 1) step(`the journal of ${who} is lost`, losesJournal(path, n));
    if (universe.affinity === 'node') ownerSteps(path, n);
  }
  if (
    (!node.up || path.may('wrong evidence') || isDeclaredWrongly || mutations.has('silence is evidence')) &&
    node.item.life > 0
  )
    step(
      `an operator declares life ${node.item.life} of ${who} over`,
      send(world, `mark ${n} ${node.item.life}`),
      node.up ? undefined : 'tidies',
    );
}

/** `lessor leave`: the mark on disk, the goodbye, which is a declaration of death by the node itself, and its answer. */
function leaves(path: Path, n: number): void {
  const { mutations, world, step } = path;
  const { leaving, said, left, item, claim, journal } = at(world.nodes, n);
  const who = nodeName(n);
  // One that was lost says nothing of what lives.
  const journalEmpty = journal === 1 && !ofNode(path, n).some((c) => at(world.containers, c).entry);
  if (!leaving) {
    if (decides(mutations, 'leave', { journalEmpty }))
      step(`${who} begins to leave`, setNode(world, n, { leaving: true }));
    return;
  }
  if (item.life > 0)
    step(
      `${who} says goodbye to life ${item.life}`,
      send(setNode(world, n, { said: item.life }), `mark ${n} ${item.life}`),
    );
  const over = item.life > said || (item.life === said && !item.alive);
  if (decides(mutations, 'left', { saidLifeOver: said === 0 ? item.life === 0 : over }))
    step(
      `${who} has left life ${said}, and takes containers again`,
      setNode(world, n, { leaving: false, said: 0, left: Math.max(left, said), told: 0, claim: { ...claim, g: 0 } }),
    );
  if (decides(mutations, 'stay', { goodbyeUnsaid: said === 0 }))
    step(`${who} stays`, setNode(world, n, { leaving: false, said: 0 }));
}

function boots(path: Path, n: number): void {
  const { mutations, world, step } = path;
  const node = at(world.nodes, n);
  const told = mutations.has('state of another boot is used') ? node.told : 0;
  const up = setNode(world, n, { ...notLeaving, up: true, boot: node.boot + 1, told });
  step(`${nodeName(n)} boots again`, up);
  if (!path.may('old disk')) return;
  for (const [g, owner] of world.owners.entries()) {
    if (owner?.node !== n) continue;
    const claim = { g, boot: owner.boot, journal: owner.journal };
    step(
      `${nodeName(n)} boots with a disk that knows generation ${g} as its own`,
      setNode(up, n, { claim, gaveBack: 0 }),
    );
  }
}

function losesJournal(path: Path, n: number): World {
  const mine = ofNode(path, n);
  const containers = path.world.containers.map((container, c) =>
    mine.includes(c) ? { ...container, entry: false } : container,
  );
  const { journal, said, left } = at(path.world.nodes, n);
  // To which lives it said goodbye is written beside the journal as well.
  const leaving = path.mutations.has('a goodbye is forgotten with its journal')
    ? {}
    : { leaving: said > 0, said, left };
  return {
    ...setNode(path.world, n, { ...notLeaving, ...leaving, journal: journal + 1, told: 0, gaveBack: 0 }),
    containers,
  };
}

/** What a node does about a block of its own. */
function ownerSteps(path: Path, n: number): void {
  const { mutations, world, step } = path;
  const node = at(world.nodes, n);
  const who = nodeName(n);
  const mine = usableClaim(path, n);
  const { told, boot, journal } = node;
  const owner = world.owners[world.block.g];
  if (mine === 0 && told > 0 && mayBegin(path)) {
    const place = !mutations.has('claim before the node’s set');
    const asking = setNode(world, n, { item: { ...node.item, place } });
    if (world.block.is === 'absent' || world.block.is === 'free')
      step(`${who} asks for the block`, send(asking, `claim ${n} ${told} ${boot} ${journal}`));
    const other = owner?.node !== n || owner.boot !== boot;
    const known = owner?.node === n || (path.may('imposture') && owner !== undefined);
    if (world.block.is === 'claimed' && known && decides(mutations, 'takeUpDecided', { ownerOfOtherBoot: other }))
      step(
        `${who} asks to take over generation ${world.block.g}`,
        send(asking, `takeUp ${n} ${told} ${boot} ${journal} ${world.block.g}`),
      );
  }
  const { is, g: latest } = world.block;
  // The item of a block that is being taken back names its last owner still.
  const named = is === 'releasing' ? [...world.owners.slice(0, latest), world.owners[latest - 1]] : world.owners;
  named.forEach((owned, g) => {
    if (owned?.node !== n || g <= mine) return;
    const facts = {
      generationClaimed: world.owners[g] !== undefined,
      ownerOfThisBoot: owned.boot === boot,
      ownerOfThisJournal: owned.journal === journal,
      notGivenBack: g > node.gaveBack,
    };
    if (decides(mutations, 'learn', facts))
      step(
        `${who} hears that generation ${g} is its own`,
        setNode(world, n, { claim: { g, boot, journal } }),
        'tidies',
      );
  });
  if (!path.may('give back') || !mayBegin(path)) return;
  if (
    mine > 0 &&
    decides(mutations, 'giveBackDecided', { journalEmpty: !ofNode(path, n).some((c) => at(world.containers, c).entry) })
  ) {
    const stopped = setNode(world, n, { claim: { ...node.claim, g: 0 }, gaveBack: mine });
    step(`${who} stops using generation ${mine} and gives it back`, send(stopped, `giveBack ${n} ${mine}`));
  }
  if (path.may('imposture') && owner && owner.node !== n)
    step(`${who} gives back what is not its own`, send(world, `giveBack ${n} ${world.block.g}`));
}
