/**
 * A day of a few nodes, told by a seed, and a record of its own of who had which address when: what each request that held or ended
 * a lease was answered, and when. Pods of the same name come and go, addresses are used again, each dual-stack pod has two of them,
 * one node loses the API for two hours, and one dies.
 */
import { reclaim } from '../../functions/use-cases/reclaim/reclaim.ts';
import type { Container } from '../../simulation/witness.ts';
import type { LessonNode, LessonWorld } from '../lessons/lesson-world.ts';
import type { Chance } from '../linearizability/chance.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const NODES = 5;
const MOST_LIVING = 6;
const OUTAGE = { from: 9 * 60, to: 11 * 60 };
const DEATH = 15 * 60;
const PODS = 8;

/** Of one container. Times in ms since 1970: when the service said so. */
export interface Tenure {
  readonly container: string;
  readonly node: string;
  readonly pod: string;
  readonly addresses: readonly string[];
  /** `undefined` where the service was not told yet. */
  from: number | undefined;
  to: number | undefined;
}

export interface RecordedDay {
  readonly tenures: readonly Tenure[];
  readonly from: number;
  readonly to: number;
}

interface Living {
  readonly container: Container;
  readonly node: LessonNode;
  readonly tenure: Tenure;
}

/** @param minutely what else happens each minute: the stream is read */
export async function recordDay(
  lesson: LessonWorld,
  chance: Chance,
  minutely: () => Promise<unknown>,
): Promise<RecordedDay> {
  const { here } = lesson;
  const nodes = Array.from({ length: NODES }, (_, index) => lesson.node(`i-${index}`));
  const away = nodes[1] as LessonNode;
  const dying = nodes[2] as LessonNode;
  const tenures: Tenure[] = [];
  let living: Living[] = [];
  const from = here.clock.now;
  /** What was not told while the API was away is told now. */
  const told = () => {
    for (const { tenure } of living) tenure.from ??= here.clock.now;
    for (const tenure of tenures) if (tenure.to === Number.POSITIVE_INFINITY) tenure.to = here.clock.now;
  };
  for (let minute = 0; minute < DAY_MINUTES; minute += 1) {
    here.clock.now += MINUTE_MS;
    if (minute === OUTAGE.from) away.isCutOff = true;
    if (minute === OUTAGE.to) {
      away.isCutOff = false;
      await away.machine.round();
      told();
    }
    if (minute === DEATH) {
      dying.machine.powerOff();
      await lesson.declareDead(dying.machine.id);
      await reclaim(here.environment());
      for (const { node, tenure } of living) if (node === dying) tenure.to = here.clock.now;
      living = living.filter(({ node }) => node !== dying);
    }
    for (const node of nodes) {
      if (node.machine.power !== 'on' || !chance.happens(0.25)) continue;
      const own = living.filter((one) => one.node === node);
      if (own.length > 0 && (own.length >= MOST_LIVING || chance.happens(0.45))) {
        const ended = chance.pick(own);
        living = living.filter((one) => one !== ended);
        await node.del(ended.container);
        // Held until the service is told.
        ended.tenure.to = node.isCutOff ? Number.POSITIVE_INFINITY : here.clock.now;
      } else {
        const begun = await begin(lesson, chance, node, tenures.length);
        if (begun === undefined) continue;
        living.push(begun);
        tenures.push(begun.tenure);
      }
    }
    await minutely();
  }
  return { tenures, from, to: here.clock.now };
}

async function begin(
  lesson: LessonWorld,
  chance: Chance,
  node: LessonNode,
  count: number,
): Promise<Living | undefined> {
  const network = node.isCutOff || chance.happens(0.5) ? 'green' : 'dual';
  const pod = `web-${chance.under(PODS)}`;
  const container = lesson.container(`c${count}`, network, pod);
  const addresses = await node.add(container).catch(() => undefined);
  if (addresses === undefined) {
    await node.del(container);
    return undefined;
  }
  const from = node.isCutOff ? undefined : lesson.here.clock.now;
  const tenure: Tenure = { container: container.id, node: node.machine.id, pod, addresses, from, to: undefined };
  return { container, node, tenure };
}
