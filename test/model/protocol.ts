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
import { at, containerName, initialWorld, setSlot, type Universe, type World } from './world.ts';

export function protocol(universe: Universe, mutations: Mutations): Model<World> {
  const stepsOf = (world: World, only?: 'tidies'): Step<World>[] => {
    const steps: Step<World>[] = [];
    const path: Path = {
      universe,
      mutations,
      world,
      step: (label, next, tidies) => {
        if (next === world || (only && !tidies)) return;
        steps.push({ label, next: withoutDanger(universe, withoutTheVoid(universe, mutations, next)) });
      },
      may: (event) => universe.events.includes(event),
      name: (c) => containerName(universe, c),
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
      const [kind = '', ...numbers] = message.split(' ');
      if (isClosedTo(universe, world, kind, Number(numbers[0]))) continue;
      (arrivals[kind] ?? blockArrivals[kind] ?? assertArrivals[kind])?.(path, numbers.map(Number));
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
function withoutTheVoid(universe: Universe, mutations: Mutations, world: World): World {
  const weakened = (operation: string) => [...mutations].some((name) => name.startsWith(`${operation}.`));
  const air = world.air.filter((message) => {
    const [kind = '', ...numbers] = message.split(' ');
    const [first = 0, second = 0, third = 0] = numbers.map(Number);
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
        const counts =
          weakened('markDead') || weakened('reclaim') || mutations.has('a later life makes a declaration count');
        return counts || life < second || (life === second && alive);
      }
      case 'begin':
        return weakened('beginLife') || at(world.nodes, first).item.life === third;
      case 'takeUp':
      case 'giveBack':
      case 'fence':
      case 'abort':
      case 'finish': {
        const generation = kind === 'takeUp' ? at(numbers.map(Number), 4) : kind === 'giveBack' ? second : first;
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
  });
  return air.length === world.air.length ? world : { ...world, air };
}
