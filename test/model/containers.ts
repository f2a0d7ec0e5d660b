/** What a container's plugin and its node do: ADD, offline allocation and its report, DEL, reconcile. */
import { assertSteps, goesLiveByItself } from './assertions.ts';
import { decides } from './operations.ts';
import { journaled, type Path, usableClaim } from './path.ts';
import { at, nodeName, send, setContainer, setNode } from './world.ts';

export function containerSteps(path: Path, c: number): void {
  const { universe, mutations, world, step } = path;
  const { node: n, owner } = at(universe.containers, c);
  const node = at(world.nodes, n);
  const me = at(world.containers, c);
  const who = path.name(c);
  if (!node.up) return;
  const before = universe.containers.findIndex((other, o) => o < c && other.node === n && other.owner === owner);
  if (me.phase === 'new' && node.told > 0 && (before < 0 || at(world.containers, before).phase === 'gone'))
    starts(path, c);
  if (path.may('asked again') && me.phase === 'adding' && node.told > (me.askedIn ?? 0))
    step(
      `${who} is asked for again in life ${node.told}`,
      send(setContainer(world, c, { askedIn: node.told }), `hold ${c} -1 1 ${node.told}`),
    );
  const g = usableClaim(path, n);
  if (me.phase === 'adding' && me.entry && me.slot >= 0 && g > 0) {
    const lives = goesLiveByItself(path, world, c);
    if (path.may('offline')) step(`${who} lives with slot ${me.slot} at once: the service cannot be reached`, lives);
    if (path.may('delegated')) step(`${who} lives with slot ${me.slot} at once: its node leases by itself`, lives);
  }
  if (me.phase === 'live' && !me.answered && me.entry && g > 0)
    step(`slot ${me.slot} of ${who} is reported`, send(world, `hold ${c} ${me.slot} ${g} ${node.told}`), 'tidies');
  assertSteps(path, c);
  if (me.phase === 'adding' || me.phase === 'live') step(`${who} ends`, setContainer(world, c, { phase: 'ended' }));
  if (me.phase === 'ended') {
    const gone = setContainer(world, c, { phase: 'gone', entry: false });
    step(`${who} is deleted`, me.entry ? send(gone, `release ${c}`) : gone, 'tidies');
    if (!me.entry) deletesWithoutEntry(path, c);
  }
  if (mutations.has('the journal is read before the table') && me.phase === 'new' && node.told > 0)
    step(`${nodeName(n)} reads its journal, in which ${who} is not`, send(world, `unlisted ${c}`));
  world.slots.forEach((slot, k) => {
    if (slot.is !== 'held' || slot.by !== c || node.told === 0) return;
    step(
      `${nodeName(n)} reads in the table that slot ${k} is held by ${who}`,
      send(world, `listed ${c} ${k}`),
      'tidies',
    );
  });
}

/** DEL after the journal was lost: what is held under the container's name is read first, and freed by what was read. */
function deletesWithoutEntry({ universe, mutations, world, step, name }: Path, c: number): void {
  const { node, owner } = at(universe.containers, c);
  if (mutations.has('a release by owner alone')) step(`${name(c)} is deleted by its name`, send(world, `disown ${c}`));
  world.slots.forEach((slot, k) => {
    if (slot.is !== 'held') return;
    const holder = at(universe.containers, slot.by);
    if (holder.owner === owner && holder.node === node)
      step(
        `${name(c)}'s DEL reads that slot ${k} is held under its name`,
        send(world, `free ${slot.by} ${k}`),
        'tidies',
      );
  });
}

/** ADD: the entry of the journal is written before the request is sent. */
function starts(path: Path, c: number): void {
  const { universe, mutations, world, step } = path;
  const { node: n } = at(universe.containers, c);
  const { boot, journal, told, leaving } = at(world.nodes, n);
  if (!decides(mutations, 'begin', { notLeaving: !leaving })) return;
  const asked = path.may('asked again') ? { askedIn: told } : {};
  const adding = { phase: 'adding', boot, journal, entry: true, ...asked } as const;
  if (universe.affinity === 'shared') {
    const joined = setNode(setContainer(world, c, adding), n, { item: { ...at(world.nodes, n).item, place: true } });
    step(`${path.name(c)} is added in life ${told}`, send(joined, `hold ${c} -1 1 ${told}`));
    return;
  }
  const generations = path.may('imposture') && usableClaim(path, n) === 0 ? [world.block.g] : [usableClaim(path, n)];
  for (const g of generations) {
    if (g === 0) continue;
    if (path.may('delegated') && world.slots.every((_, k) => journaled(path, n, k)))
      step(
        `${path.name(c)} is added without a slot, where its node leases at generation ${g}`,
        send(setContainer(world, c, adding), `hold ${c} -1 ${g} ${told}`),
      );
    world.slots.forEach((_, k) => {
      const slotUnjournaled = !journaled(path, n, k);
      const facts = { claimOfThisBoot: true, claimOfThisJournal: true, claimOfToldLife: true, slotUnjournaled };
      if (!decides(mutations, 'propose', facts)) return;
      const proposed = setContainer(world, c, { ...adding, slot: k });
      step(
        `${path.name(c)} is added, with slot ${k} at generation ${g}`,
        send(proposed, `hold ${c} ${k} ${g} ${told}`),
      );
    });
  }
}
