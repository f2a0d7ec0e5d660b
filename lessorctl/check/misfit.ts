/** What does not fit together, and what it is found in. */
import type { BlockRow } from '../../core/contract/blocks.ts';
import type { LeaseRow } from '../../core/contract/lease.ts';
import type { ListedNodeView } from '../../core/contract/nodes.ts';
import type { PoolView } from '../../core/contract/pool.ts';
import type { KubernetesCluster } from '../kubernetes/kubectl.ts';

/** `critical`: pods may be cut off from each other. `warning`: addresses are wasted, or somebody has to look. */
export type Severity = 'critical' | 'warning';

export interface Misfit {
  readonly kind:
    | 'double'
    | 'lost'
    | 'leak'
    | 'unknown'
    | 'late-outbox'
    | 'dead-node'
    | 'silent-node'
    | 'orphaned-block'
    | 'drifted-counter'
    | 'overlap';
  readonly severity: Severity;
  /** The address, node, block or pool. */
  readonly subject: string;
  readonly what: string;
  readonly remedy: string;
  /** What mends it safely; absent where a person decides, or time alone mends it. */
  readonly fix?: Fix;
}

/** `reconcile`: the node compares itself with the table, and releases and asserts by the protocol. */
export type Fix =
  | { readonly kind: 'reconcile'; readonly node: string }
  | { readonly kind: 'declare-dead'; readonly node: string; readonly reason: string };

export type LeaseOfPool = LeaseRow & { readonly pool: string; readonly vrf: string };

export interface State {
  /** Milliseconds since 1970, before anything was read. */
  readonly at: number;
  readonly pools: readonly PoolView[];
  readonly leases: readonly LeaseOfPool[];
  readonly nodes: readonly ListedNodeView[];
  readonly blocks: readonly (BlockRow & { readonly pool: string })[];
  /** Whether these are the leases of all VRFs: what a node counts is of all of them. */
  readonly isWhole: boolean;
  /** Absent where Kubernetes was not reached. */
  readonly kubernetes?: KubernetesCluster;
}

/** What is younger may be on its way: a node tells of what it leased by itself, and of what ended, some time later. */
export const YOUNG_MS = 10 * 60_000;

export const bare = (address: string): string => address.split('/')[0] ?? address;
