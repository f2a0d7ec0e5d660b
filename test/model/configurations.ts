/** The universes that docs/protocol.md names. Each is explored to its last state. */
import type { Event, Universe } from './world.ts';

let nonces = 0;
const on = (node: number, owner: string, nonce = `nonce ${nonces++}`) => ({ node, owner, nonce });

interface Named extends Universe {
  /** Explored in `npm test` too. */
  readonly small: boolean;
}

function shared(given: Partial<Named> & Pick<Named, 'containers' | 'boots'>): Named {
  return { affinity: 'shared', slots: 1, lives: 1, generations: 1, events: [], small: true, ...given };
}
function node(given: Partial<Named> & Pick<Named, 'containers' | 'boots' | 'generations'>): Named {
  return { affinity: 'node', slots: 1, lives: 1, events: [], small: true, ...given };
}
const all: readonly Event[] = ['crash', 'offline', 'give back', 'search', 'journal loss'];

export const configurations = {
  'shared: one container id twice': shared({
    containers: [on(0, 'a'), on(0, 'a')],
    boots: [1],
    events: ['journal loss'],
  }),
  'shared: two nodes': shared({ containers: [on(0, 'a'), on(1, 'b')], boots: [1, 1], events: ['crash'] }),
  'shared: machines with the same random numbers': shared({
    containers: [on(0, 'a', 'n'), on(1, 'a', 'n')],
    boots: [1, 1],
    events: ['crash'],
  }),
  'shared: one nonce twice on a node': shared({ containers: [on(0, 'a', 'n'), on(0, 'b', 'n')], boots: [1] }),
  'shared: a cooling slot': shared({ containers: [on(0, 'a'), on(0, 'b')], boots: [1], events: ['cooldown'] }),
  'shared: a node is given up wrongly': shared({
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    lives: 2,
    events: ['wrong evidence'],
  }),
  'shared: a node boots again': shared({
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [2],
    lives: 2,
    events: ['crash'],
    small: false,
  }),
  'shared: a late request begins a life': shared({ containers: [on(0, 'a')], boots: [2], lives: 3, events: ['crash'] }),
  'shared: two slots and a lost journal': shared({
    slots: 2,
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    events: ['journal loss'],
    small: false,
  }),
  'block: one node, offline': node({
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 2,
    events: ['offline'],
  }),
  'block: one container id twice': node({
    containers: [on(0, 'a'), on(0, 'a')],
    boots: [1],
    generations: 2,
    events: ['offline', 'journal loss'],
  }),
  'block: a dead node, and another': node({
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['crash', 'offline'],
  }),
  'block: given back': node({
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 5,
    events: ['give back', 'offline'],
  }),
  'block: a node boots again': node({
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [2],
    lives: 2,
    generations: 4,
    events: ['crash', 'offline'],
    small: false,
  }),
  'block: an old disk': node({
    containers: [on(0, 'a')],
    boots: [2],
    lives: 2,
    generations: 4,
    events: ['crash', 'offline', 'old disk'],
  }),
  'block: a lost journal': node({
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 3,
    events: ['journal loss', 'offline'],
  }),
  'block: two slots': node({
    slots: 2,
    containers: [on(0, 'a'), on(0, 'b')],
    boots: [1],
    generations: 2,
    events: ['offline', 'search'],
  }),
  'block: two slots, a dead node': node({
    slots: 2,
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['crash', 'offline'],
    small: false,
  }),
  'block: an impostor': node({
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: ['offline', 'imposture'],
  }),
  'block: everything': node({
    slots: 2,
    containers: [on(0, 'a'), on(1, 'b')],
    boots: [1, 1],
    generations: 4,
    events: all,
    small: false,
  }),
} as const satisfies Record<string, Named>;
export type ConfigurationName = keyof typeof configurations;
