/** Names of the environment variables by which the infrastructure configures the functions. */
export const environment = {
  poolsTable: 'LESSOR_POOLS_TABLE',
  leasesTable: 'LESSOR_LEASES_TABLE',
  historyTable: 'LESSOR_HISTORY_TABLE',
  /** Days for which history and audit are kept. */
  historyDays: 'LESSOR_HISTORY_DAYS',
  /** `true`: ranges written in a CNI configuration become a pool on first use. */
  inlinePools: 'LESSOR_INLINE_POOLS',
  /** Seconds for which a released address of such a pool is not handed out again. */
  inlineCooldown: 'LESSOR_INLINE_POOL_COOLDOWN_SECONDS',
  /** Seconds for which a change of a lease waits, at most, until it is counted together with others. */
  countWithin: 'LESSOR_COUNT_WITHIN_SECONDS',
  /** Comma-separated names of roles that only EC2 may assume: their session name is the instance id. */
  instanceRoles: 'LESSOR_INSTANCE_ROLES',
  /** `<role>=<cluster>,…`: to which cluster the nodes of a role belong. */
  clusters: 'LESSOR_CLUSTERS',
  /** Comma-separated ids of other accounts whose events of EC2 count. */
  evidenceAccounts: 'LESSOR_EVIDENCE_ACCOUNTS',
  /** `<cluster>=<minutes>,…`: after how long a silence a node of a cluster is declared dead. */
  deadAfterSilence: 'LESSOR_DEAD_AFTER_SILENCE',
  /** Name of the bus on which events are put; none are where it is left out. */
  eventBus: 'LESSOR_EVENT_BUS',
  /** `true`: each lease that begins or ends is an event. */
  leaseEvents: 'LESSOR_LEASE_EVENTS',
  /** `true` where EC2 is asked for the instances of nodes. */
  evidence: 'LESSOR_EVIDENCE',
  /** The deployment's name, by which its metrics are told from another one's. */
  deployment: 'LESSOR_DEPLOYMENT',
} as const;
