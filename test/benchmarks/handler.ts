/** ADDs through the allocating function beside bare conditional writes of the same item, in a pool that is filled to some degree. */
import type { AskingNode } from '../budgets/asking-node.ts';
import { adds, holds, nodesOf, puts, type Taken } from './batches.ts';
import { AFTER_A_WHILE, DYNAMODB, type FilledPool, filledPool, type Place, withPlaces } from './function-store.ts';
import { type Contender, inTurn } from './in-turn.ts';
import type { Figure, Options, Section } from './section.ts';
import { figureOf } from './spread.ts';

/** Of one sample. */
const WRITES = 64;
/** As many pods as a large node has. */
const MOST_OF_NODE = 64;
const GOAL = { atLeast: 0.8 };
/** `compiled`: writes of each kind before anything is measured, so that Node has compiled what they run. */
const FULL = { slots: 61_440, fills: [0, 0.5, 0.9, 0.99], atOnce: [1, 8, 64], rounds: 8, warmUp: 2, compiled: 1_600 };
const QUICK = { slots: 6_144, fills: [0, 0.99], atOnce: [8], rounds: 2, warmUp: 1, compiled: 64 };

export const handler: Section = {
  name: 'handler',
  what: 'ADDs a second through the allocating function beside bare conditional PutItems of the same item, by the same client, as many at once',
  async run({ quick, progress }) {
    const size = quick ? QUICK : FULL;
    const figures: Figure[] = [];
    await withPlaces([DYNAMODB, AFTER_A_WHILE], async (places) => {
      for (const [index, place] of places.entries()) {
        const pool = await filledPool(place, size.slots, `handler-${index}`);
        await compile(place, pool, size.compiled);
        // What lies between them is counted, and looks alike in both stores.
        const fills = place.name === DYNAMODB ? size.fills : [0, 0.99];
        for (const fill of fills) {
          progress(`${place.name}: filling a pool of ${size.slots} addresses to ${fill * 100} %`);
          await pool.fillTo(fill);
          for (const atOnce of size.atOnce)
            figures.push(...(await beside(place, pool, { ...size, fill, atOnce, progress })));
        }
      }
    });
    return figures;
  },
};

async function compile(place: Place, pool: FilledPool, writes: number): Promise<void> {
  const atOnce = 8;
  const nodes = nodesOf(pool, 'compile', Math.max(atOnce, Math.ceil(writes / MOST_OF_NODE / atOnce) * atOnce));
  for (let n = 0; n < writes; n += atOnce) {
    const first = n % nodes.length;
    await adds(place, pool, nodes.slice(first, first + atOnce));
    await puts(place, atOnce);
    await holds(place, atOnce);
  }
}

interface Case extends Pick<Options, 'progress'> {
  readonly fill: number;
  readonly atOnce: number;
  readonly rounds: number;
  readonly warmUp: number;
}

async function beside(place: Place, pool: FilledPool, of: Case): Promise<Figure[]> {
  const { fill, atOnce, rounds, warmUp, progress } = of;
  const title = `${place.name}, ${fill * 100} % held, ${atOnce} at once`;
  const count = Math.max(atOnce, Math.ceil((WRITES * (rounds + warmUp)) / MOST_OF_NODE));
  const nodes = nodesOf(pool, `${fill * 100}-${atOnce}`, count);
  // Each has made one: it knows the pool, and the function knows it.
  for (let n = 0; n < count; n += atOnce) await adds(place, pool, nodes.slice(n, n + atOnce));
  let next = 0;
  const turn = () => Array.from({ length: atOnce }, () => nodes[next++ % count] as AskingNode);
  const all = [
    contender('ADD', atOnce, () => adds(place, pool, turn())),
    contender('a bare PutItem', atOnce, () => puts(place, atOnce)),
    contender('the write of an ADD, without the function', atOnce, () => holds(place, atOnce)),
  ];
  const counted = { rounds, warmUp, progress: (text: string) => progress(`${title}: ${text}`) };
  const [add, put, hold] = await inTurn(all, counted);
  const [busyAdd, busyPut] = all.map(({ name, cpu }) => ({ name, samples: cpu.slice(warmUp) }));
  if (!add || !put || !hold || !busyAdd || !busyPut) throw new Error(`${title}: nothing was measured`);
  return [
    figureOf({ ...add, name: title }, put, 'a second', GOAL),
    figureOf({ ...add, name: `${title}, function only` }, hold, 'a second'),
    figureOf({ ...busyAdd, name: `${title}, this process's CPU` }, busyPut, 'ms'),
  ];
}

/** @returns also the processor's milliseconds of a write, of each run */
function contender(name: string, atOnce: number, batch: () => Promise<Taken>): Contender & { cpu: number[] } {
  const cpu: number[] = [];
  return {
    name,
    cpu,
    async once() {
      let [wall, busy] = [0, 0];
      for (let written = 0; written < WRITES; written += atOnce) {
        const taken = await batch();
        wall += taken.wall;
        busy += taken.cpu;
      }
      cpu.push(busy / WRITES);
      return (WRITES / wall) * 1000;
    },
  };
}
