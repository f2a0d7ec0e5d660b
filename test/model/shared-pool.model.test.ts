/**
 * The protocol of shared pools, explored to the last state, and what goes wrong without each of its parts. The
 * conditions are those of core/lease.ts; the traces are told in docs/protocol.md.
 */
import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import { type Mutation, sharedPool, type Universe } from './shared-pool.ts';

const on = (node: number, owner: string) => ({ node, owner });
const universes = {
  'one container id twice': { containers: [on(0, 'a'), on(0, 'a')], boots: [1], lives: 1 },
  'two nodes': { containers: [on(0, 'a'), on(1, 'b')], boots: [1, 1], lives: 1 },
  'a node that boots again': { containers: [on(0, 'a')], boots: [2], lives: 3 },
  'two containers and two boots': { containers: [on(0, 'a'), on(0, 'b')], boots: [2], lives: 2 },
} satisfies Record<string, Omit<Universe, 'slots' | 'mutations'>>;

const exploration = (universe: keyof typeof universes, mutations: Mutation[] = []) =>
  explore(sharedPool({ slots: 1, ...universes[universe], mutations: new Set(mutations) }));

describe('the protocol of shared pools', () => {
  it.each([
    ['one container id twice', 878],
    ['two nodes', 3780],
    ['a node that boots again', 13_384],
  ] as const)('holds I1 and I2 in every state of %s', (universe, states) => {
    expect(exploration(universe)).toMatchObject({ states, depth: expect.any(Number) });
    expect(exploration(universe).violation).toBeUndefined();
  });

  it.each<[keyof typeof universes, Mutation[]]>([
    ['two nodes', ['hold.slotAbsent']],
    ['two nodes', ['hold.slotFree']],
    ['one container id twice', ['hold.sameNonce']],
    ['one container id twice', ['release.sameNonce']],
    ['two nodes', ['silence is evidence']],
    ['two containers and two boots', ['mark.sameIncarnation']],
    ['two containers and two boots', ['a boot begins no life']],
    ['two containers and two boots', ['state of another boot is used']],
    // Each of the two alone suffices: a nonce is of one life.
    ['two containers and two boots', ['sweep.sameNonce', 'sweep.incarnationNotNewer']],
    ['two containers and two boots', ['release.sameNonce', 'release.sameOwner']],
  ])('with %s is broken without %j', (universe, mutations) => {
    expect(exploration(universe, mutations).violation?.what).toMatch(/^I[12]: /);
  });
});

describe('the explorer', () => {
  it('finds each state once, and a shortest way to what is wrong', () => {
    const puzzle = {
      initial: [0, 0] as const,
      key: JSON.stringify,
      steps: ([a, b]: readonly [number, number]) =>
        [
          { label: 'right', next: [Math.min(a + 1, 3), b] as const },
          { label: 'up', next: [a, Math.min(b + 1, 3)] as const },
        ] as const,
    };
    expect(explore({ ...puzzle, violation: () => undefined })).toEqual({ states: 16, depth: 6 });
    const found = explore({ ...puzzle, violation: ([a, b]) => (a === 1 && b === 2 ? 'there' : undefined) });
    expect(found.violation?.trace.toSorted()).toEqual(['right', 'up', 'up']);
  });
});
