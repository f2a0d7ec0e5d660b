/** What is simulated: how many nodes, with which pools, how much goes on, and how they are operated. */
import type { PoolDefinition } from '../core/contract/pool.ts';

export interface PoolKind {
  readonly name: string;
  readonly blocks: number;
  readonly blockSize: number;
  readonly affinity: PoolDefinition['affinity'];
  readonly leasing?: PoolDefinition['leasing'];
  /** An attachment gets an IPv6 address beside the IPv4 one. */
  readonly dualStack?: true;
  readonly stickySeconds?: number;
  readonly identitySeconds?: number;
  /** Leases of a namespace. */
  readonly quota?: number;
}

export interface Configuration {
  readonly what: string;
  readonly nodes: number;
  /** Share of the nodes on which an agent runs. */
  readonly agents: number;
  readonly pools: readonly PoolKind[];
  /** Containers that a node has at most. */
  readonly mostLiving: number;
  /** Of one step, and from one act to the next: on average. */
  readonly latencyMs: number;
  readonly everyMs: number;
  /** How far a node's clock is off, at most. */
  readonly skewMs: number;
  /** The same of one of the service's environments. */
  readonly serviceSkewMs: number;
  /** Share of the containers that are deleted which are made anew at once, by the same name. */
  readonly anew?: number;
  /** So many a namespace has in each pool, which most of its pods have. None if left out. */
  readonly identities?: number;
  /** How often an act happens, where it is not the usual. */
  readonly odds?: Readonly<Record<string, number>>;
  /** By how much an act or a fault is more often than it would be. */
  readonly factor?: (of: string) => number;
  /** Names of pods in each namespace. */
  readonly pods?: number;
  /** Share of the plugin's calls that are killed. */
  readonly killed?: number;
  /** A write that is late comes within so many milliseconds. */
  readonly latestMs?: number;
}
