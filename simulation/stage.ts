/** Where a chaos run takes place: two pools, the service's environments over tables in bad weather, and nodes. */
import type { OpenDatabase } from '../cni-shim/machine/database.ts';
import type { Store } from '../core/store.ts';
import type { Dependencies } from '../functions/use-cases/dependencies.ts';
import { addressHistory } from '../functions/use-cases/questions/address-history.ts';
import { reclaim } from '../functions/use-cases/reclaim/reclaim.ts';
import { type Route, serviceFor, type UseCase } from '../test/cni-shim/service.ts';
import { serviceInWeather } from '../test/cni-shim/verbs/service-in-weather.ts';
import { type World, world } from '../test/functions/world.ts';
import { type Chance, chanceOf } from '../test/linearizability/chance.ts';
import { SELDOM } from '../test/linearizability/turns.ts';
import type { Configuration } from './configuration.ts';
import { type Cloud, cloudOf, type Evidence, evidenceOf, type Judge } from './evidence.ts';
import { lookAtJournal } from './journals.ts';
import { type Machine, machineOf } from './machine.ts';
import { type Mirror, mirrorOf } from './mirror.ts';
import { makePools, type Pools } from './pools.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { type Stream, streamOf } from './stream.ts';
import { type Fault, type Sky, skyOver } from './weather.ts';
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
  /** False: a node does not see that it booted. */
  readonly isBootSeen?: boolean;
  readonly journal?: (open: OpenDatabase) => OpenDatabase;
  /** Writes that are late, or doubled, more often than not. */
  readonly lagging?: readonly string[];
}

export interface Stage {
  readonly here: World;
  readonly chance: Chance;
  readonly configuration: Configuration;
  readonly schedule: Schedule;
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
  readonly counts: Counts;
  /** One of the service's environments; with another store, a process of its own. */
  environment(store?: Store): Dependencies;
  newMachine(): Machine;
}

export interface Counts {
  /** That took place, and that would have, whether left out or not. */
  acts: number;
  begun: number;
  /** Of the plugin. */
  calls: number;
  /** That reached the service. */
  requests: number;
}

const ENVIRONMENTS = 3;
/** Of requests on their way to the service, and of answers on their way back. */
const SLOW = 0.03;

/** Up to so far from 0, either way. */
const around = (chance: Chance, most: number): number => chance.under(2 * most + 1) - most;

export async function stageOf(
  seed: number,
  base: Store,
  configuration: Configuration,
  { broken = {}, without }: { broken?: Broken | undefined; without?: ReadonlySet<Fault> | undefined } = {},
): Promise<Stage> {
  const chance = chanceOf(seed);
  const here = world(broken.store?.(base, () => here.clock.now) ?? base);
  const schedule = scheduleOf(chance, here.clock, configuration.latencyMs);
  const now = () => here.clock.now;
  const pools = await makePools(here, configuration.pools);
  const witness = newWitness();
  const mirror = mirrorOf(here.store, { witness, schedule, now, ...pools });
  const sky = skyOver(mirror.store, {
    ...{ schedule, chance, now, lagging: broken.lagging ?? [], without },
    ...{ factor: configuration.factor, latestMs: configuration.latestMs },
  });
  const used = (store: Store) => broken.requests?.(store) ?? store;
  const skews = Array.from({ length: ENVIRONMENTS }, () => around(chance, configuration.serviceSkewMs));
  const environmentOf = (store: Store, skewMs: number) =>
    here.environment({
      random: (below: number) => chance.under(below),
      store: used(store),
      now: () => here.clock.now + skewMs,
    });
  const environments = skews.map((skewMs) => environmentOf(sky.store, skewMs));
  const cloud = cloudOf(chance, now);
  const counts: Counts = { acts: 0, begun: 0, calls: 0, requests: 0 };
  const machines: Machine[] = [];
  const stage: Stage = {
    ...{ here, chance, configuration, schedule, pools, witness, mirror, sky, cloud, machines },
    stream: streamOf(mirror.writes, chance),
    evidence: evidenceOf(cloud, broken.evidence),
    reclaim: broken.reclaim ?? reclaim,
    whoHad: broken.whoHad ?? addressHistory,
    toDelete: new Set(),
    counts,
    environment: (store) =>
      store === undefined ? chance.pick(environments) : environmentOf(store, chance.pick(skews)),
    newMachine() {
      const id = `i-${machines.length + 1}`;
      const services = environments.map((deps) => serviceFor(deps, id, broken.answers));
      const fetchAny: typeof fetch = (...request) => {
        counts.requests += 1;
        for (const { sent } of services) sent.length = 0;
        return chance.pick(services).fetch(...request);
      };
      const service = serviceInWeather(fetchAny, chance, () => schedule.next(chance.happens(SLOW) ? SELDOM : 1));
      cloud.launch(id, chance.happens(0.7) ? 'ours' : 'another');
      const machine = machineOf(id, service, {
        ...{ chance, schedule, clock: here.clock, journal: broken.journal, isBootSeen: broken.isBootSeen ?? true },
        hasAgent: chance.happens(configuration.agents),
        skewMs: around(chance, configuration.skewMs),
        isOver: (one) => lookAtJournal({ witness, mirror, pools }, one),
      });
      machines.push(machine);
      return machine;
    },
  };
  for (let count = 0; count < configuration.nodes; count += 1) stage.newMachine();
  return stage;
}
