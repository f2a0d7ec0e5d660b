/** Where a chaos run takes place: two pools, the service's environments over tables in bad weather, and nodes. */
import type { OpenDatabase } from '../../cni-shim/machine/database.ts';
import type { PoolDefinition } from '../../core/contract/pool.ts';
import type { Store } from '../../core/store.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { addressHistory } from '../../functions/use-cases/questions/address-history.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { type Route, serviceFor, type UseCase } from '../cni-shim/service.ts';
import { serviceInWeather } from '../cni-shim/verbs/service-in-weather.ts';
import { type World, world } from '../functions/world.ts';
import { type Chance, chanceOf } from '../linearizability/chance.ts';
import { type Cloud, cloudOf, type Evidence, evidenceOf, type Judge } from './evidence.ts';
import { type Machine, machineOf } from './machine.ts';
import { type Mirror, mirrorOf } from './mirror.ts';
import { type Pools, twoPools } from './pools.ts';
import { type Steps, steps } from './steps.ts';
import { type Stream, streamOf } from './stream.ts';
import { type Sky, skyOver } from './weather.ts';
import { type Container, newWitness, type Witness } from './witness.ts';

/** What of the product a run has in place of the product's own: a mistake that it has to find out. */
export interface Broken {
  readonly store?: (store: Store, now: () => number) => Store;
  /** How the service uses its store. */
  readonly requests?: (store: Store) => Store;
  readonly reclaim?: typeof reclaim;
  readonly whoHad?: typeof addressHistory;
  readonly answers?: ReadonlyMap<Route, UseCase>;
  readonly evidence?: Judge;
  readonly journal?: (open: OpenDatabase) => OpenDatabase;
  /** Writes that are late, or doubled, more often than not. */
  readonly lagging?: readonly string[];
}

export interface Stage {
  readonly here: World;
  readonly chance: Chance;
  readonly steps: Steps;
  readonly pools: Pools;
  readonly witness: Witness;
  readonly mirror: Mirror;
  readonly sky: Sky;
  readonly stream: Stream;
  readonly cloud: Cloud;
  readonly evidence: Evidence;
  readonly machines: Machine[];
  readonly reclaim: typeof reclaim;
  readonly whoHad: typeof addressHistory;
  /** Containers that the runtime has still to delete. */
  readonly toDelete: Set<Container>;
  readonly operations: Map<string, number>;
  /** One of the service's environments; with another store, a process of its own. */
  environment(store?: Store): Dependencies;
  newMachine(): Machine;
}

const ENVIRONMENTS = 3;
const MACHINES = 4;
const BLOCKS = 6;

export async function stageOf(
  seed: number,
  base: Store,
  broken: Broken = {},
  leasing?: PoolDefinition['leasing'],
): Promise<Stage> {
  const chance = chanceOf(seed);
  const order = steps(chance);
  const here = world(broken.store?.(base, () => here.clock.now) ?? base);
  const now = () => here.clock.now;
  const pools = await twoPools(here, BLOCKS, leasing);
  const witness = newWitness();
  const mirror = mirrorOf(here.store, { witness, steps: order, now, ...pools });
  const sky = skyOver(mirror.store, { steps: order, chance, now, lagging: broken.lagging ?? [] });
  const used = (store: Store) => broken.requests?.(store) ?? store;
  const over = { random: (below: number) => chance.under(below) };
  const environments = Array.from({ length: ENVIRONMENTS }, () =>
    here.environment({ ...over, store: used(sky.store) }),
  );
  const cloud = cloudOf(chance, now);
  const machines: Machine[] = [];
  const stage: Stage = {
    ...{ here, chance, steps: order, pools, witness, mirror, sky, cloud, machines },
    stream: streamOf(mirror.writes, chance),
    evidence: evidenceOf(cloud, broken.evidence),
    reclaim: broken.reclaim ?? reclaim,
    whoHad: broken.whoHad ?? addressHistory,
    toDelete: new Set(),
    operations: new Map(),
    environment: (store) =>
      store === undefined ? chance.pick(environments) : here.environment({ ...over, store: used(store) }),
    newMachine() {
      const id = `i-${machines.length + 1}`;
      const services = environments.map((deps) => serviceFor(deps, id, broken.answers));
      const fetchAny: typeof fetch = (...request) => {
        for (const { sent } of services) sent.length = 0;
        return chance.pick(services).fetch(...request);
      };
      const service = serviceInWeather(fetchAny, chance, () => order.next());
      cloud.launch(id, chance.happens(0.7) ? 'ours' : 'another');
      const machine = machineOf(id, service, { chance, steps: order, clock: here.clock, journal: broken.journal });
      machines.push(machine);
      return machine;
    },
  };
  for (let count = 0; count < MACHINES; count += 1) stage.newMachine();
  return stage;
}
