/**
 * What the functions count and measure beside what AWS measures of them: names and units, once for those who emit them and for
 * the alarms. Latency, invocations, errors and the age of the stream are not here: API Gateway, Lambda and DynamoDB publish
 * them free of charge, and see what a function does not, as its cold start and its time-out.
 */
interface MetricKind {
  /** CloudWatch's unit. */
  readonly unit: 'Count' | 'Percent';
  /**
   * A second dimension. Each of its values is a metric that is paid for by itself, so none goes by node, pod or request: the
   * codes are one table, so many pools as `most.poolsMeasured` says have metrics of their own, and deaths are declared in three ways.
   */
  readonly by?: 'code' | 'pool' | 'declaredBy';
}

export const METRICS_NAMESPACE = 'Lessor';

/** The dimension that each metric has, with the deployment's name: several may be in one account and Region. */
export const DEPLOYMENT_DIMENSION = 'service';

export const metrics = {
  /** Requests that the functions refused, by the problem's code. */
  Refusals: { unit: 'Count', by: 'code' },
  /** ADDs that a node sent again: it had no answer to an earlier try, or was killed. */
  RepeatedAdds: { unit: 'Count' },
  /** Requests to DynamoDB that were sent again, since they were throttled, failed or took too long. */
  StoreRepeats: { unit: 'Count' },
  /**
   * How much of a pool is taken: its addresses that are held or cool, or, where blocks belong to nodes, its blocks that do. Of all
   * pools together (its maximum is the fullest one), and of the largest pools each.
   */
  PoolUse: { unit: 'Percent', by: 'pool' },
  /** Where blocks belong to nodes: how many a node could still claim. */
  FreeBlocks: { unit: 'Count', by: 'pool' },
  /**
   * Days until a pool is full at the earliest, at most as many as a forecast looks ahead: of the largest pools each, and of these
   * and the fullest ones together (its minimum is the next one). None where nothing can be foreseen yet.
   */
  DaysUntilFull: { unit: 'Count', by: 'pool' },
  /** Leases of dead nodes that a run of the reclaim freed. */
  ReclaimedLeases: { unit: 'Count' },
  /** Nodes whose life was declared over, in all and by whom. Nodes that said goodbye are not among them. */
  NodesDeclaredDead: { unit: 'Count', by: 'declaredBy' },
  /** Deaths that a run of the reclaim looked at, or had to. */
  DeadNodes: { unit: 'Count' },
  /** Those of them for which its time did not suffice. */
  WaitingDeaths: { unit: 'Count' },
  /** Looks at the instances of nodes that EC2 did not answer, or not rightly, and instances of which it says what cannot be. */
  EvidenceFailures: { unit: 'Count' },
  /** Events that could not be put on the bus, each time that it was tried in vain. */
  EventFailures: { unit: 'Count' },
  /** Leases by which a pool's counter was wrong, as the recount found. */
  CounterDrift: { unit: 'Count' },
} as const satisfies Record<string, MetricKind>;

/** Who may be wrong about a node's death, each in another way. */
export type DeclaredBy = 'operator' | 'evidence' | 'silence';

export type MetricName = keyof typeof metrics;
