/** What happens when a message about a node or a lease arrives, perhaps late, perhaps again. */
import { declared, goesLive } from './assertions.ts';
import { decides, slotPermits } from './operations.ts';
import { type Arrivals, givenUp, livedWith, ofNode, type Path } from './path.ts';
import { at, freeSlot, livesOf, nodeName, send, setNode, setSlot, type World } from './world.ts';

export const arrivals: Arrivals = {
  /** A request in which the node says its boot: it is told its life, or the next one begins. */
  join(path, [n = 0, boot = 0]) {
    const { mutations, world, step } = path;
    const { item, boot: now } = at(world.nodes, n);
    const current = boot === now ? 'tidies' : undefined;
    const sameBoot = item.boot === boot || mutations.has('a boot begins no life');
    if (decides(mutations, 'join', { nodeAbsent: item.life === 0, nodeAlive: item.alive, sameBoot })) {
      const life = Math.max(item.life, 1);
      const joined = item.life === 0 ? setNode(world, n, { item: { ...item, life, boot, alive: true } }) : world;
      step(`${nodeName(n)} is in life ${life}`, send(joined, `told ${n} ${boot} ${life}`), current);
    } else step(`life ${item.life} of ${nodeName(n)} is over`, send(world, `begin ${n} ${boot} ${item.life}`), current);
  },
  begin({ universe, mutations, world, step }, [n = 0, boot = 0, life = 0]) {
    const { item, boot: now } = at(world.nodes, n);
    // Late requests begin lives too; enough are left for the boots that come.
    const left = at(universe.boots, n) - now + (boot === now ? 0 : 1);
    if (life + left >= livesOf(universe, n)) return;
    if (!decides(mutations, 'beginLife', { sameIncarnation: item.life === life })) return;
    const begun = setNode(world, n, { item: { ...item, life: life + 1, boot, alive: true } });
    step(`life ${life + 1} of ${nodeName(n)} begins, in boot ${boot}`, begun, boot === now ? 'tidies' : undefined);
  },
  told({ mutations, world, step }, [n = 0, , life = 0]) {
    const { told, left } = at(world.nodes, n);
    const lifeNotLeft = life > left || mutations.has('left.saidLifeOver');
    if (told !== life && decides(mutations, 'hear', { lifeNotLeft }))
      step(`${nodeName(n)} hears that it is in life ${life}`, setNode(world, n, { told: life }), 'tidies');
  },
  hold(path, [c = 0, proposed = 0, g = 0, life = 0]) {
    const { universe, mutations, world, step } = path;
    const { node } = at(universe.containers, c);
    const ownedByCaller = universe.affinity === 'shared' || world.owners[g]?.node === node;
    if (!decides(mutations, 'allocate', { ownedByCaller })) return;
    const may = (k: number) => slotPermits(universe, mutations, 'hold', world, k, { c, generation: g, life });
    // What a node leases by itself it has not told yet, and it knows best what is free there.
    const mayChoose = decides(mutations, 'choose', { blockNotLeasedFrom: !path.may('delegated') });
    const refused = mayChoose && (proposed < 0 || (path.may('search') && !may(proposed)));
    world.slots.forEach((_, k) => {
      if (!may(k) || !(k === proposed || refused)) return;
      const former = universe.containers[at(world.slots, k).by];
      const { owner, nonce, node: n } = at(universe.containers, c);
      // What was this very attachment's is its own again, but for a late copy of the request that had it.
      const isBack = former?.owner === owner && former.node === n && former.nonce !== nonce;
      const cooling =
        at(world.slots, k).is === 'cooling' && !isBack
          ? { fault: `cooldown: slot ${k} is handed out while it cools` }
          : {};
      const held = { ...setSlot(world, k, { is: 'held', g, by: c, life }), ...cooling };
      const report = at(world.containers, c).phase === 'live' ? 'tidies' : undefined;
      step(
        `${path.name(c)}'s ADD holds slot ${k} at generation ${g}, in life ${life}`,
        send(held, `answer ${c} ${k}${path.may('asked again') ? ` ${life}` : ''}`),
        report,
      );
    });
  },
  answer(path, [c = 0, k = 0, life]) {
    const { universe, mutations, world, step } = path;
    const { node: n } = at(universe.containers, c);
    const me = at(world.containers, c);
    if (life !== me.askedIn) return;
    if (me.phase === 'live') {
      // The answer may be late: what it says was held may be taken back since, on wrong evidence.
      if (me.slot === k && !me.answered)
        step(`the report of ${path.name(c)} is answered`, goesLive(path, world, c, { answered: true }), 'tidies');
      return;
    }
    if (me.phase === 'ended') return;
    const facts = { entryThere: me.entry, slotNotLivedWith: !livedWith(path, n, k, c) };
    if (path.may('delegated') && me.entry && !facts.slotNotLivedWith) {
      const fault = `delegated: ${path.name(c)} is granted slot ${k}, with which another container of its node lives`;
      step(fault, { ...world, fault });
    }
    if (!decides(mutations, 'acknowledge', facts)) return;
    const others = mutations.has('the slot stays proposed') ? world : withoutProposal(path, n, k, c);
    step(`${path.name(c)} lives with slot ${k}`, goesLive(path, others, c, { slot: k, answered: true }));
  },
  release: (path, [c = 0]) => frees(path, c),
  free: (path, [c = 0, k = 0]) => frees(path, c, k),
  /** Only in a bad variant. */
  disown({ universe, world, step }, [c = 0]) {
    const { owner, node } = at(universe.containers, c);
    world.slots.forEach((slot, k) => {
      const holder = universe.containers[slot.by];
      if (slot.is !== 'held' || holder?.owner !== owner || holder.node !== node) return;
      step(`a late DEL frees slot ${k}, which ${owner} holds`, freeSlot(universe, world, k));
    });
  },
  /** Reconcile: the table was read before, the journal is read now. */
  listed(path, [c = 0, k = 0]) {
    const { universe, mutations, world, step } = path;
    const { node: n } = at(universe.containers, c);
    const node = at(world.nodes, n);
    const me = at(world.containers, c);
    const facts = {
      nonceOfThisJournal: me.boot === node.boot && me.journal === node.journal,
      entryAbsent: !me.entry,
      entryElsewhere: me.entry && me.slot !== k,
      entryAcknowledged: me.answered || (me.entry && me.phase === 'live'),
      lifeOfEarlierBoot: me.boot !== node.boot,
      noAddRunning: !ofNode(path, n).some((other) => at(world.containers, other).phase === 'adding'),
      // The runtime does not list what is still being added.
      unknownToRuntime: me.phase === 'gone' || me.phase === 'adding',
    };
    if (node.up && decides(mutations, 'reconcile', facts))
      step(
        `the reconcile of ${nodeName(n)} finds no reason for slot ${k} of ${path.name(c)}`,
        send(world, `free ${c} ${k}`),
        'tidies',
      );
  },
  /** Only in a bad variant: the service frees what an earlier copy of the journal does not list. */
  unlisted: (path, [c = 0]) => frees(path, c),
  /** It was declared, which is recorded. The mark is the evidence: until it is written nothing is freed, whatever becomes of the life. */
  mark(path, [n = 0, life = 0]) {
    const { mutations, world, step } = path;
    const { item } = at(world.nodes, n);
    if (item.alive && decides(mutations, 'markDead', { sameIncarnation: item.life === life })) {
      const dead = setNode(path.may('wrong evidence') ? givenUp(path, n) : world, n, {
        item: { ...item, alive: false },
      });
      const marked = mutations.has('markDead.sameIncarnation') ? item.life : life;
      step(
        `the mark on life ${life} arrives at ${nodeName(n)}`,
        send(declared(path, dead, n), `dead ${n} ${marked}`),
        path.may('wrong evidence') ? undefined : 'tidies',
      );
    }
    reclaims(path, n, life, mutations.has('a later life makes a declaration count') && item.life > life);
  },
  /** Of a life that was marked the blocks and leases are looked for, for ever. */
  dead: (path, [n = 0, life = 0]) => reclaims(path, n, life, true),
  sweep(path, [k = 0, c = 0, life = 0]) {
    const { universe, mutations, world, step } = path;
    if (!slotPermits(universe, mutations, 'sweep', world, k, { c, generation: 0, life })) return;
    step(`a sweep up to life ${life} frees slot ${k}`, freeSlot(universe, world, k), 'tidies');
  },
};

function reclaims(path: Path, n: number, life: number, markedDead: boolean): void {
  const { universe, mutations, world, step } = path;
  if (!at(world.nodes, n).item.place || !decides(mutations, 'reclaim', { markedDead })) return;
  const owner = world.owners[world.block.g];
  if (world.block.is === 'claimed' && owner?.node === n && owner.life <= life && world.block.g < universe.generations)
    step(
      `a reclaimer finds generation ${world.block.g} of life ${life}, which was declared over`,
      send(world, `fence ${world.block.g}`),
      'tidies',
    );
  if (universe.affinity === 'node') return;
  world.slots.forEach((slot, k) => {
    if (slot.is !== 'held' || at(universe.containers, slot.by).node !== n) return;
    if (slot.life > life && !mutations.has('sweep.incarnationNotNewer')) return;
    step(
      `a reclaimer sees slot ${k} held by ${path.name(slot.by)} in life ${slot.life}`,
      send(world, `sweep ${k} ${slot.by} ${life}`),
      'tidies',
    );
  });
}

/** Whoever of the node had proposed the slot, and waits for an answer, may no longer live with it. */
function withoutProposal({ universe, world }: Path, n: number, k: number, except: number): World {
  const containers = world.containers.map((container, c) => {
    const loses = c !== except && container.phase === 'adding' && container.slot === k;
    return loses && at(universe.containers, c).node === n ? { ...container, slot: -1 } : container;
  });
  return { ...world, containers };
}

function frees(path: Path, c: number, only = -1): void {
  const { universe, mutations, world, step } = path;
  world.slots.forEach((_, k) => {
    if (only >= 0 && k !== only) return;
    if (!slotPermits(universe, mutations, 'release', world, k, { c, generation: 0, life: 0 })) return;
    step(`a release for ${path.name(c)} frees slot ${k}`, freeSlot(universe, world, k), 'tidies');
  });
}
