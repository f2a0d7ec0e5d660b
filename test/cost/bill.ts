/** From what was measured to a bill, line by line. */
import { STREAM_LAG_MS } from '../../functions/use-cases/changes/recount.ts';
import type { Costs } from '../budgets/meter.ts';
import type { Deployment } from './deployment.ts';
import type { Measured } from './measured.ts';
import type { Prices } from './prices.ts';
import { leasesMeasured, leasesTold } from './setting.ts';

/** Of a million pods: an ADD and a DEL each. */
export interface Line {
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  readonly price: (prices: Prices) => number;
}

const PODS = 1_000_000;
const MILLION = 1_000_000;
/** A new table on demand takes 4,000 write units a second: 4 partitions of 1,000 each, each with a shard of the stream. */
export const SHARDS = 4;
/**
 * Milliseconds of warm invocations at 1,024 MB: some of processor time (docs/functions.md), and 4 for each answer of DynamoDB that
 * is waited for. An invocation of `changes` waits for its counter and for 16 of its other writes at once.
 */
const REQUEST_MS = 12;
/** Of a batch eight leases are written at once. */
const batchMs = (leases: number): number => REQUEST_MS + 1.5 * (leases - 1) + 4 * (Math.ceil(leases / 8) - 1);
const countingMs = ({ requests }: Costs): number => 6 + 0.3 * requests + 4 * (1 + Math.ceil((requests - 1) / 16));
/** CloudWatch Logs counts these for each event beside its text. */
const EVENT_BYTES = 26;

/** How many changes an invocation of `changes` gets: it begins to gather with the first one. */
export function changesInBatch({ window, batch }: Pick<Deployment, 'window' | 'batch'>, podsASecond: number): number {
  const ofShard = (2 * podsASecond) / SHARDS;
  return Math.min(batch, 1 + Math.floor(window * ofShard));
}

export function counting(measured: Measured, deployment: Deployment, podsASecond: number): Line[] {
  const changes = changesInBatch(deployment, podsASecond);
  const cost = measured.counting[changes];
  if (cost === undefined) throw new Error(`A batch of ${changes} changes was not measured: npm run cost -- --write`);
  const invocations = (2 * PODS) / changes;
  return [
    millions('counting: write units', invocations * cost.writeUnits, ({ writeUnits }) => writeUnits),
    millions('counting: invocations', invocations, ({ lambdaRequests }) => lambdaRequests),
    memory('counting: memory', invocations * countingMs(cost), deployment),
  ];
}

/** As `ofPods`, where nodes lease by themselves and tell of it afterwards. */
export function ofDelegatedPods(
  measured: Measured,
  deployment: Deployment,
  podsASecond: number,
  tellWithinSeconds: number,
): Line[] {
  const told = leasesTold(podsASecond, tellWithinSeconds);
  const cost = measured.delegated[podsASecond]?.[leasesMeasured(told)];
  if (cost === undefined) throw new Error(`Batches of ${told} leases were not measured: npm run cost -- --write`);
  const batches = (2 * PODS) / told;
  return [...requestsOf(batches, batchMs(told), cost, deployment), ...counting(measured, deployment, podsASecond)];
}

export function ofPods(measured: Measured, deployment: Deployment, podsASecond: number): Line[] {
  const cost = measured.pods[podsASecond];
  if (cost === undefined) throw new Error(`${podsASecond} pods a second were not measured: npm run cost -- --write`);
  return [...requestsOf(2 * PODS, REQUEST_MS, cost, deployment), ...counting(measured, deployment, podsASecond)];
}

/** @param cost of a pod */
function requestsOf(requests: number, milliseconds: number, cost: Costs, deployment: Deployment): Line[] {
  const logGb = (requests * (deployment.accessLogBytes + EVENT_BYTES)) / 1024 ** 3;
  return [
    millions('API Gateway: requests', requests, ({ apiRequests }) => apiRequests),
    millions('Lambda: requests', requests, ({ lambdaRequests }) => lambdaRequests),
    memory('Lambda: memory', requests * milliseconds, deployment),
    millions('DynamoDB: write units', PODS * cost.writeUnits, ({ writeUnits }) => writeUnits),
    millions('DynamoDB: read units', PODS * cost.readUnits, ({ readUnits }) => readUnits),
    { what: 'access log', quantity: logGb, unit: 'GB', price: (prices) => logGb * prices.logGb },
  ];
}

/** A month of 30 days, without a single pod. */
export function ofMonth({ alarms, memoryMb, window }: Deployment, metrics: number): Line[] {
  const runs = 30 * 24 * 12;
  // A run is over in some tenths of a second; one that recounts waits in between until all is counted.
  const seconds = runs * 0.3 + 30 * 24 * (window + STREAM_LAG_MS / 1000 + 1);
  const each = (what: string, quantity: number, of: 'metric' | 'alarm' | 'dashboard'): Line => ({
    what,
    quantity,
    unit: '',
    price: (prices) => quantity * prices[of],
  });
  return [
    each('alarms', alarms, 'alarm'),
    each('metrics of its own', metrics, 'metric'),
    each('dashboard', 1, 'dashboard'),
    memory('reclaim, every 5 minutes', seconds * 1000, { memoryMb }),
  ];
}

const millions = (what: string, quantity: number, of: (prices: Prices) => number): Line => ({
  what,
  quantity: quantity / MILLION,
  unit: 'million',
  price: (prices) => (quantity / MILLION) * of(prices),
});

function memory(what: string, milliseconds: number, { memoryMb }: Pick<Deployment, 'memoryMb'>): Line {
  const gbSeconds = (milliseconds / 1000) * (memoryMb / 1024);
  return { what, quantity: gbSeconds, unit: 'GB s', price: (prices) => gbSeconds * prices.lambdaGbSecond };
}

export const sum = (lines: readonly Line[], prices: Prices): number =>
  lines.reduce((dollars, { price }) => dollars + price(prices), 0);
