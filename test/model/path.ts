/** Where the steps out of one state are gathered, and how things are called in their sentences. */
import type { Step } from './explore.ts';
import { at, type Universe, type World } from './world.ts';

export class Path {
  readonly universe: Universe;
  readonly world: World;
  readonly steps: Step<World>[] = [];

  constructor(universe: Universe, world: World) {
    this.universe = universe;
    this.world = world;
  }

  readonly step = (label: string, next: World): void => {
    this.steps.push({ label, next, tidies: false });
  };

  readonly tidy = (label: string, next: World): void => {
    this.steps.push({ label, next, tidies: true });
  };

  /** Whether the protocol is explored in this bad variant. */
  readonly is = (variant: string): boolean => this.universe.variant === variant;

  readonly name = (c: number): string => {
    const { containers } = this.universe;
    const { node } = at(containers, c);
    const before = containers.slice(0, c).filter((other) => other.node === node).length;
    return `${nodeName(node).toLowerCase()}${before + 1}`;
  };

  readonly generation = (g: number): string =>
    this.universe.affinity === 'shared' ? 'as in any shared pool' : `generation ${g}`;
}

export const nodeName = (n: number): string => String.fromCharCode(65 + n);
export const slotName = (k: number): string => `slot ${k}`;
