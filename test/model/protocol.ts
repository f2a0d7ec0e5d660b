/**
 * The protocol as steps from one state of the world to the next: what nodes and their containers do, and what happens when
 * a message arrives. docs/protocol.md tells the same in words.
 */
import { assertArrivals, isClosedTo, restoreSteps, withoutDanger } from './assertions.ts';
import { blockArrivals, fenceSteps } from './blocks.ts';
import { containerSteps } from './containers.ts';
import type { Model, Step } from './explore.ts';
import { violation } from './invariants.ts';
import { arrivals } from './messages.ts';
import { nodeSteps } from './nodes.ts';
import type { Mutations } from './operations.ts';
import type { Path } from './path.ts';
import { at, containerName, initialWorld, readMessage, setSlot, type Universe, type World } from './world.ts';

export function protocol(universe: Universe, mutations: Mutations): Model<World> {
  const names = universe.containers.map((_, c) => containerName(universe, c));
  const dropVoid = withoutTheVoid(universe, mutations);
  const stepsOf = (world: World, only?: 'tidies'): Step<World>[] => {
    const steps: Step<World>[] = [];
    const path: Path = {
      universe,
      mutations,
      world,
      step: (label, next, tidies) => {
        if (next === world || (only && !tidies)) return;
        steps.push({ label, next: withoutDanger(universe, dropVoid(next)) });
      },
      may: (event) => universe.events.includes(event),
      name: (c) => at(names, c),
    };
    for (const n of world.nodes.keys()) nodeSteps(path, n);
    for (const c of world.containers.keys()) containerSteps(path, c);
    if (universe.affinity === 'node') fenceSteps(path);
    restoreSteps(path);
    world.slots.forEach((slot, k) => {
      if (slot.is === 'cooling')
        path.step(`slot ${k} has cooled`, setSlot(world, k, { ...slot, is: 'free' }), 'tidies');
    });
    for (const message of world.air) {
      const { kind, numbers } = readMessage(message);
      if (isClosedTo(universe, world, kind, numbers[0] ?? Number.NaN)) continue;
      (arrivals[kind] ?? blockArrivals[kind] ?? assertArrivals[kind])?.(path, numbers);
    }
    return steps;
  };
  const tidying = { steps: (world: World) => stepsOf(world, 'tidies'), good: new Set<string>() };
  return {
    initial: initialWorld(universe),
    key: JSON.stringify,
    steps: (world) => stepsOf(world),
    violation: (world) => violation(universe, world, tidying),
  };
}

/**
 * Drops messages that can do nothing any more, whatever happens, since phases, boots, lives and generations only go on:
 * states that differ in such messages only are the same state.
 */
function withoutTheVoid(universe: Universe, mutations: Mutations): (world: World) => World {
  const operations = new Set([...mutations].map((name) => name.split('.')[0]));
  const weakened = (operation: string) => operations.has(operation);
  const anyDeathCounts =
    weakened('markDead') || weakened('reclaim') || mutations.has('a later life makes a declaration count');
  const matters = (world: World, message: string): boolean => {
    const { kind, numbers } = readMessage(message);
    const [first = 0, second = 0, third = 0] = numbers;
    const { block, slots } = world;
    switch (kind) {
      case 'answer': {
        const { phase, slot, answered } = at(world.containers, first);
        return weakened('acknowledge') || phase === 'adding' || (phase === 'live' && slot === second && !answered);
      }
      case 'told':
        return (
          at(world.nodes, first).up &&
          at(world.nodes, first).boot === second &&
          (weakened('hear') || weakened('left') || third > at(world.nodes, first).left)
        );
      case 'mark': {
        const { life, alive } = at(world.nodes, first).item;
        return anyDeathCounts || life < second || (life === second && alive);
      }
      case 'begin':
        return weakened('beginLife') || at(world.nodes, first).item.life === third;
      case 'takeUp':
      case 'giveBack':
      case 'fence':
      case 'abort':
      case 'finish': {
        const generation = kind === 'takeUp' ? at(numbers, 4) : kind === 'giveBack' ? second : first;
        return weakened(kind === 'giveBack' ? 'fence' : kind) || block.g === generation;
      }
      case 'advance':
      case 'evict':
        return weakened(kind) || slots.some(({ is, g }) => is === 'absent' || g < first);
      case 'hold':
        return universe.affinity === 'shared' || weakened('hold') || slots.some(({ g }) => g <= third);
      case 'holdAgain':
        return weakened('assert') || slots.some(({ g, by }) => g <= third || by === first);
      default:
        return true;
    }
  };
  return (world) =>
    world.air.every((message) => matters(world, message))
      ? world
      : { ...world, air: world.air.filter((message) => matters(world, message)) };
}
