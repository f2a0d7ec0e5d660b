/**
 * Explores every state that a model can reach, breadth first, so that the first violation found has a shortest trace.
 * States are told apart by their whole key, never by a hash of it: what ends without a violation was exhausted.
 */

export interface Step<S> {
  /** What happens, as a sentence. */
  readonly label: string;
  readonly next: S;
}

export interface Model<S> {
  readonly initial: S;
  steps(state: S): readonly Step<S>[];
  /** Equal for two states only if they are the same, or the same but for a symmetry of the model. */
  key(state: S): string;
  /** What is wrong with a state, or undefined. */
  violation(state: S): string | undefined;
}

export interface Exploration {
  readonly states: number;
  /** Steps of the longest shortest path. */
  readonly depth: number;
  readonly violation?: { readonly what: string; readonly trace: readonly string[] };
}

/** A V8 Map holds at most 2^24 entries: beyond that the keys go on in another one. */
const SHARD = 1 << 23;
const OFTEN = 1 << 16;

class Keys {
  readonly #shards: Map<string, number>[] = [new Map()];
  #size = 0;

  /** The number of `key`, in the order of coming; undefined where it is here already. */
  add(key: string): number | undefined {
    if (this.numberOf(key) !== undefined) return undefined;
    let last = this.#shards.at(-1);
    if (last === undefined || last.size >= SHARD) {
      last = new Map();
      this.#shards.push(last);
    }
    last.set(key, this.#size);
    this.#size += 1;
    return this.#size - 1;
  }

  numberOf(key: string): number | undefined {
    for (const shard of this.#shards) {
      const number = shard.get(key);
      if (number !== undefined) return number;
    }
    return undefined;
  }

  get size(): number {
    return this.#size;
  }
}

/** `progress` hears from time to time how many states were found. */
export function explore<S>(model: Model<S>, progress?: (states: number, depth: number) => void): Exploration {
  const keys = new Keys();
  const parents: number[] = [];
  let depth = 0;
  let frontier: { number: number; state: S }[] = [];
  let following: typeof frontier = [];

  const visit = (state: S, parent: number): string | undefined => {
    const number = keys.add(model.key(state));
    if (number === undefined) return undefined;
    parents[number] = parent;
    following.push({ number, state });
    if (keys.size % OFTEN === 0) progress?.(keys.size, depth);
    return model.violation(state);
  };
  const failed = (what: string): Exploration => ({
    states: keys.size,
    depth,
    violation: { what, trace: traceTo(model, keys, parents, keys.size - 1) },
  });

  const wrong = visit(model.initial, -1);
  if (wrong !== undefined) return failed(wrong);
  for (;;) {
    frontier = following;
    following = [];
    depth += 1;
    for (const { number, state } of frontier) {
      for (const { next } of model.steps(state)) {
        const what = visit(next, number);
        if (what !== undefined) return failed(what);
      }
    }
    if (following.length === 0) return { states: keys.size, depth: depth - 1 };
  }
}

/** The labels on the path by which state `last` was found first. */
function traceTo<S>(model: Model<S>, keys: Keys, parents: readonly number[], last: number): string[] {
  const path: number[] = [];
  for (let number = last; number > 0; number = parents[number] ?? 0) path.unshift(number);
  let state = model.initial;
  return path.map((number) => {
    const step = model.steps(state).find(({ next }) => keys.numberOf(model.key(next)) === number);
    if (step === undefined) throw new Error('the steps of the model are not a function of the state');
    state = step.next;
    return step.label;
  });
}
