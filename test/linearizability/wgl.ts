/**
 * Whether a concurrent history is linearizable: whether each operation can be given one moment between its invocation and its
 * response so that, one after the other, all of them are what the object allows. Wing and Gong's search (Testing and
 * Verifying Concurrent Objects, 1993) with Lowe's memory of what was searched before (Testing for Linearizability, 2017).
 * Objects are checked one by one: a history is linearizable if each object's part of it is (Herlihy and Wing, 1990).
 */

export interface Recorded<Operation> {
  readonly operation: Operation;
  /** Logical time: no two events have the same. */
  readonly invoked: number;
  /** Infinity where no answer came: it may happen at any later time, or never. */
  readonly responded: number;
}

export interface Specification<State, Operation> {
  readonly initial: State;
  /**
   * Each state in which the object may be afterwards; none where the operation cannot happen now, or would change nothing
   * though it may be left out.
   * @param before the moment of the step may be as late as this, and no operation that is left has to come earlier
   */
  step(state: State, recorded: Recorded<Operation>, before: number): readonly State[];
  /** Equal for equal states, and for no others. */
  keyOf(state: State): string;
}

export interface Verdict<State, Operation> {
  /** `undecided`: the search was given up after `MOST_SEARCHED` steps. */
  readonly outcome: 'linearizable' | 'violated' | 'undecided';
  /** Steps that were tried. */
  readonly searched: number;
  /** The longest order that was found, and the state after it. */
  readonly order: readonly Recorded<Operation>[];
  readonly state: State;
  /** What had to come next, and cannot. */
  readonly stuck: readonly Recorded<Operation>[];
}

const MOST_SEARCHED = 2_000_000;

interface Node<State> {
  readonly state: State;
  readonly done: bigint;
  /** The operation that led here, and from where. */
  readonly last: number;
  readonly before: Node<State> | undefined;
  readonly depth: number;
}

export function check<State, Operation>(
  history: readonly Recorded<Operation>[],
  specification: Specification<State, Operation>,
): Verdict<State, Operation> {
  const all = [...history].sort((a, b) => a.invoked - b.invoked);
  const root: Node<State> = { state: specification.initial, done: 0n, last: -1, before: undefined, depth: 0 };
  const seen = new Set<string>();
  const open = [root];
  let best = root;
  let searched = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.depth > best.depth) best = node;
    const { left, next, before } = candidates(all, node.done);
    if (left === 0) return { outcome: 'linearizable', searched, ...told(all, node) };
    // The last one is searched first: those that were answered come before those that may be left out, the earliest first.
    for (const index of next.reverse()) {
      const recorded = all[index] as Recorded<Operation>;
      for (const state of specification.step(node.state, recorded, before)) {
        searched += 1;
        const done = node.done | (1n << BigInt(index));
        const key = `${done.toString(36)} ${specification.keyOf(state)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        open.push({ state, done, last: index, before: node, depth: node.depth + 1 });
      }
    }
    if (searched > MOST_SEARCHED) return { outcome: 'undecided', searched, ...told(all, best) };
  }
  return { outcome: 'violated', searched, ...told(all, best) };
}

/** Which operations may come next: none whose invocation follows the response of one that is left. */
function candidates(all: readonly Recorded<unknown>[], done: bigint) {
  const left: number[] = [];
  let before = Number.POSITIVE_INFINITY;
  let answered = 0;
  for (const [index, { invoked, responded }] of all.entries()) {
    if (invoked > before) break;
    if ((done >> BigInt(index)) & 1n) continue;
    left.push(index);
    before = Math.min(before, responded);
    if (responded < Number.POSITIVE_INFINITY) answered += 1;
  }
  const next = left
    .filter((index) => (all[index]?.invoked ?? 0) < before)
    .sort((a, b) => (all[a]?.responded ?? 0) - (all[b]?.responded ?? 0) || a - b);
  return { left: answered, next, before };
}

function told<State, Operation>(all: readonly Recorded<Operation>[], end: Node<State>) {
  const order: Recorded<Operation>[] = [];
  for (let node: Node<State> | undefined = end; node !== undefined && node.last >= 0; node = node.before)
    order.push(all[node.last] as Recorded<Operation>);
  const stuck = candidates(all, end.done).next.map((index) => all[index] as Recorded<Operation>);
  return {
    order: order.reverse(),
    state: end.state,
    stuck: stuck.filter(({ responded }) => responded < Number.POSITIVE_INFINITY),
  };
}
