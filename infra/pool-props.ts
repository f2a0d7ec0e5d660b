/**
 * A pool as a CDK app declares it: the fields of the contract's `POST /v1/pools`, written out for people's editors and for the
 * documentation. A test keeps the two alike.
 */
import type { RemovalPolicy } from 'aws-cdk-lib';

/** A pool that a stack declares. What its fields do is in [pools.md](pools.md). */
export interface DeclaredPool {
  /** The name of the pool, unique in its VRF. */
  readonly name: string;

  /** The ranges as host-local writes them: one list for each address that a pod gets. */
  readonly ranges: readonly (readonly PoolRange[])[];

  /**
   * The VRF in which the pool is.
   * @default 'default'
   */
  readonly vrf?: string;

  /**
   * `'shared'`: any node takes addresses of any block. `'node'`: each block belongs to one node.
   * @default 'shared'
   */
  readonly affinity?: 'shared' | 'node';

  /**
   * `'pool'`: the gateways of the ranges. `'block'`: each block is a subnet with a gateway of its own, its first address.
   * @default 'pool'
   */
  readonly gateway?: 'pool' | 'block';

  /**
   * Addresses a block: a power of two from 4 to 256.
   * @default 64
   */
  readonly blockSize?: number;

  /**
   * Addresses that are not handed out: `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`.
   * @default - none
   */
  readonly exclude?: readonly string[];

  /**
   * Addresses that are kept for pods of a namespace, or for one of them.
   * @default - none
   */
  readonly reservations?: readonly PoolReservation[];

  /**
   * Seconds for which a released address is not handed out again, 0 to 86400.
   * @default 30
   */
  readonly cooldownSeconds?: number;

  /**
   * Seconds for which a released address is kept for a pod of the same namespace and name.
   * @default 0
   */
  readonly stickySeconds?: number;

  /**
   * Seconds for which a released address is kept for the identity that had it, 0 to 2592000. 0: pods that name an identity get no
   * address here.
   * @default 0
   */
  readonly identitySeconds?: number;

  /**
   * Clusters whose nodes may lease here.
   * @default - all of them
   */
  readonly clusters?: readonly string[];

  /**
   * Pods of these namespaces get their addresses here where the configuration names no pool.
   * @default - none
   */
  readonly namespaces?: readonly string[];

  /**
   * Pods on nodes that have all these labels get their addresses here too, where the configuration names no pool.
   * @default - none
   */
  readonly nodeLabels?: Readonly<Record<string, string>>;

  /**
   * Whether pods that no other pool asks for get their addresses here.
   * @default false
   */
  readonly default?: boolean;

  /**
   * Of several pools that fit alike, the one with the lowest order comes first.
   * @default 0
   */
  readonly order?: number;

  /**
   * Blocks that one node may own, where a block belongs to a node.
   * @default 64
   */
  readonly maxBlocksPerNode?: number;

  /**
   * `'delegated'`: a node leases from its own blocks by itself, and tells the service afterwards.
   * @default 'online'
   */
  readonly leasing?: 'online' | 'delegated';

  /**
   * Where leasing is delegated, seconds for which a node gathers what it tells the service in one request.
   * @default 1
   */
  readonly tellWithinSeconds?: number;

  /**
   * Leases that each namespace may hold.
   * @default - no limit
   */
  readonly quota?: number;

  /**
   * Leases that some namespaces may hold, in place of `quota`.
   * @default - none
   */
  readonly quotas?: Readonly<Record<string, number>>;

  /**
   * Whether a pool that is there already is taken over. It must have the same definition.
   * @default false
   */
  readonly adopt?: boolean;

  /**
   * What becomes of the pool when it is taken out of the template, or the stack is deleted. RETAIN: it stays. DESTROY: it is
   * deleted if nothing of it is in use, and that is refused otherwise.
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy.DESTROY | RemovalPolicy.RETAIN;
}

/** One range. */
export interface PoolRange {
  /** The subnet in CIDR notation: `10.1.0.0/16`. */
  readonly subnet: string;

  /**
   * The first address.
   * @default - the first one of the subnet
   */
  readonly rangeStart?: string;

  /**
   * The last address.
   * @default - the last one of the subnet, but for the broadcast address
   */
  readonly rangeEnd?: string;

  /**
   * The gateway. It is not handed out.
   * @default - the first address of the subnet
   */
  readonly gateway?: string;
}

/** Addresses that are kept for pods of one namespace, or for one of them. */
export interface PoolReservation {
  /** What people call the reservation. */
  readonly name: string;

  /** `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`. */
  readonly addresses: readonly string[];

  /** The namespace whose pods may have these addresses. */
  readonly namespace: string;

  /**
   * The pod's name.
   * @default - each pod of the namespace
   */
  readonly pod?: string;
}
