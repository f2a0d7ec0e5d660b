/**
 * Pools as a model: two pools over the same addresses are created, deleted and used, by administrators and Lambdas whose
 * reads may be old when their writes arrive. Each pool has its own slot items, so an address is safe only if the registry
 * lets one pool have it at a time (I8) and no late request leases from a pool that is no more.
 *
 * Of a pool with shared affinity each slot goes to a generation that no request carries; of one with node affinity each
 * block is sealed. Only places below `open` may ever be written to, and those beyond it that were opened apart, each by
 * itself: nothing else has to be sealed.
 */
import { blockConditions, blockOperations } from '../../core/protocol/block.ts';
import { slotConditions, slotOperations } from '../../core/protocol/lease.ts';
import type { Model, Step } from './explore.ts';
import type { Mutations } from './operations.ts';
import { at } from './world.ts';

export const poolDecisions = {
  /** One conditional write of the registry, decided from what was read before. */
  register: [['rangesDisjoint', 'registryUnchanged']],
  unregister: [['poolSealed', 'registryUnchanged']],
  /** How far the deletion came, noted in the pool's item: while it drains what was seen unused, then what was seen sealed. */
  pass: [['belowSealed', 'poolUnchanged']],
  /** One conditional write of the pool's item: more of it may be used from now on. */
  open: [['poolActive']],
  /** The same of one place beyond what is open, for an address that somebody asks for. */
  openApart: [['poolActive']],
  /** ADD at the service. */
  allocate: [['placeOpened']],
} as const;
type PoolDecision = keyof typeof poolDecisions;

export interface PoolUniverse {
  readonly affinity: 'node' | 'shared';
  /** Addresses, each of which is a slot (shared affinity) or a block (node affinity) of either pool. */
  readonly places: number;
  /** Which of them can be opened apart; none of them if left out. */
  readonly apart?: 'the last' | 'all';
  /** The pool that each container asks. */
  readonly containers: readonly number[];
  /** Whether a deletion takes several requests, each of which notes how far it came. */
  readonly inSteps?: boolean;
}

interface Pool {
  readonly is: 'none' | 'active' | 'draining' | 'closed';
  readonly open: number;
  /** In ascending order. */
  readonly apart: readonly number[];
  /** The deletion does not look again at what lies below, in the state that the pool has. */
  readonly passed: number;
  readonly places: readonly {
    readonly is: 'absent' | 'free' | 'held' | 'sealed';
    readonly g: number;
    readonly by: number;
  }[];
}
interface World {
  readonly registry: { readonly version: number; readonly pools: readonly number[] };
  readonly pools: readonly Pool[];
  readonly containers: readonly { readonly phase: 'new' | 'adding' | 'live' | 'gone'; readonly place: number }[];
  readonly air: readonly string[];
}
const NAMES = ['blue', 'green'];
/** Requests carry generation 1. */
const SEALED = 2;

export function pools(universe: PoolUniverse, mutations: Mutations): Model<World> {
  const places = Array(universe.places).fill({ is: 'absent', g: 0, by: -1 });
  const none: Pool = { is: 'none', open: 1, apart: [], passed: 0, places };
  return {
    initial: {
      registry: { version: 0, pools: [] },
      pools: [none, none],
      containers: universe.containers.map(() => ({ phase: 'new', place: -1 })),
      air: [],
    },
    key: JSON.stringify,
    steps(world) {
      const steps: Step<World>[] = [];
      const step = (label: string, next: World) => {
        if (next !== world) steps.push({ label, next });
      };
      for (const p of world.pools.keys()) administers(universe, mutations, world, p, step);
      for (const c of world.containers.keys()) leases(universe, world, c, step);
      for (const message of world.air) arrives(universe, mutations, world, message, step);
      return steps;
    },
    violation({ registry, pools, containers }) {
      if (registry.pools.length > 1) return 'I8: two pools of the registry have the same addresses';
      for (const [c, { phase, place }] of containers.entries()) {
        if (phase !== 'live') continue;
        const twin = containers.findIndex((other, o) => o !== c && other.phase === 'live' && other.place === place);
        if (twin >= 0) return `I1: container ${c} and container ${twin} both live with address ${place}`;
        const p = at(universe.containers, c);
        const found = at(at(pools, p).places, place);
        if (found.is !== 'held' || found.by !== c)
          return `I2: the address of container ${c}, which lives, is not its own`;
        if (!registry.pools.includes(p)) return `I2: pool ${NAMES[p]}, in which container ${c} lives, is no more`;
      }
      return undefined;
    },
  };
}

type Say = (label: string, next: World) => void;
const decides = (mutations: Mutations, decision: PoolDecision, facts: Readonly<Record<string, boolean>>): boolean =>
  poolDecisions[decision].some((all: readonly string[]) =>
    all.every((name) => facts[name] || mutations.has(`${decision}.${name}`)),
  );
const send = (world: World, message: string): World =>
  world.air.includes(message) ? world : { ...world, air: [...world.air, message].sort() };
const setPool = (world: World, p: number, change: Partial<Pool>): World => ({
  ...world,
  pools: world.pools.with(p, { ...at(world.pools, p), ...change }),
});
const setPlace = (world: World, p: number, k: number, place: Pool['places'][number]): World =>
  setPool(world, p, { places: at(world.pools, p).places.with(k, place) });

/** What an administrator reads and then sends; the service decides from the same reading. */
function administers(universe: PoolUniverse, mutations: Mutations, world: World, p: number, step: Say): void {
  const { registry } = world;
  const pool = at(world.pools, p);
  const who = NAMES[p];
  const rangesDisjoint = registry.pools.length === 0;
  if (pool.is === 'none' && decides(mutations, 'register', { rangesDisjoint, registryUnchanged: true }))
    step(
      `pool ${who} is asked for at version ${registry.version}`,
      send(world, `register ${p} ${registry.version} ${registry.pools}`),
    );
  if (pool.is === 'none' && registry.pools.includes(p))
    step(`the item of pool ${who} is written`, setPool(world, p, { is: 'active' }));
  if (pool.is === 'active' && pool.open < reachOf(universe))
    step(`more of pool ${who} is asked for`, send(world, `open ${p} ${pool.open}`));
  if (pool.is === 'active')
    for (const k of openedApart(universe, pool))
      step(`address ${k} of pool ${who} is asked for by name`, send(world, `openApart ${p} ${k}`));
  if (pool.is === 'active') step(`the draining of pool ${who} begins`, setPool(world, p, { is: 'draining' }));
  if (pool.is === 'draining') {
    step(`pool ${who} is to be used again`, setPool(world, p, { is: 'active', passed: 0 }));
    step(`pool ${who} is closed`, setPool(world, p, { is: 'closed', passed: 0 }));
    // What is seen unused may be held by a late request all the same: it only spares reading.
    if (universe.inSteps && pool.passed < universe.places)
      step(`what is open of ${who} is seen unused`, send(world, `pass ${p} ${universe.places} draining`));
  }
  if (pool.is !== 'closed') return;
  const reach = mutations.has('what was opened since is not looked at') ? 1 : pool.open;
  const apart = mutations.has('what was opened apart is not looked at') ? [] : pool.apart;
  for (const k of pool.places.keys())
    if (isOpen(pool, k)) step(`the deletion of ${who} passes over address ${k}`, send(world, `seal ${p} ${k}`));
  const seenSealed = (below: number): boolean =>
    pool.places.every(
      ({ is, g }, k) =>
        k < pool.passed ||
        k >= below ||
        !(k < reach || apart.includes(k)) ||
        is === 'sealed' ||
        (is === 'free' && g === SEALED),
    );
  for (let k = pool.passed + 1; universe.inSteps && k <= universe.places; k += 1)
    if (decides(mutations, 'pass', { belowSealed: seenSealed(k), poolUnchanged: true }))
      step(`everything of ${who} below address ${k} is seen to be sealed`, send(world, `pass ${p} ${k} closed`));
  const sealed = seenSealed(universe.places);
  if (registry.pools.includes(p) && decides(mutations, 'unregister', { poolSealed: sealed, registryUnchanged: true }))
    step(
      `everything of ${who} is seen to be sealed`,
      send(world, `unregister ${p} ${registry.version} ${registry.pools}`),
    );
}

/** Where only the last place is opened apart, the others alone are opened one after the other. */
const reachOf = ({ places, apart }: PoolUniverse): number => (apart === 'the last' ? places - 1 : places);
const openedApart = ({ places, apart }: PoolUniverse, pool: Pool): number[] =>
  (apart === undefined ? [] : apart === 'all' ? [...Array(places).keys()] : [places - 1]).filter(
    (k) => !isOpen(pool, k),
  );
const isOpen = ({ open, apart }: Pool, k: number): boolean => k < open || apart.includes(k);

function leases(universe: PoolUniverse, world: World, c: number, step: Say): void {
  const { phase, place } = at(world.containers, c);
  const p = at(universe.containers, c);
  const pool = at(world.pools, p);
  const set = (change: Partial<World['containers'][number]>): World => ({
    ...world,
    containers: world.containers.with(c, { ...at(world.containers, c), ...change }),
  });
  if (phase === 'new' && pool.is === 'active')
    for (let k = 0; k < universe.places; k += 1)
      step(`container ${c} asks pool ${NAMES[p]} for address ${k}`, send(set({ phase: 'adding' }), `hold ${c} ${k}`));
  if (phase === 'live') step(`container ${c} ends`, send(set({ phase: 'gone', place: -1 }), `release ${c} ${place}`));
}

/** A place of node affinity is a block that is claimed; of shared affinity, a slot that is held. */
function permits(
  { affinity }: PoolUniverse,
  mutations: Mutations,
  world: World,
  p: number,
  k: number,
  operation: 'hold' | 'seal',
  g: number,
): boolean {
  const { is, g: generation } = at(at(world.pools, p).places, k);
  if (affinity === 'shared') {
    const name = operation === 'hold' ? 'hold' : 'advance';
    const slot = is === 'absent' ? undefined : { held: is === 'held', generation, reusableAt: 0 };
    const against = {
      now: 0,
      generation: g,
      containerId: '',
      ifname: '',
      nonce: '',
      node: '',
      incarnation: 0,
      namespace: '',
      podName: '',
      identity: '',
    };
    return slotOperations[name].some((all) =>
      all.every((one) => mutations.has(`pool ${name}.${one}`) || slotConditions[one](slot, against)),
    );
  }
  const name = operation === 'hold' ? 'claim' : 'seal';
  const block = is === 'absent' ? undefined : { state: is === 'held' ? ('claimed' as const) : is, generation };
  return blockOperations[name].some((all) =>
    all.every((one) => mutations.has(`pool ${name}.${one}`) || blockConditions[one](block, g)),
  );
}

function arrives(universe: PoolUniverse, mutations: Mutations, world: World, message: string, step: Say): void {
  const [kind, ...numbers] = message.split(' ');
  const [first = 0, second = 0] = numbers.map(Number);
  const { registry } = world;
  const who = NAMES[first];
  const pool = world.pools[first] ?? at(world.pools, 0);
  const registryUnchanged = registry.version === second;
  // The whole list is written, as it was read.
  const read = numbers[2]?.split(',').filter(Boolean).map(Number) ?? [];
  const write = (list: number[]): World => ({ ...world, registry: { version: registry.version + 1, pools: list } });
  if (
    kind === 'register' &&
    pool.is === 'none' &&
    decides(mutations, 'register', { rangesDisjoint: true, registryUnchanged })
  )
    step(`pool ${who} is registered`, write([...read, first].sort()));
  if (kind === 'unregister' && decides(mutations, 'unregister', { poolSealed: true, registryUnchanged }))
    step(`pool ${who} is taken out of the registry`, write(read.filter((p) => p !== first)));
  const poolUnchanged = pool.is === numbers[2];
  if (kind === 'pass' && pool.passed < second && decides(mutations, 'pass', { belowSealed: true, poolUnchanged }))
    step(`it is noted that ${who} is passed below address ${second}`, setPool(world, first, { passed: second }));
  if (kind === 'open' && pool.open === second && decides(mutations, 'open', { poolActive: pool.is === 'active' }))
    step(`address ${pool.open} of pool ${who} may be used from now on`, setPool(world, first, { open: pool.open + 1 }));
  if (kind === 'openApart' && decides(mutations, 'openApart', { poolActive: pool.is === 'active' })) {
    const apart = [...new Set([...pool.apart, second])].sort();
    step(`address ${second} of pool ${who} may be used from now on, apart`, setPool(world, first, { apart }));
  }
  if (kind === 'seal' && permits(universe, mutations, world, first, second, 'seal', SEALED)) {
    const sealed = universe.affinity === 'shared' ? 'free' : 'sealed';
    step(
      `address ${second} of pool ${who} is sealed`,
      setPlace(world, first, second, { is: sealed, g: SEALED, by: -1 }),
    );
  }
  if (kind === 'hold') {
    const p = at(universe.containers, first);
    // That a place was opened stays true: it makes no difference when the Lambda read it.
    const placeOpened = isOpen(at(world.pools, p), second);
    const apart = second >= at(world.pools, p).open && mutations.has('what is asked for by name is held unopened');
    const opened = apart || decides(mutations, 'allocate', { placeOpened });
    if (opened && permits(universe, mutations, world, p, second, 'hold', 1))
      step(
        `container ${first}'s ADD holds address ${second} of ${NAMES[p]}`,
        send(setPlace(world, p, second, { is: 'held', g: 1, by: first }), `answer ${first} ${second}`),
      );
  }
  if (kind === 'answer' && at(world.containers, first).phase === 'adding')
    step(`container ${first} lives with address ${second}`, {
      ...world,
      containers: world.containers.with(first, { phase: 'live', place: second }),
    });
  const leased = kind === 'release' ? at(at(world.pools, at(universe.containers, first)).places, second) : undefined;
  if (leased?.is === 'held' && leased.by === first)
    step(
      `container ${first}'s DEL frees address ${second}`,
      setPlace(world, at(universe.containers, first), second, { ...leased, is: 'free' }),
    );
}
