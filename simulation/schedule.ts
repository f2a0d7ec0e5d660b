/**
 * Who goes on next, and when: one actor at a time, at the time that its delay comes to, which the seed decides. While one of them
 * is in a real database nobody else goes on, so a run has one order, however fast the machine is.
 */
import type { Chance } from '../test/linearizability/chance.ts';

export interface Schedule {
  /** Somebody's step comes after a usual delay. @param weight how likely it comes before others that wait; 1 is usual */
  next(weight?: number): Promise<void>;
  /** After so many milliseconds of the run's time. */
  after(milliseconds: number): Promise<void>;
  /** The same, unless `cancel` is called before: then it is no step, and never comes. */
  timer(milliseconds: number): { readonly over: Promise<void>; cancel(): void };
  /** What takes real time: nobody's turn comes before it is over. */
  outside<T>(act: () => Promise<T>): Promise<T>;
  /** Runs until `all` is over and nobody waits any more. */
  run<T>(all: Promise<T>): Promise<T>;
  /** Steps that were taken: the operations of a run. */
  readonly steps: number;
}

interface Waiting {
  readonly due: number;
  readonly order: number;
  goOn: (() => void) | undefined;
}

/** A few turns of the event loop, after which all that can go on without a step has done so. */
const TURNS = 2;
/** Something that is loaded for the first time takes longer: so many milliseconds are enough. */
const MOST_IDLE = 20_000;
const aMoment = () => new Promise<void>((goOn) => setTimeout(goOn, 1));
const soon = () => new Promise<void>((goOn) => setImmediate(goOn));

/** @param latencyMs of a step, on average */
export function scheduleOf(chance: Chance, clock: { now: number }, latencyMs: number): Schedule {
  const waiting = queue();
  let order = 0;
  let steps = 0;
  let underWay = 0;
  let whenOver: (() => void) | undefined;

  async function quiet(): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < TURNS; turn += 1) await soon();
      if (underWay === 0) return;
      await new Promise<void>((over) => {
        whenOver = over;
      });
    }
  }
  function add(milliseconds: number, goOn: () => void): Waiting {
    order += 1;
    const one = { due: clock.now + milliseconds, order, goOn };
    waiting.add(one);
    return one;
  }
  /** True where somebody went on. */
  function step(): boolean {
    for (let one = waiting.take(); one !== undefined; one = waiting.take()) {
      if (one.goOn === undefined) continue;
      clock.now = Math.max(clock.now, Math.floor(one.due));
      steps += 1;
      one.goOn();
      return true;
    }
    return false;
  }
  const after = (milliseconds: number) => new Promise<void>((goOn) => add(milliseconds, goOn));
  return {
    next: (weight = 1) => after((-Math.log(1 - chance.next()) * latencyMs) / weight),
    after,
    timer(milliseconds) {
      let one: Waiting | undefined;
      const over = new Promise<void>((goOn) => {
        one = add(milliseconds, goOn);
      });
      return { over, cancel: () => void (one && Object.assign(one, { goOn: undefined })) };
    },
    async outside(act) {
      underWay += 1;
      try {
        return await act();
      } finally {
        underWay -= 1;
        if (underWay === 0) whenOver?.();
      }
    },
    async run(all) {
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      all.then(end, end);
      for (let idle = 0; ; idle += 1) {
        await quiet();
        if (step()) idle = 0;
        else if (isOver) return all;
        else if (idle < MOST_IDLE) await aMoment();
        else throw new Error('nobody waits for a turn, and yet not all is done');
      }
    },
    get steps() {
      return steps;
    },
  };
}

/** By when it is due, and of the same time by who came first: a heap. */
function queue() {
  const heap: Waiting[] = [];
  const isBefore = (a: Waiting, b: Waiting) => a.due < b.due || (a.due === b.due && a.order < b.order);
  const at = (index: number) => heap[index] as Waiting;
  function swap(one: number, other: number): void {
    [heap[one], heap[other]] = [at(other), at(one)];
  }
  return {
    add(one: Waiting): void {
      heap.push(one);
      for (let index = heap.length - 1; index > 0; ) {
        const parent = (index - 1) >> 1;
        if (!isBefore(at(index), at(parent))) return;
        swap(index, parent);
        index = parent;
      }
    },
    take(): Waiting | undefined {
      const [first] = heap;
      const last = heap.pop();
      if (last === undefined || last === first) return first;
      heap[0] = last;
      for (let index = 0; ; ) {
        let least = index;
        for (const child of [2 * index + 1, 2 * index + 2])
          if (child < heap.length && isBefore(at(child), at(least))) least = child;
        if (least === index) return first;
        swap(index, least);
        index = least;
      }
    },
  };
}
