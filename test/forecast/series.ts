/** Use of a pool hour by hour, as a seeded generator makes it. */
import { chance } from '../budgets/cost-of-add.ts';

export const HOURS = 24;
type Shape = (noise: Noise) => (hour: number) => number;

interface Noise {
  /** 0 to 1. */
  readonly uniform: () => number;
  /** About 0, of standard deviation 1. */
  readonly normal: () => number;
}

const isWeekend = (hour: number) => Math.floor(hour / HOURS) % 7 >= 5;
const dayAndNight = (hour: number) => 0.85 + 0.15 * Math.sin((2 * Math.PI * hour) / HOURS);
const ofWeek = (hour: number) => (isWeekend(hour) ? 0.6 : 1) * dayAndNight(hour);

function bursts({ uniform }: Noise): () => number {
  let left = 0;
  return () => {
    if (left > 0) left -= 1;
    else if (uniform() < 0.01) left = 3 + Math.floor(12 * uniform());
    return left > 0 ? 150 : 0;
  };
}

const shapes = {
  constant: (noise) => {
    const base = 300 + 200 * noise.uniform();
    return () => base + 10 * noise.normal();
  },
  growing: (noise) => {
    const [base, rate] = [200 + 200 * noise.uniform(), 3 + 12 * noise.uniform()];
    return (hour) => base + (rate * hour) / HOURS + 10 * noise.normal();
  },
  weekly: (noise) => {
    const base = 300 + 200 * noise.uniform();
    return (hour) => base * ofWeek(hour) + 10 * noise.normal();
  },
  'growing weekly': (noise) => {
    const [base, rate] = [200 + 200 * noise.uniform(), 3 + 12 * noise.uniform()];
    return (hour) => (base + (rate * hour) / HOURS) * ofWeek(hour) + 10 * noise.normal();
  },
  bursty: (noise) => {
    const [base, rate, burst] = [200 + 200 * noise.uniform(), 6 * noise.uniform(), bursts(noise)];
    return (hour) => base + (rate * hour) / HOURS + 10 * noise.normal() + burst();
  },
  steps: (noise) => {
    let base = 200 + 100 * noise.uniform();
    return () => {
      if (noise.uniform() < 1 / (14 * HOURS)) base += 20 + 60 * noise.uniform();
      return base + 10 * noise.normal();
    };
  },
  wandering: (noise) => {
    let base = 400;
    return () => {
      base += 3 * noise.normal();
      return base + 5 * noise.normal();
    };
  },
} as const satisfies Record<string, Shape>;

export type Kind = keyof typeof shapes;

export function seriesOf(kind: Kind, seed: number, days: number): number[] {
  const random = chance(seed);
  const uniform = () => random(1_000_000) / 1_000_000;
  const normal = () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
  const at = (shapes[kind] as Shape)({ uniform, normal });
  return Array.from({ length: days * HOURS }, (_, hour) => Math.max(0, Math.round(at(hour))));
}

export const kinds = Object.keys(shapes) as Kind[];
