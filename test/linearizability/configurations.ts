/** Small worlds in which much goes wrong: what there is, and what may happen. */
import { FAIR, STORMY, type Weather } from './weather.ts';

export interface Configuration {
  readonly affinity: 'shared' | 'node';
  readonly nodes: number;
  readonly addresses: number;
  readonly blockSize: number;
  readonly cooldownSeconds: number;
  readonly stickySeconds?: number;
  /** How often a node proposes a slot, where it knows of one; 0.8 if left out. */
  readonly proposes?: number;
  /** Containers of each node at once, and how often each of them is added. */
  readonly containers: number;
  readonly lives: number;
  readonly weather: Weather;
  /** How often each of the nodes boots again. */
  readonly boots?: number;
  /** How often an operator declares a node dead: after it went down, or although it runs. */
  readonly deaths?: number;
  readonly wrongDeaths?: number;
  /** How often each node gives back a block that it does not use. */
  readonly returns?: number;
  /** Containers live with a slot of their node's block where the service does not answer, and are reported later. */
  readonly offline?: boolean;
  /** They do so though the service answers. `unsaid`: a broken node does not say in which blocks. */
  readonly delegated?: 'said' | 'unsaid';
  /** Container ids and nonces are the same on each node: machines that began with the same random numbers. */
  readonly twins?: boolean;
  /** All containers of a node have the same nonce. */
  readonly oneNonce?: boolean;
  /** A container is added again with a new nonce though its lease was never released: its journal is lost. */
  readonly forgets?: boolean;
  /** An operator deletes the pool. */
  readonly deleted?: boolean;
  /** Pods are of so many names. */
  readonly pods?: number;
  /** Each pod is of one of so many identities, whose addresses are kept for so long. */
  readonly identities?: number;
  readonly identitySeconds?: number;
}

const shared: Configuration = {
  affinity: 'shared',
  nodes: 2,
  addresses: 3,
  blockSize: 2,
  cooldownSeconds: 10,
  containers: 2,
  lives: 3,
  weather: STORMY,
};
const owned: Configuration = {
  ...shared,
  affinity: 'node',
  addresses: 4,
  cooldownSeconds: 0,
  lives: 4,
  offline: true,
};

export const configurations = {
  'shared: in fair weather': { ...shared, weather: FAIR },
  'shared: a few slots': shared,
  'shared: a container that comes back': { ...shared, containers: 1, lives: 6 },
  'shared: a journal is lost': { ...shared, forgets: true },
  'shared: machines with the same random numbers': { ...shared, addresses: 2, twins: true },
  'shared: one nonce twice on a node': { ...shared, addresses: 2, nodes: 1, containers: 3, oneNonce: true },
  'shared: sticky': { ...shared, addresses: 4, stickySeconds: 60, pods: 2 },
  'shared: identities': {
    ...shared,
    ...{ addresses: 4, identities: 2, identitySeconds: 20 },
    ...{ lives: 4, boots: 1, deaths: 1, wrongDeaths: 1 },
  },
  'shared: nodes die and boot again': { ...shared, boots: 2, deaths: 3 },
  'shared: nodes are given up wrongly': { ...shared, wrongDeaths: 4, lives: 5 },
  'shared: the pool is deleted': { ...shared, deleted: true, stickySeconds: 60, pods: 2, lives: 2 },
  'block: in fair weather': { ...owned, weather: FAIR },
  'block: two nodes': owned,
  'block: blocks that cool': { ...owned, cooldownSeconds: 10 },
  'block: given back': { ...owned, returns: 6 },
  'block: one block, given back and forth': { ...owned, addresses: 2, lives: 5, returns: 20, proposes: 0.4 },
  'block: one block, and nodes that die': { ...owned, addresses: 2, containers: 1, lives: 6, boots: 4, deaths: 6 },
  'block: nodes die and boot again': { ...owned, cooldownSeconds: 10, boots: 2, deaths: 4, returns: 2 },
  'block: nodes are given up wrongly': { ...owned, wrongDeaths: 4, returns: 2 },
  'block: delegated': { ...owned, cooldownSeconds: 10, delegated: 'said', proposes: 0.6 },
  'block: delegated, given back, nodes die': {
    ...owned,
    delegated: 'said',
    proposes: 0.6,
    boots: 2,
    deaths: 4,
    returns: 6,
  },
  'block: the pool is deleted': { ...owned, deleted: true, returns: 20, containers: 1, lives: 2, offline: false },
} as const satisfies Record<string, Configuration>;
/** The service chooses a slot with which a container lives: its node has not told, nor said that it leases there. */
export const unsaid: Configuration = { ...configurations['block: delegated'], delegated: 'unsaid' };
export type ConfigurationName = keyof typeof configurations;
