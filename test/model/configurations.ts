/** The universes that docs/protocol.md names: each that has figures is explored to its last state. */
import { type Exploration, explore } from './explore.ts';
import { type IdentityUniverse, identities } from './identities.ts';
import type { Mutations } from './operations.ts';
import { type PoolUniverse, pools } from './pools.ts';
import { protocol } from './protocol.ts';
import type { Universe } from './world.ts';

/** What an exploration to the end finds: its figures are the same each time. */
type Recorded = readonly [states: number, depth: number];
/** Without figures: so large that it is not explored to its end, and serves to find a mutant only. */
type Explorable = { readonly recorded: Recorded | undefined } & (
  | { readonly universe: Universe }
  | { readonly poolUniverse: PoolUniverse }
  | { readonly identityUniverse: IdentityUniverse }
);

let nonces = 0;
const on = (node: number, owner: string, nonce = `nonce ${nonces++}`) => ({ node, owner, nonce });

function shared(recorded: Recorded, given: Partial<Universe> & Pick<Universe, 'containers' | 'boots'>): Explorable {
  return { recorded, universe: { affinity: 'shared', slots: 1, lives: 1, generations: 1, events: [], ...given } };
}
function node(
  recorded: Recorded | undefined,
  given: Partial<Universe> & Pick<Universe, 'containers' | 'boots' | 'generations'>,
): Explorable {
  return { recorded, universe: { affinity: 'node', slots: 1, lives: 1, events: [], ...given } };
}
/** Only nodes of two lives are declared dead: in the last one what goes on living is held. */
const declared = (lives: readonly number[], containers: Universe['containers']) => ({
  ...{ lives, containers, boots: lives.map(() => 1) },
  events: ['wrong declaration'] as const,
});
function identity(recorded: Recorded | undefined, identityUniverse: IdentityUniverse): Explorable {
  return { recorded, identityUniverse };
}
function pool(recorded: Recorded, poolUniverse: PoolUniverse): Explorable {
  return { recorded, poolUniverse };
}

export const configurations = {
  'shared: one container id twice': shared([2040, 24], {
    containers: [on(0, 'a'), on(0, 'a')],
    boots: [1],
    events: ['journal loss'],
  }),
  'shared: two nodes': shared([9697, 32], { containers: [on(0, 'a'), on(1, 'b')], boots: [1, 1], events: ['crash'] }),
  'shared: machines with the same random numbers': shared([9697, 32], {
    containers: [on(0, 'a', 'n'), on(1, 'a', 'n')],
    boots: [1, 1],
    events: ['crash'],
  }),
  'shared: one nonce twice on a node': shared([379, 19], {
    containers: [on(0, 'a', 'n'), on(0, 'b', 'n')],
    boots: [1],
  }),
  'shared: a cooling slot': shared([487, 21], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    events: ['cooldown'],
  }),
  'shared: a container that comes back': shared([336, 22], {
    containers: [on(0, 'a'), on(0, 'a')],
    boots: [1],
    events: ['cooldown'],
  }),
  'shared: a node is given up wrongly': shared([27_616, 35], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    lives: 2,
    events: ['wrong evidence'],
  }),
  'shared: an ADD is asked again in the next life': shared([1220, 25], {
    containers: [on(0, 'a')],
    boots: [1],
    lives: 2,
    events: ['wrong evidence', 'asked again'],
  }),
  'shared: a node boots again': shared([108_296, 40], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [2],
    lives: 2,
    events: ['crash'],
  }),
  'shared: a late request begins a life': shared([12_026, 32], {
    containers: [on(0, 'a')],
    boots: [2],
    lives: 3,
    events: ['crash'],
  }),
  'shared: two slots and a lost journal': shared([280_182, 32], {
    slots: 2,
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    events: ['journal loss'],
  }),
  'block: one node, offline': node([402, 22], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 2,
    events: ['offline'],
  }),
  'block: one container id twice': node([2030, 27], {
    containers: [on(0, 'a'), on(0, 'a')],
    boots: [1],
    generations: 2,
    events: ['offline', 'journal loss'],
  }),
  'block: a dead node, and another': node([27_769, 46], {
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['crash', 'offline'],
  }),
  'block: given back': node([17_899, 42], {
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 5,
    events: ['give back', 'offline'],
  }),
  'block: a node boots again': node([286_028, 50], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [2],
    lives: 2,
    generations: 4,
    events: ['crash', 'offline'],
  }),
  'block: an old disk': node([30_208, 42], {
    containers: [on(0, 'a')],
    boots: [2],
    lives: 2,
    generations: 4,
    events: ['crash', 'offline', 'old disk'],
  }),
  'block: a lost journal': node([2999, 26], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 3,
    events: ['journal loss', 'offline'],
  }),
  'block: two slots': node([27_589, 36], {
    slots: 2,
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 2,
    events: ['offline', 'search'],
  }),
  'block: two slots, three containers': node(undefined, {
    slots: 2,
    containers: [on(0, 'a'), on(0, 'b'), on(0, 'b')],
    boots: [1],
    generations: 2,
    events: ['offline', 'search'],
  }),
  'block: delegated': node([558, 22], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 2,
    events: ['delegated', 'search'],
  }),
  'block: delegated, a cooling slot': node([373, 25], {
    containers: [on(0, 'a'), on(0, 'a')],
    boots: [1],
    generations: 2,
    events: ['delegated', 'search', 'cooldown'],
  }),
  'block: delegated, two slots': node([3085, 24], {
    slots: 2,
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 2,
    events: ['delegated', 'search', 'cooldown'],
  }),
  'block: delegated, given back': node([10_105, 36], {
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['delegated', 'search', 'give back', 'cooldown'],
  }),
  'block: delegated, a lost journal': node([4219, 26], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 3,
    events: ['delegated', 'search', 'journal loss'],
  }),
  'block: delegated, a dead node': node([27_769, 46], {
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['crash', 'delegated', 'search'],
  }),
  'block: two slots, a dead node': node([92_805, 50], {
    slots: 2,
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['crash', 'offline'],
  }),
  'block: an impostor': node([1963, 22], {
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['offline', 'imposture'],
  }),
  'block: a dead node that lost its journal': node([609_891, 52], {
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['crash', 'offline', 'journal loss'],
  }),
  'block: an impostor gives back': node([10_229, 32], {
    containers: [on(0, 'a')],
    boots: [1, 1],
    generations: 4,
    events: ['offline', 'give back', 'imposture'],
  }),
  'block: given back with a lease on its way': node([3418, 30], {
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 3,
    events: ['give back'],
  }),
  'block: a late taking over': node([6870, 37], {
    containers: [on(1, 'b')],
    boots: [2, 1],
    lives: 2,
    generations: 5,
    events: ['reboot'],
  }),
  'shared: a node leaves': shared([10_003, 32], {
    containers: [on(0, 'a')],
    boots: [1],
    lives: 3,
    events: ['leave'],
  }),
  'block: a node leaves': node([37_692, 43], {
    containers: [on(0, 'a')],
    boots: [1],
    lives: 2,
    generations: 4,
    events: ['leave', 'offline'],
  }),
  'shared: a node leaves, and loses its journal': shared([21_327, 33], {
    containers: [on(0, 'a')],
    boots: [1],
    lives: 3,
    events: ['leave', 'journal loss'],
  }),
  'block: a node leaves, and loses its journal': node([120_024, 44], {
    containers: [on(0, 'a')],
    boots: [1],
    lives: 2,
    generations: 4,
    events: ['leave', 'journal loss'],
  }),
  'shared: declared dead although it runs': shared([239_516, 44], declared([2, 2], [on(0, 'a'), on(1, 'b')])),
  'shared: one container id twice, declared dead': shared([28_813, 36], declared([2], [on(0, 'a'), on(0, 'a')])),
  'shared: one nonce twice on a node, declared dead': shared(
    [64_806, 35],
    declared([2], [on(0, 'a', 'n'), on(0, 'b', 'n')]),
  ),
  'shared: the same random numbers, declared dead': shared(
    [11_126, 34],
    declared([2, 1], [on(0, 'a', 'n'), on(1, 'a', 'n')]),
  ),
  'block: alone and declared dead although it runs': node([19_329, 44], {
    ...declared([2], [on(0, 'a')]),
    generations: 4,
  }),
  'block: alone and offline, declared dead although it runs': node([86_569, 47], {
    ...declared([2], [on(0, 'a')]),
    generations: 3,
    events: ['wrong declaration', 'offline'],
  }),
  'block: declared dead although it runs': node([102_965, 48], {
    ...declared([2, 1], [on(0, 'a'), on(1, 'b')]),
    generations: 4,
  }),
  'shared: declared dead although it runs, after a reboot': shared([568_752, 44], {
    containers: [on(0, 'a')],
    boots: [2],
    lives: 4,
    events: ['wrong declaration', 'reboot'],
  }),
  'shared: tables are restored': shared([27_106, 31], {
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    events: ['restore'],
  }),
  'block: tables are restored': node([51_196, 36], {
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['restore', 'offline'],
  }),
  'pools: shared': pool([560, 29], { affinity: 'shared', places: 1, containers: [0, 1] }),
  'pools: shared, growing': pool([10_920, 37], { affinity: 'shared', places: 2, containers: [0, 1] }),
  'pools: shared, opened apart': pool([10_920, 37], {
    affinity: 'shared',
    places: 2,
    apart: 'the last',
    containers: [0, 1],
  }),
  'pools: shared, growing and opened apart': pool([122_136, 41], {
    affinity: 'shared',
    places: 2,
    apart: 'all',
    containers: [0, 1],
  }),
  'pools: shared, two containers': pool([744, 29], { affinity: 'shared', places: 1, containers: [0, 0] }),
  'pools: blocks': pool([560, 29], { affinity: 'node', places: 1, containers: [0, 1] }),
  'pools: blocks, growing': pool([10_920, 37], { affinity: 'node', places: 2, containers: [0, 1] }),
  'pools: shared, deleted in steps': pool([8360, 35], {
    affinity: 'shared',
    places: 1,
    containers: [0, 1],
    inSteps: true,
  }),
  'pools: blocks, deleted in steps': pool([8360, 35], {
    affinity: 'node',
    places: 1,
    containers: [0, 1],
    inSteps: true,
  }),
  'pools: shared, growing, deleted in steps': pool([180_928, 40], {
    affinity: 'shared',
    places: 2,
    containers: [0],
    inSteps: true,
  }),
  'identity: two pods': identity([11_503, 22], { slots: 2, pods: ['x', 'x'] }),
  'identity: another pod between': identity([22_709, 35], { slots: 1, pods: ['x', 'p', 'x'] }),
  'identity: three pods': identity([42_677, 26], { slots: 1, pods: ['x', 'x', 'x'] }),
  'identity: swept although it lives': identity([57_341, 30], { slots: 2, pods: ['x', 'x'], swept: [0] }),
  'identity: asserted again': identity([260, 14], { slots: 2, pods: ['x', 'x'], began: 'swept' }),
  'identity: asserted again, another pod between': identity(undefined, {
    slots: 2,
    pods: ['x', 'p', 'x'],
    began: 'swept',
  }),
  'identity: its slot passed on': identity(undefined, {
    slots: 2,
    pods: ['x', 'p', 'x', 'x'],
    began: 'passed on',
  }),
} satisfies Record<string, Explorable>;
export type Configuration = keyof typeof configurations;

export interface Exhausted {
  readonly name: Configuration;
  readonly states: number;
  readonly depth: number;
  /** Explored in `npm test` too; `npm run model` explores all. */
  readonly small: boolean;
}
export const exhausted: readonly Exhausted[] = (Object.keys(configurations) as Configuration[]).flatMap((name) => {
  const recorded: Recorded | undefined = configurations[name].recorded;
  if (recorded === undefined) return [];
  const [states, depth] = recorded;
  return [{ name, states, depth, small: states < 32_000 }];
});

export function explored(
  name: Configuration,
  mutations: Mutations,
  progress?: (states: number, depth: number) => void,
): Exploration {
  const configuration: Explorable = configurations[name];
  if ('identityUniverse' in configuration)
    return explore(identities(configuration.identityUniverse, mutations), progress);
  return 'universe' in configuration
    ? explore(protocol(configuration.universe, mutations), progress)
    : explore(pools(configuration.poolUniverse, mutations), progress);
}
