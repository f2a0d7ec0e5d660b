/**
 * Every alarm: at what value it goes off, and why there. Each goes by one metric: arithmetic between metrics costs as many alarms as
 * there are metrics, and no simulation of AWS knows it.
 */
import { Duration } from 'aws-cdk-lib';
import { type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { own, PERIOD, type Watched } from './watched.ts';

export interface Alarm {
  /** Kebab-case. Its page is docs/runbooks/<name>.md. */
  readonly name: string;
  /** One of several alarms of that name: the function that it looks at. */
  readonly of?: string;
  /** What it means, and why it goes off at this value: what whoever is woken by it reads first. */
  readonly why: string;
  readonly metric: Metric;
  /** It goes off at this value and above, or below it where it says so. */
  readonly threshold: number;
  readonly isBelow?: true;
  /** In so many of the last so many periods; in one if left out. */
  readonly periods?: readonly [breaching: number, of: number];
  /** No value is no trouble, unless it says otherwise. */
  readonly missing?: TreatMissingData;
}

const sum = { period: PERIOD, statistic: 'Sum' };

/** The API and the functions behind it. */
const ofRequests = ({ functions, api }: Watched): Alarm[] => {
  const { allocate, release, operate, changes } = functions;
  return [
    {
      name: 'api-errors',
      why: 'At least 1 % of all requests are answered with 5xx, for 10 of 15 minutes. A node repeats a request for 20 s, so that single errors delay a pod and fail none; what lasts so long fails some.',
      metric: api.metrics.serverErrors({ period: PERIOD, statistic: 'Average' }),
      threshold: 0.01,
      periods: [2, 3],
    },
    ...Object.entries({ allocate, release, operate }).map(([of, lambda]) => ({
      name: 'function-errors',
      of,
      why: `${of} ended without an answer. It answers each refusal and each fault, so this is a time-out, a lack of memory, or code that cannot be loaded: one is too many.`,
      metric: lambda.metricErrors(sum),
      threshold: 1,
    })),
    ...Object.entries({ allocate, release, operate, changes }).map(
      ([of, lambda]): Alarm => ({
        name: 'function-throttled',
        of,
        why: `Lambda refused to run ${of}, for 10 of 15 minutes: the concurrency that the account or the function has is used up. A short burst passes by the repeats of the nodes.`,
        metric: lambda.metricThrottles(sum),
        threshold: 1,
        periods: [2, 3],
      }),
    ),
    {
      name: 'slow-adds',
      why: 'One request in a hundred takes allocate 2 s or more, for 15 minutes: half of the 4 s that a node waits before it asks again. A warm ADD is one write of some milliseconds.',
      metric: allocate.metricDuration({ period: PERIOD, statistic: 'p99' }),
      threshold: 2_000,
      periods: [3, 3],
    },
  ];
};

/** Refusals of which one is enough, and repeats, of which many are. */
const ofStore = (watched: Watched): Alarm[] => [
  {
    name: 'service-fault',
    why: 'The service failed at a request: a mistake in it or in its deployment, as a right that a role lacks. The same request fails again, and nodes do not go on by themselves, so that one is enough.',
    metric: own(watched, 'Refusals', { code: 'service.fault' }),
    threshold: 1,
  },
  {
    name: 'pool-exhausted',
    why: 'A pod was refused an address because every one is held, proved by reading every block: it does not start. One is enough, since each repeat is refused until somebody makes room.',
    metric: own(watched, 'Refusals', { code: 'pool.exhausted' }),
    threshold: 1,
  },
  {
    name: 'address-lost',
    why: 'A container runs with an address that is not its own any more, and another pod may have the same one. One is an outage of two pods.',
    metric: own(watched, 'Refusals', { code: 'lease.lost' }),
    threshold: 1,
  },
  {
    name: 'store-repeats',
    why: 'The functions had to ask DynamoDB again 300 times in 5 minutes, once a second, for 10 of 15 minutes: it throttles, fails, or takes too long. A connection that is cut now and then, even at 1,000 pods a second, is less.',
    metric: own(watched, 'StoreRepeats'),
    threshold: 300,
    periods: [2, 3],
  },
];

/** What the background functions do and find. */
const ofRuns = (watched: Watched): Alarm[] => [
  {
    name: 'reclaim-stopped',
    why: 'No run of the scheduled function ended well for 15 minutes, three of them: one that fails is made up for by the next. While it stands still, addresses of dead nodes stay held and counters are not corrected.',
    // Each run that ends well tells of itself, of no dead node too.
    metric: own(watched, 'DeadNodes', { statistic: 'SampleCount' }),
    threshold: 1,
    isBelow: true,
    periods: [3, 3],
    missing: TreatMissingData.BREACHING,
  },
  {
    name: 'deaths-waiting',
    why: 'For 15 minutes, three runs, the reclaim had no time for some dead nodes: their addresses are not free. A run has time for hundreds of nodes, and the next one goes on where it ended.',
    metric: own(watched, 'WaitingDeaths', { statistic: 'Maximum' }),
    threshold: 1,
    periods: [3, 3],
  },
  {
    name: 'mass-death',
    why: `${watched.massDeath} nodes or more were declared dead within an hour: by operators, by EC2, or for silence. Their addresses are freed and given to others. If some of them run, each of their pods shares its address with another one. The number is the deployment's massDeath: above what a day's scaling ends in an hour.`,
    metric: own(watched, 'NodesDeclaredDead', { period: Duration.hours(1) }),
    threshold: watched.massDeath,
  },
  {
    name: 'pool-filling',
    why: 'A pool is used by 85 % or more. Pools are read once an hour: one that fills in less is noticed by pool-exhausted only, and at 85 % there is as a rule a working day left. Two hours are looked at, since a reading may come 65 minutes after the last.',
    metric: own(watched, 'PoolUse', { statistic: 'Maximum', period: Duration.hours(1) }),
    threshold: 85,
    periods: [1, 2],
    missing: TreatMissingData.IGNORE,
  },
  {
    name: 'pool-full-soon',
    why: 'With a chance of one in ten or more a pool is full within 7 days, as its use of the last weeks tells: time to make room on a working day. The ten largest and the ten fullest pools are looked at, each hour, once there are three weeks of samples. One that fills faster than it ever did is noticed by pool-filling.',
    metric: own(watched, 'DaysUntilFull', { statistic: 'Minimum', period: Duration.hours(1) }),
    threshold: 7,
    isBelow: true,
    periods: [1, 2],
    missing: TreatMissingData.IGNORE,
  },
  {
    name: 'changes-behind',
    why: 'The oldest change of a lease that is not counted yet is 10 minutes old. Quotas and usage go by the counts. After an hour the recount has to find it, and after a day history has lost it.',
    metric: watched.functions.changes.metric('IteratorAge', { period: PERIOD, statistic: 'Maximum' }),
    threshold: 600_000,
  },
  {
    name: 'counters-drifted',
    why: 'The recount corrected the counters by 100 leases or more, in 2 of 3 hours. Some are corrected where much changes while it reads. So many, again and again, are changes that nobody counts, and quotas are wrong by them.',
    metric: own(watched, 'CounterDrift', { period: Duration.hours(1) }),
    threshold: 100,
    periods: [2, 3],
  },
];

/** What is told on the event bus, where there is one. */
const ofEvents = (watched: Watched): Alarm[] =>
  watched.hasEvents
    ? [
        {
          name: 'events-failing',
          why: 'An event could not be put on the bus after 4 tries. What nodes, blocks and pools do is told for a day as soon as it can be; a lost lease, or a doubt, is not told again by itself. One is enough.',
          metric: own(watched, 'EventFailures'),
          threshold: 1,
        },
      ]
    : [];

/** What EC2 says of the nodes' instances. */
const ofEvidence = (watched: Watched): Alarm[] => {
  const { evidence } = watched;
  if (evidence === undefined) return [];
  const hour = { period: Duration.hours(1) };
  return [
    {
      name: 'evidence-failing',
      why: 'EC2 did not answer the hourly question for the instances of nodes, or not rightly, after 4 tries: throttled, unreachable, a right that is missing. Nothing is freed on account of what is not known, and what events missed stays held.',
      metric: own(watched, 'EvidenceFailures', hour),
      threshold: 1,
    },
    {
      name: 'evidence-stopped',
      why: 'No hourly look at the instances of nodes ended for 3 hours. EC2 tells of a terminated instance for about an hour; what events missed meanwhile is noticed later, by its absence.',
      // Each look that ends tells of its failures, of none too.
      metric: own(watched, 'EvidenceFailures', { ...hour, statistic: 'SampleCount' }),
      threshold: 1,
      isBelow: true,
      periods: [3, 3],
      missing: TreatMissingData.BREACHING,
    },
    {
      name: 'evidence-undelivered',
      why: 'An event of EC2 about a terminated instance was put away: it could not be delivered, or EC2 did not confirm it in 5 tries. A node may be gone whose addresses are held. One is enough, since nobody looks at it again by itself.',
      metric: evidence.deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 1,
    },
  ];
};

export const alarms = (watched: Watched): readonly Alarm[] => [
  ...ofRequests(watched),
  ...ofStore(watched),
  ...ofRuns(watched),
  ...ofEvidence(watched),
  ...ofEvents(watched),
];
