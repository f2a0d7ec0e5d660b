/**
 * Machines go down, come up and lose their journals; each boot, and each journal, is a new *life* of the node. What is
 * known of the end of a life (`over`) is about a boot that ended, and a boot never comes back: so it stays true, however
 * late it arrives.
 */
import { permits } from './operations.ts';
import { nodeName, type Path } from './path.ts';
import { at, bits, changed, type Node, type World } from './world.ts';

/** The steps of machine `n` and of what is told about it. */
export function nodeSteps(path: Path, n: number): void {
  const { universe, world } = path;
  const node = at(world.nodes, n);
  if (node.up) {
    if (path.may('crash') || path.may('reboot'))
      path.step(`${nodeName(n)} goes down with everything on it`, crashed(path, n));
    if (path.may('journal loss') && node.journal < universe.journals)
      path.step(`${nodeName(n)} loses its journal; its containers run on`, withoutJournal(path, n, node.boot));
    if (node.life === 0) register(path, n);
  } else {
    observe(path, n);
    if (path.may('reboot') && node.boot < universe.boots) {
      const next = update(world, n, { up: true, boot: node.boot + 1, life: 0 });
      path.step(`${nodeName(n)} comes up again with its old disk`, next);
      if (path.may('journal loss') && node.journal < universe.journals) {
        const empty = { ...path, world: next };
        path.step(`${nodeName(n)} comes up again with an empty disk`, withoutJournal(empty, n, node.boot + 1));
      }
    }
  }
  for (const sent of node.registers) registerArrives(path, n, sent);
  for (const life of bits(node.deaths)) declareArrives(path, n, life);
}

const update = (world: World, n: number, change: Partial<Node>): World => ({
  ...world,
  nodes: changed(world.nodes, n, change),
});

function crashed({ universe, world }: Path, n: number): World {
  const attachments = world.attachments.map((own, c) => {
    const here = at(universe.containers, c).node === n && (own.phase === 'adding' || own.phase === 'live');
    return here ? { ...own, phase: 'dead' as const, answers: own.answers.map(() => 0) } : own;
  });
  return { ...update(world, n, { up: false }), attachments };
}

/** The state file may survive the journal: it names the journal that it goes with. */
function withoutJournal({ universe, world }: Pick<Path, 'universe' | 'world'>, n: number, boot: number): World {
  const attachments = world.attachments.map((own, c) =>
    at(universe.containers, c).node === n ? { ...own, entry: false } : own,
  );
  const node = at(world.nodes, n);
  return { ...update(world, n, { boot, journal: node.journal + 1, life: 0, gaveBack: 0 }), attachments };
}

/** The first contact in a boot or with a new journal: read the node's item, then begin the next life. */
function register(path: Path, n: number): void {
  const { world } = path;
  const { boot, journal, item, registers } = at(world.nodes, n);
  if (item.boot === boot && item.journal === journal) {
    path.tidy(`${nodeName(n)} hears that this is its life ${item.life}`, update(world, n, { life: item.life }));
    return;
  }
  if (path.is('a reboot is no new life')) {
    const next = update(world, n, { life: item.life, item: { ...item, boot, journal }, boots: at(world.nodes, n).boots });
    path.tidy(`${nodeName(n)} goes on in life ${item.life}`, next);
    return;
  }
  if (registers.some((sent) => sent.boot === boot && sent.journal === journal && sent.life === item.life)) return;
  const next = update(world, n, { registers: [...registers, { boot, journal, life: item.life }] });
  path.tidy(`${nodeName(n)} reads that its last life was ${item.life} and asks to begin the next`, next);
}

function registerArrives(path: Path, n: number, sent: Node['registers'][number]): void {
  const { universe, world } = path;
  const { item, boots } = at(world.nodes, n);
  if (!permits(universe.removal, 'register', { sameIncarnation: item.life === sent.life })) return;
  const life = item.life + 1;
  if (life >= boots.length) return;
  const over = sent.boot === item.boot ? item.over : item.life;
  const next = { ...item, life, boot: sent.boot, journal: sent.journal, over };
  path.tidy(
    `${nodeName(n)} begins life ${life}${over > item.over ? `; life ${over} is over, its boot has ended` : ''}`,
    update(world, n, { item: next, boots: boots.with(life, sent.boot) }),
  );
}

/** Evidence: the life is read first, then the machine is seen to be down. */
function observe(path: Path, n: number): void {
  const { world } = path;
  const { item, deaths } = at(world.nodes, n);
  const next = update(world, n, { deaths: deaths | (1 << item.life) });
  path.tidy(`${nodeName(n)}, in life ${item.life}, is seen to be down`, next);
}

function declareArrives(path: Path, n: number, observed: number): void {
  const { universe, world } = path;
  const { item } = at(world.nodes, n);
  const life = path.is('a death names no life') ? item.life : observed;
  const facts = { incarnationNotNewer: life <= item.life, overOlder: item.over < life };
  if (!permits(universe.removal, 'declare', facts)) return;
  const next = update(world, n, { item: { ...item, over: life } });
  path.tidy(`${nodeName(n)} is declared dead: life ${life} is over`, next);
}
