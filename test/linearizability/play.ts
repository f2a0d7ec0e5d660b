/** One run: a configuration, a seed and a store; what happened, and whether that was right. */

import type { DeclareDeathResult } from '../../core/contract/nodes.ts';
import type { PoolDefinition } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { blockOperations } from '../../core/protocol/block.ts';
import { slotOperations } from '../../core/protocol/lease.ts';
import type { Store } from '../../core/store.ts';
import { declareDeath } from '../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import { ownedPool } from '../functions/owned-pool.ts';
import { callOf, operatorsPool, type World, world } from '../functions/world.ts';
import { identityOperations } from '../store/identity-conditions.ts';
import { memoryStore } from '../store/memory-store.ts';
import { nodeOperations } from '../store/node-conditions.ts';
import { type Chance, chanceOf } from './chance.ts';
import type { Configuration } from './configurations.ts';
import { live } from './container.ts';
import {
  bootsAgain,
  deletesPool,
  dies,
  lookAtAll,
  looks,
  looksAfterItself,
  returnsBlocks,
  timeGoesBy,
} from './events.ts';
import { type Checked, recording, type Times } from './history.ts';
import { type Machine, machine } from './machine.ts';
import { whatIsLeft } from './remains.ts';
import type { Stage } from './stage.ts';
import { type Turns, turns } from './turns.ts';
import { FAIR, type Faults, type Sky } from './weather.ts';

export interface Run {
  readonly operations: number;
  /** Of them those that were never answered. */
  readonly pending: number;
  readonly faults: Faults;
  readonly checked: readonly Checked[];
  /** What the objects' histories do not tell: what is left behind, and held in a block of others. */
  readonly remains: readonly string[];
}

export interface Use {
  /** In fair weather. */
  readonly store?: Store;
  /** The same one in weather of its own, which befalls requests below the store's client. */
  readonly storm?: (sky: Sky) => Store;
  /** Requests that are often held back; the seed decides if left out. */
  readonly lagging?: readonly string[];
  /** Who goes on next; the seed decides if left out. */
  readonly turnsOf?: (chance: Chance) => Turns;
}

const ENVIRONMENTS = 3;
const LAGGING = ['nothing', ...Object.keys({ ...slotOperations, ...blockOperations, ...nodeOperations })];

/** A stage on which nothing has happened yet, and who gives the turns on it. */
export async function stageOf(
  configuration: Configuration,
  seed: number,
  use: Use,
): Promise<{ readonly stage: Stage; readonly order: Turns }> {
  const chance = chanceOf(seed);
  const here = world(use.store ?? memoryStore());
  const order = (use.turnsOf ?? turns)(chance);
  const lagging = configuration.identities === undefined ? LAGGING : [...LAGGING, ...Object.keys(identityOperations)];
  const faults: Faults = { lost: 0, undone: 0, late: 0, doubled: 0, slow: 0 };
  const storm = use.storm?.({ turns: order, chance, faults, weather: configuration.weather });
  const stage: Stage = {
    configuration,
    here,
    store: storm ?? here.store,
    pool: await poolOf(configuration, here),
    history: recording(here.clock, timesOf(configuration)),
    turns: order,
    chance,
    weather: storm ? FAIR : configuration.weather,
    lagging: configuration.weather === FAIR ? [] : (use.lagging ?? [chance.pick(lagging), chance.pick(lagging)]),
    repeats: storm !== undefined,
    faults,
    environments: Array.from({ length: ENVIRONMENTS }, () => here.environment()),
    useless: [],
    underWay: new Set(),
    isOver: false,
  };
  return { stage, order };
}

/** Of one node, one after the other. */
const MOST_DECLARATIONS = 5;

/** The same configuration and seed give the same run, as long as the code sends the same requests. */
export async function play(configuration: Configuration, seed: number, use: Use = {}): Promise<Run> {
  const { stage, order } = await stageOf(configuration, seed, use);
  const nodes = Array.from({ length: configuration.nodes }, (_, index) => machine(configuration, index));
  const atOnce = async () => {};
  await lookAtAll(stage, nodes, atOnce);
  await order.run(everything(stage, nodes));
  await lookAtAll(stage, nodes, atOnce);
  const remains = configuration.deleted ? [] : await whatIsLeft(stage, () => clean(stage, nodes));
  await lookAtAll(stage, nodes, atOnce);
  const { operations } = stage.history;
  return {
    operations: operations.length,
    pending: operations.filter(({ answered }) => answered === undefined).length,
    faults: stage.faults,
    checked: stage.history.check(),
    remains: [...stage.useless, ...remains],
  };
}

/** What is wrong with a run, in a few words each; the whole story with it. */
export const violationsOf = ({ checked, remains }: Run): string[] => [
  ...checked
    .filter(({ outcome }) => outcome !== 'linearizable')
    .map(({ object, outcome, story }) => `${object} is ${outcome}:\n${story.join('\n')}`),
  ...remains,
];

/** An environment remembers a node for 30 s. Where blocks belong to nodes, a block is its owner's until it is fenced. */
const timesOf = ({ affinity, cooldownSeconds, stickySeconds = 0, identitySeconds = 0 }: Configuration): Times => ({
  cooldown: Math.max(cooldownSeconds, stickySeconds, identitySeconds) * 1000,
  remembered: affinity === 'shared' ? 30_000 : Number.POSITIVE_INFINITY,
});

function poolOf(configuration: Configuration, here: World): Promise<PoolDefinition> {
  const { affinity, addresses, blockSize, cooldownSeconds, stickySeconds, identitySeconds } = configuration;
  const kept = {
    ...(stickySeconds === undefined ? {} : { stickySeconds }),
    ...(identitySeconds === undefined ? {} : { identitySeconds }),
  };
  if (affinity === 'node')
    return ownedPool(here, { blocks: addresses / blockSize, blockSize, cooldownSeconds, maxBlocksPerNode: 2 });
  return operatorsPool(here, { addresses, blockSize, cooldownSeconds, ...kept });
}

async function everything(stage: Stage, nodes: readonly Machine[]): Promise<void> {
  const { configuration } = stage;
  const { containers, boots, deaths = 0, wrongDeaths = 0, returns, deleted } = configuration;
  const happening = [
    ...nodes.flatMap((node) => [
      ...Array.from({ length: containers }, (_, index) => live(stage, node, index)),
      looksAfterItself(stage, node),
      ...(boots ? [bootsAgain(stage, node)] : []),
      ...(returns ? [returnsBlocks(stage, node)] : []),
    ]),
    dies(stage, nodes, deaths, false),
    dies(stage, nodes, wrongDeaths, true),
    ...(deleted ? [deletesPool(stage)] : []),
  ];
  const beside = [timeGoesBy(stage), looks(stage, nodes)];
  await Promise.all(happening);
  stage.isOver = true;
  await Promise.all(beside);
  while (stage.underWay.size > 0) await Promise.allSettled(stage.underWay);
}

/**
 * Undefined where nobody knows the node. Where the database did not answer, or a late request began another life,
 * it is declared again.
 */
async function declared({ here }: Stage, node: string): Promise<DeclareDeathResult | undefined> {
  const request = { node, reason: 'off for good', alsoIfAlive: true };
  for (let tries = 1; ; tries += 1)
    try {
      return await declareDeath(here.environment(), callOf('user/ann'), request);
    } catch (error) {
      if (!(error instanceof LessorError)) throw error;
      if (error.code === 'node.unknown') return undefined;
      const isAnother = error.kind.unanswered === true || error.code === 'node.alive';
      if (!isAnother || tries === MOST_DECLARATIONS) throw error;
    }
}

/** Every node is off for good, and that is said. */
async function clean(stage: Stage, nodes: readonly Machine[]): Promise<void> {
  const { here, history } = stage;
  const deps = here.environment();
  for (const { id } of nodes) {
    const operation = history.begin({ kind: 'declare', node: id });
    const death = await declared(stage, id);
    if (death) history.answer(operation, { kind: 'declared', life: death.incarnation });
  }
  // The reclaim looks again after 5 minutes, an hour, a day and 7 days.
  for (const hours of [0, 1 / 12, 1, 24, 7 * 24]) {
    here.clock.now += hours * 3_600_000;
    await reclaim(deps);
  }
}
