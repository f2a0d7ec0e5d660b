/**
 * What happens to one container's address: ADD, also without an answer of the service, the end of its sandbox, DEL; and
 * what a node gives back because it knows that nobody uses it any more (reconcile).
 */
import { permits } from './operations.ts';
import { nodeName, type Path, slotName } from './path.ts';
import { type Attachment, at, bits, changed, has, marked, type Slot, type World } from './world.ts';

/** The steps of container `c`. */
export function attachmentSteps(path: Path, c: number): void {
  const { universe, world } = path;
  const own = at(world.attachments, c);
  const { node: n } = at(universe.containers, c);
  if (at(world.nodes, n).up) {
    if (own.phase === 'new') propose(path, c, n);
    if (own.entry && !own.answered) repeat(path, c, n);
    if (own.phase === 'adding') add(path, c, n);
    if (own.phase === 'live') {
      if (!own.answered && has(at(own.answers, own.slot), 0)) {
        const told = update(world, c, { answered: true, answers: own.answers.map(() => 0) });
        path.step(`${nodeName(n)} hears that what it reported of ${path.name(c)} is held`, told);
      }
      path.step(`${path.name(c)}'s sandbox ends`, update(world, c, { phase: 'dead' }));
    }
    if (own.phase === 'dead') remove(path, c, n);
    if (own.phase !== 'new') reconcile(path, c, n);
  }
  own.holds.forEach((generations, slot) => {
    for (const g of bits(generations)) holdArrives(path, c, slot, g);
  });
  own.releases.forEach((sent, slot) => {
    if (sent) releaseArrives(path, c, slot);
  });
}

const update = (world: World, c: number, change: Partial<Attachment>): World => ({
  ...world,
  attachments: changed(world.attachments, c, change),
});

/** No other entry of the node's journal has this slot: the entry is a file that only one process can create. */
function slotUnjournaled({ universe, world }: Path, c: number, slot: number): boolean {
  const { node } = at(universe.containers, c);
  return !world.attachments.some(
    (other, index) => index !== c && other.entry && other.slot === slot && at(universe.containers, index).node === node,
  );
}

/** ADD: journal first, then ask. That the request never leaves is the same as that it never arrives. */
function propose(path: Path, c: number, n: number): void {
  const { universe, world } = path;
  const { claim, boot, journal, life } = at(world.nodes, n);
  // A runtime gives a container id to a container again only once the former one was deleted.
  const { owner } = at(universe.containers, c);
  const before = world.attachments.some((other, index) => {
    const { node, owner: name } = at(universe.containers, index);
    return index !== c && node === n && name === owner && (index < c ? other.phase !== 'gone' : other.phase !== 'new');
  });
  if (claim.g === 0 || before) return;
  for (let slot = 0; slot < universe.slots; slot += 1) {
    const facts = {
      claimOfThisBoot: claim.boot === boot,
      claimOfThisJournal: claim.journal === journal,
      slotUnjournaled: slotUnjournaled(path, c, slot),
    };
    if (!permits(universe.removal, 'propose', facts)) continue;
    const holds = marked(at(world.attachments, c).holds, slot, claim.g);
    const entry = !path.is('request before journal');
    const next = update(world, c, { phase: 'adding', entry, slot, life, holds });
    path.step(`${nodeName(n)} journals ${slotName(slot)} for ${path.name(c)} and asks, ${path.generation(claim.g)}`, next);
  }
}

/** The same request with what the node knows now; for an address given offline it is the report. */
function repeat(path: Path, c: number, n: number): void {
  const { world } = path;
  const { claim, boot, journal } = at(world.nodes, n);
  const own = at(world.attachments, c);
  const current = claim.g > 0 && claim.boot === boot && claim.journal === journal;
  if (!current || own.phase === 'dead' || has(at(own.holds, own.slot), claim.g)) return;
  const next = update(world, c, { holds: marked(own.holds, own.slot, claim.g) });
  path.step(`${nodeName(n)} asks for ${slotName(own.slot)} for ${path.name(c)} again, ${path.generation(claim.g)}`, next);
}

function add(path: Path, c: number, n: number): void {
  const { universe, world } = path;
  const own = at(world.attachments, c);
  own.answers.forEach((answer, slot) => {
    if (!has(answer, 0)) return;
    const facts = { entryThere: own.entry, slotUnjournaled: slotUnjournaled(path, c, slot) };
    if (!permits(universe.removal, 'acknowledge', facts)) return;
    const next = update(world, c, {
      ...{ phase: 'live', entry: true, slot, acknowledged: true, answered: true },
      answers: own.answers.map(() => 0),
    });
    path.step(`${path.name(c)} gets ${slotName(slot)}: the service answered that it is held`, next);
  });
  if (universe.events.has('offline') && own.entry) {
    const next = update(world, c, { phase: 'live', acknowledged: true });
    path.step(`${path.name(c)} gets ${slotName(own.slot)} though ${nodeName(n)} has no answer of the service`, next);
  }
  const next = update(world, c, { phase: 'dead', answers: own.answers.map(() => 0) });
  path.tidy(`ADD of ${path.name(c)} ends without an answer`, next);
}

/** DEL: releases by nonce; where no answer said which slot is held, the service is asked first. */
function remove(path: Path, c: number, n: number): void {
  const { universe, world } = path;
  const own = at(world.attachments, c);
  const mine = ({ is, by }: Slot) => is === 'held' && by === c;
  const known = own.entry && own.acknowledged;
  world.slots.forEach((slot, k) => {
    if (has(at(own.releases, k), 0)) return;
    const proposed = own.entry && own.slot === k;
    if (!proposed && (known || !mine(slot))) return;
    const next = update(world, c, { releases: marked(own.releases, k, 0) });
    path.tidy(`DEL: ${nodeName(n)} asks to release ${slotName(k)} of ${path.name(c)}`, next);
  });
  const forgotten = update(world, c, { phase: 'gone', entry: false });
  const released = known ? !mine(at(world.slots, own.slot)) : !world.slots.some(mine);
  if (released) path.tidy(`DEL of ${path.name(c)} is answered; ${nodeName(n)} forgets its entry`, forgotten);
  else if (universe.events.has('offline'))
    path.step(`DEL of ${path.name(c)} while the service cannot be reached: ${nodeName(n)} forgets its entry`, forgotten);
}

/** The node reads what it holds, then looks into its journal: a nonce that is dead now is dead for ever. */
function reconcile(path: Path, c: number, n: number): void {
  const { universe, world } = path;
  const own = at(world.attachments, c);
  const { life, item } = at(world.nodes, n);
  world.slots.forEach((slot, k) => {
    if (slot.is !== 'held' || slot.by !== c || has(at(own.releases, k), 0)) return;
    const facts = {
      leaseOfThisLife: life > 0 && slot.life === life,
      entryAbsent: !own.entry,
      entryAcknowledged: own.entry && own.acknowledged,
      entryElsewhere: own.slot !== k,
      lifeOver: slot.life <= item.over,
      noAddRunning: !world.attachments.some(
        ({ phase }, index) => phase === 'adding' && at(universe.containers, index).node === n,
      ),
      unknownToRuntime: own.phase !== 'live',
    };
    if (!permits(universe.removal, 'reconcile', facts)) return;
    const next = update(world, c, { releases: marked(own.releases, k, 0) });
    path.tidy(`Reconcile: ${nodeName(n)} finds ${slotName(k)} held by ${path.name(c)}, which is dead`, next);
  });
}

function holdArrives(path: Path, c: number, k: number, g: number): void {
  const { universe, world } = path;
  const slot = at(world.slots, k);
  const own = at(world.attachments, c);
  const asked = at(universe.containers, c);
  const holder = slot.by < 0 ? undefined : at(universe.containers, slot.by);
  const facts = {
    slotAbsent: slot.is === 'absent',
    slotFree: slot.is === 'free',
    slotHeld: slot.is === 'held',
    slotCooled: true,
    generationNotNewer: slot.g <= g,
    sameOwner: holder?.owner === asked.owner,
    sameNonce: holder?.nonce === asked.nonce,
    sameNode: holder?.node === asked.node,
  };
  if (!permits(universe.removal, 'hold', facts)) {
    if (universe.events.has('search')) search(path, c, k, g);
    return;
  }
  const waits = own.phase === 'adding' || (own.phase === 'live' && !own.answered);
  const answers = waits ? marked(own.answers, k, 0) : own.answers;
  const label = `ADD of ${path.name(c)} for ${slotName(k)}, ${path.generation(g)}, arrives: held`;
  const seized = slot.is === 'held' && slot.by !== c;
  path.step(label, {
    ...update(world, c, { answers }),
    slots: world.slots.with(k, { is: 'held', g, by: c, life: own.life }),
    fault: seized ? `I1: ${slotName(k)} was held by ${path.name(slot.by)}` : world.fault,
  });
}

function search(path: Path, c: number, refused: number, g: number): void {
  const { world } = path;
  const { holds } = at(world.attachments, c);
  world.slots.forEach(({ is }, k) => {
    if (is === 'held' || k === refused || has(at(holds, k), g)) return;
    const label = `ADD of ${path.name(c)}: refused on ${slotName(refused)}, the service tries ${slotName(k)}`;
    path.step(label, update(world, c, { holds: marked(holds, k, g) }));
  });
}

function releaseArrives(path: Path, c: number, k: number): void {
  const { universe, world } = path;
  const slot = at(world.slots, k);
  if (slot.by < 0) return;
  const asked = at(universe.containers, c);
  const holder = at(universe.containers, slot.by);
  const facts = {
    slotHeld: slot.is === 'held',
    sameOwner: holder.owner === asked.owner,
    sameNonce: holder.nonce === asked.nonce,
    sameNode: holder.node === asked.node,
  };
  if (!permits(universe.removal, 'release', facts)) return;
  path.tidy(`The release of ${slotName(k)} by ${path.name(c)} arrives`, freed(path, k, slot.g));
}

/** Slot `k` freed and at generation `g`; a fault if somebody has it, or may still get it by an answer that is on its way (I3). */
export function freed({ world, name }: Path, k: number, g: number): World {
  const slot = at(world.slots, k);
  const own = slot.is === 'held' ? at(world.attachments, slot.by) : undefined;
  const used = own?.phase === 'adding' || (own?.phase === 'live' && own.slot === k);
  const fault = used ? `I3: ${slotName(k)} is freed while ${name(slot.by)} uses it` : world.fault;
  return { ...world, slots: world.slots.with(k, { ...slot, is: 'free', g }), fault };
}
