/**
 * Where each route of the API is, and what it is for: docs/openapi.json tells it word for word, the first paragraph as the
 * summary. Without schemas, so that the plugin reads the very table that the service serves.
 */
export const paths = {
  /**
   * Lease an address of each range set for an attachment
   *
   * The lease belongs to the caller's node. A repeat with the same `nonce` is answered with the same lease.
   */
  allocate: { method: 'POST', path: '/v1/leases' },
  /**
   * Release what an attachment holds
   *
   * What is not held any more is released as well, so a repeat is a success.
   */
  release: { method: 'POST', path: '/v1/releases' },
  /**
   * Give back a block that the node does not need
   *
   * Where an address of the block is held, the node keeps it, at another generation.
   */
  giveBack: { method: 'POST', path: '/v1/blocks/releases' },
  /**
   * Report a lease that the node took from its own block while the API could not be reached
   *
   * Exactly that slot is held from then on, or the answer is `lease.lost`.
   */
  report: { method: 'POST', path: '/v1/leases/reports' },
  /**
   * Tell of several leases at once: reports and releases
   *
   * Each is carried out by itself, and has its own outcome: what one of them comes to is nothing to the others. A repeat
   * changes nothing.
   */
  batch: { method: 'POST', path: '/v1/leases/batches' },
  /**
   * Say whether an ADD could be given an address
   *
   * Nothing is leased, and no pool comes to be.
   */
  readiness: { method: 'POST', path: '/v1/readiness' },
  /**
   * Say what an attachment of the calling node holds
   *
   * With which addresses too. Nothing is changed.
   */
  check: { method: 'POST', path: '/v1/leases/checks' },
  /**
   * List what the table has of the calling node
   *
   * Of all lives of the node. A page may be empty and not be the last one.
   */
  ownLeases: { method: 'GET', path: '/v1/nodes/self/leases' },
  /**
   * Note that the calling node is up
   *
   * It is shown to people, and evidence of nothing. The answer says whether the node was declared dead although it
   * calls.
   */
  heartbeat: { method: 'POST', path: '/v1/nodes/self' },
  /**
   * End the calling node's life by its own word
   *
   * For a node on which nothing holds an address any more. What the table still has of it is freed as a dead node's is.
   */
  goodbye: { method: 'POST', path: '/v1/nodes/self/goodbyes' },
  /**
   * Read a node: its life, its blocks, when it was last heard of
   *
   * A node is known here from its first lease on.
   */
  readNode: { method: 'GET', path: '/v1/nodes' },
  /**
   * List which node has which block
   *
   * For whoever programs the routes to them.
   */
  listBlocks: { method: 'GET', path: '/v1/pools/{pool}/blocks' },
  /**
   * List the VRFs that have pools
   *
   * In the order of their names. A page may be empty and not be the last one.
   */
  listVrfs: { method: 'GET', path: '/v1/vrfs' },
  /**
   * List a VRF's pools
   *
   * In the order of their names.
   */
  listPools: { method: 'GET', path: '/v1/pools' },
  /**
   * Create a pool; the same pool again changes nothing
   *
   * A pool of the name that has another definition is not changed: the answer is `pool.conflict`.
   */
  createPool: { method: 'POST', path: '/v1/pools' },
  /**
   * Read a pool
   *
   * Its definition, its policy and its state.
   */
  readPool: { method: 'GET', path: '/v1/pools/{pool}' },
  /**
   * Change the policy of a pool, drain it, or let it grow
   *
   * Fields that are left out stay as they are. What addresses are computed from cannot be changed, but further ranges
   * can be added.
   */
  changePool: { method: 'PATCH', path: '/v1/pools/{pool}' },
  /**
   * Delete a pool that holds no lease
   *
   * It closes first, then each block is sealed, and last its name and its ranges are free. 202: the same request goes
   * on.
   */
  deletePool: { method: 'DELETE', path: '/v1/pools/{pool}' },
  /**
   * List the leases of a pool, held and cooling
   *
   * A page may be empty and not be the last one.
   */
  listLeases: { method: 'GET', path: '/v1/pools/{pool}/leases' },
  /**
   * Count how full a pool is
   *
   * Exactly, by reading every slot, or by the counters (`cheap`), which are some seconds old.
   */
  usage: { method: 'GET', path: '/v1/pools/{pool}/usage' },
  /**
   * Foresee when a pool will be full
   *
   * From its use in each hour of the last weeks, with an interval that goes by how wrong the same method was before.
   */
  forecast: { method: 'GET', path: '/v1/pools/{pool}/forecast' },
  /**
   * Say who has an address
   *
   * And if nobody has it: whether it could be leased.
   */
  whoHas: { method: 'GET', path: '/v1/addresses/{address}' },
  /**
   * Say who has an address, which is a parameter
   *
   * The same as `whoHas`, for signers that encode a path once only: an IPv6 address has colons.
   */
  searchAddress: { method: 'GET', path: '/v1/addresses' },
  /**
   * List the addresses of a node or of pods
   *
   * Give `node`, or `namespace` and perhaps `pod`.
   */
  findLeases: { method: 'GET', path: '/v1/leases' },
  /**
   * Say why a pod gets an address, or none
   *
   * Pool by pool, in the order in which an ADD would try them, and block by block. Nothing is leased.
   */
  explain: { method: 'POST', path: '/v1/explanations' },
  /**
   * Say who had an address at a time, or between two
   *
   * From the history of leases, and from who has it now. What is not known is said.
   */
  addressHistory: { method: 'GET', path: '/v1/history/addresses' },
  /**
   * List what a node or pods had between two times
   *
   * Give `node`, or `namespace` and perhaps `pod`. What is over comes first, then what is held. A page may be empty and
   * not be the last one.
   */
  leaseHistory: { method: 'GET', path: '/v1/history/leases' },
  /**
   * List the nodes
   *
   * Each that may hold leases: alive, and for a week after its death. With what it said of itself, and what EC2 said of it.
   */
  listNodes: { method: 'GET', path: '/v1/nodes/list' },
  /**
   * List who changed which pool, and declared which death
   *
   * With the pool before and after. A page may be empty and not be the last one.
   */
  audit: { method: 'GET', path: '/v1/audit' },
  /**
   * Declare that a node's present life is over
   *
   * Its leases are freed and its blocks taken back within minutes, whether or not its containers run: make certain
   * that nothing of it runs any more. Refused where the node was heard of lately, unless you insist (`alsoIfAlive`).
   */
  declareDeath: { method: 'POST', path: '/v1/deaths' },
  /**
   * List the declared deaths and what was freed after them
   *
   * Those that nodes declared themselves too (`said goodbye`).
   */
  listDeaths: { method: 'GET', path: '/v1/deaths' },
  /**
   * Say which nodes of a cluster silence would declare dead now, and what would be freed
   *
   * Whether or not the deployment has `deadAfterSilence`. It changes nothing.
   */
  foreseeSilence: { method: 'GET', path: '/v1/silence' },
} as const;

export type RouteName = keyof typeof paths;

/** The names in braces of a path. */
export type ParameterOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterOf<Rest>
  : never;

/** In the order of the path. */
export const parametersOf = <Path extends string>(path: Path): ParameterOf<Path>[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as ParameterOf<Path>);
