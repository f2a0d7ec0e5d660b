import { describe, expect, it } from 'vitest';
import type { SlotState } from '../../core/protocol/lease.ts';
import { type Evidence, type SlotOperation, slotSpecification, type Try } from './slot.ts';
import { check, type Recorded } from './wgl.ts';

const NEVER = Number.POSITIVE_INFINITY;
const COOLDOWN = 10_000;
const mine: Try = { node: 'i-1', containerId: 'c1', nonce: 'n1' };
const again: Try = { ...mine, nonce: 'n2' };
const pod = { pod: 'shop/web-0' };
const others: Try = { node: 'i-2', containerId: 'c2', nonce: 'n3' };

/** Each operation is given its two moments; the clock (s) stands still in each. */
const at = (invoked: number, responded: number, operation: SlotOperation): Recorded<SlotOperation> => ({
  operation,
  invoked,
  responded,
});
const clocks = (seconds: number) => ({ from: seconds * 1000, to: seconds * 1000 });
interface Over {
  readonly generation?: number;
  readonly life?: number;
  readonly clock?: number;
}
const acquire = (by: Try, [from, to]: [number, number], { generation = 1, life = 1, clock = 0 }: Over = {}) =>
  at(from, to, { kind: 'acquire', by, generation, life, ...clocks(clock) });
const release = (by: Try, [from, to]: [number, number], clock = 0) =>
  at(from, to, { kind: 'release', by, cooldown: COOLDOWN, ...clocks(clock) });
const heldBy = ({ node, containerId, nonce }: Try, generation = 1): SlotState => ({
  held: true,
  generation,
  reusableAt: 0,
  holding: {
    node,
    nonce,
    attachment: { network: 'blue', containerId, ifname: 'eth0' },
    incarnation: 1,
    heldAt: 0,
  },
});
const free = (seconds: number, generation = 1): SlotState => ({ held: false, generation, reusableAt: seconds * 1000 });
const read = (state: SlotState | undefined, from: number) => at(from, from + 1, { kind: 'read', state });
const over = (life: number, invoked: number): Evidence => ({
  node: 'i-1',
  life,
  invoked,
  clock: 0,
  cooldown: COOLDOWN,
});

type History = readonly Recorded<SlotOperation>[];
const outcomeOf = (history: History, evidence: readonly Evidence[] = []) =>
  check(history, slotSpecification(evidence)).outcome;

const taken: History = [acquire(mine, [1, 2])];
const released: History = [...taken, release(mine, [3, 4])];
const local: History = [at(1, 2, { kind: 'lived with', by: mine, generation: 1, life: 1 })];

describe('a slot', () => {
  it.each<[string, History, Evidence[]?]>([
    ['is held once more by the repeat of a request', [...taken, acquire(mine, [3, 4])]],
    ['may be held by a request that was never answered', [acquire(mine, [1, NEVER]), read(heldBy(mine), 3)]],
    ['may not be held by it', [acquire(mine, [1, NEVER]), read(undefined, 3), acquire(others, [5, 6])]],
    ['is freed by a DEL that was never answered', [...taken, release(mine, [3, NEVER]), read(free(10), 5)]],
    ['is handed out once it has cooled', [...released, acquire(others, [5, 6], { clock: 10 })]],
    ['comes back to its attachment before that', [...released, acquire(again, [5, 6], { clock: 1 })]],
    [
      'comes back to its pod before that',
      [
        acquire({ ...mine, ...pod }, [1, 2]),
        release({ ...mine, ...pod }, [3, 4]),
        acquire({ ...others, ...pod }, [5, 6]),
      ],
    ],
    ['is not to be had while it cools', [...released, at(5, 6, { kind: 'not to be had', from: 9000, to: 9000 })]],
    ['is freed on evidence', [...taken, read(free(10), 5), acquire(others, [7, 8], { clock: 10 })], [over(1, 3)]],
    [
      'passes on to a later generation',
      [...released, read(free(10, 2), 5), acquire(others, [7, 8], { generation: 3, clock: 10 })],
    ],
    ['is reported by whoever lives with it', [...local, acquire(mine, [3, 4])]],
  ])('%s', (_, history, evidence) => {
    expect(outcomeOf(history, evidence)).toBe('linearizable');
  });

  it.each<[string, History, Evidence[]?]>([
    ['is held by two', [...taken, acquire(others, [3, 4])]],
    ['is held by another try of the same attachment', [...taken, acquire(again, [3, 4])]],
    ['is still held by who released it', [...released, read(heldBy(mine), 5)]],
    ['is taken from who lives by a late DEL of another try', [...taken, release(again, [3, NEVER]), read(free(10), 5)]],
    ['is free though nobody released it', [...taken, read(free(10), 5)]],
    ['is free on evidence of an earlier life', [acquire(mine, [1, 2], { life: 2 }), read(free(10), 5)], [over(1, 3)]],
    ['is free on evidence of another node', [acquire(others, [1, 2]), read(free(10), 5)], [over(1, 3)]],
    ['is free before there is evidence', [...taken, read(free(10), 3)], [over(1, 5)]],
    ['is released twice', [...released, release(mine, [5, 6])]],
    ['is handed out while it cools', [...released, acquire(others, [5, 6], { clock: 9 })]],
    ['is handed out while it cools, on evidence', [...taken, acquire(others, [5, 6], { clock: 9 })], [over(1, 3)]],
    [
      'is held by a late copy of the request that had it, while it cools',
      [...released, acquire(mine, [1, NEVER]), read(heldBy(mine), 5), read(free(20), 7)],
    ],
    ['begins to cool anew', [...released, read(free(10), 5), read(free(11), 7)]],
    [
      'is said not to be had though it is free',
      [...released, at(5, 6, { kind: 'not to be had', from: 10_000, to: 11_000 })],
    ],
    ['goes back to an earlier generation', [...released, read(free(10, 3), 5), read(free(10, 2), 7)]],
    [
      'is held at an earlier generation',
      [...released, read(free(10, 3), 5), acquire(others, [7, 8], { generation: 2, clock: 10 })],
    ],
    ['is held though a DEL found nothing to free', [...taken, at(3, 4, { kind: 'not held', by: mine })]],
    ['is handed out under a container that lives with it unreported', [...local, acquire(others, [3, 4])]],
    ['is lost to a container that lives with it', [...local, at(3, 4, { kind: 'lost', by: mine })]],
    ['is held after its pool is gone', [at(1, 2, { kind: 'pool deleted' }), acquire(mine, [3, 4])]],
    ['is held while its pool goes', [...taken, at(3, 4, { kind: 'pool deleted' })]],
  ])('is found out if it %s', (_, history, evidence) => {
    expect(outcomeOf(history, evidence)).toBe('violated');
  });
});
