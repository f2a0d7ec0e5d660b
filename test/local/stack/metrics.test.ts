/** What alarms and dashboard look at, the functions really emit: the whole stack runs, and its logs are read as CloudWatch reads them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FORECAST_DAYS } from '../../../core/contract/limits.ts';
import { METRICS_NAMESPACE } from '../../../core/contract/metrics.ts';
import { routes } from '../../../core/contract/routes.ts';
import { app } from '../../../infra/synthesize.ts';
import type { Fault } from '../../../local/aws/dynamodb-wire.ts';
import type { Identity } from '../../../local/aws/identities.ts';
import { type Operator, operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { type Emitted, emittedIn } from '../../functions/metrics/metric-lines.ts';
import { alarmMetrics, dashboardMetrics, type Resources, type WatchedMetric } from '../../infra/watched-metrics.ts';
import { askAt } from '../../support/asking.ts';
import { countersDue, sampledBefore } from './past-samples.ts';

const assembly = mkdtempSync(join(tmpdir(), 'lessor-metrics-test-'));
let stack: LocalStack;
let operator: Operator;
let emitted: Emitted[];
let all: WatchedMetric[];

beforeAll(async () => {
  all = watched();
  stack = await startStack();
  operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  await causeEverything();
  const functions = ['allocate', 'release', 'operate', 'reclaim', 'changes', 'evidence'];
  emitted = functions.flatMap((name) => emittedIn(stack.functionLogs(name)));
});
afterAll(async () => {
  rmSync(assembly, { recursive: true });
  await stack?.stop();
});

const attachment = (containerId: string) => ({ network: 'n', containerId, ifname: 'eth0' });
const nonce = '0123456789abcdef0123456789abcdef';
const add = (node: Identity, pool: string, containerId: string, attempt = 1) =>
  askAt(stack, node, 'POST', routes.allocate.path, {
    attachment: attachment(containerId),
    nonce,
    attempt,
    boot: 'boot-1',
    pool: { name: pool },
  });

/** The next request of `allocate` to DynamoDB, and no other one. */
function onceOfAllocate(answer: ReturnType<Fault>): void {
  stack.wire.fault(async ({ function: name }, forward) => {
    if (name !== 'allocate') return forward();
    stack.wire.fault(undefined);
    return answer;
  });
}

const denied = {
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Buffer.from(JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', message: 'no right' })),
};

/** Whatever is watched happens once. */
async function causeEverything(): Promise<void> {
  const [one, other] = stack.nodes;
  const tiny = { name: 'tiny', ranges: [[{ subnet: '10.8.0.0/30' }]] };
  const { pool } = await operator.ask('createPool', { body: tiny });
  await operator.ask('createPool', {
    body: { name: 'owned', ranges: [[{ subnet: '10.9.0.0/24' }]], affinity: 'node' },
  });
  const { body } = await add(one, 'owned', 'a');
  expect((await add(one, 'tiny', 'b', 2)).status).toBe(200);
  expect((await add(other, 'tiny', 'c')).body.code).toBe('pool.exhausted');
  onceOfAllocate(Promise.resolve(undefined));
  expect((await add(one, 'owned', 'd')).status).toBe(200);
  onceOfAllocate(Promise.resolve(denied));
  expect((await add(one, 'owned', 'e')).body.code).toBe('service.fault');
  const report = { attachment: attachment('f'), nonce, boot: 'boot-1', slot: body.slot, generation: 1 };
  stack.events.bus.fault(true);
  expect((await askAt(stack, one, 'POST', routes.report.path, report)).body.code).toBe('lease.lost');
  stack.events.bus.fault(false);
  await sampledBefore(stack, pool.id, { days: FORECAST_DAYS.measured + 1, taken: () => 1 });
  await operator.ask('declareDeath', { body: { node: one.nodeId ?? '', reason: 'it burned', alsoIfAlive: true } });
  await countersDue(stack, 2);
  await stack.runSchedule();
  await stack.runSchedule('evidence');
  // Its thread's output comes after its answer.
  await vi.waitFor(() => expect(stack.functionLogs('reclaim').join('\n')).toContain('fullest'), { timeout: 20_000 });
  await vi.waitFor(() => expect(stack.functionLogs('evidence').join('\n')).toContain('neverSeen'), { timeout: 20_000 });
}

function watched(): WatchedMetric[] {
  app({ Lessor: { nodeRoles: 'none' } }, assembly).synth();
  const resources: Resources = JSON.parse(readFileSync(join(assembly, 'Lessor.template.json'), 'utf8')).Resources;
  return [...alarmMetrics(resources), ...dashboardMetrics(resources)];
}

const isOf = ({ metric, dimensions }: WatchedMetric) => {
  const names = Object.keys(dimensions).sort();
  return (one: Emitted) =>
    one.namespace === METRICS_NAMESPACE &&
    one.metric === metric &&
    Object.keys(one.dimensions).sort().join() === names.join() &&
    names.every((name) => dimensions[name] === undefined || dimensions[name] === one.dimensions[name]);
};

/** Those of our own that no function emits, as text. */
const unheard = (of: readonly WatchedMetric[]): string[] =>
  of
    .filter(({ namespace }) => namespace === METRICS_NAMESPACE)
    .filter((one) => !emitted.some(isOf(one)))
    .map(({ metric, dimensions }) => `${metric} of ${Object.entries(dimensions).join(' and ')}`);

/** What AWS publishes by itself (Lambda and API Gateway developer guides, "CloudWatch metrics"; DynamoDB, "Metrics and dimensions"). */
const OF_AWS: Readonly<Record<string, RegExp>> = {
  'AWS/Lambda':
    /^(Invocations|Errors|Throttles|Duration|IteratorAge|ConcurrentExecutions|ProvisionedConcurrencySpilloverInvocations)$/,
  'AWS/ApiGateway': /^(Count|4xx|5xx|Latency)$/,
  'AWS/DynamoDB':
    /^(ConsumedReadCapacityUnits|ConsumedWriteCapacityUnits|ProvisionedReadCapacityUnits|ProvisionedWriteCapacityUnits|ReadThrottleEvents|WriteThrottleEvents|SuccessfulRequestLatency|SystemErrors)$/,
};

describe('each metric that an alarm or the dashboard names', () => {
  it('is emitted, with just these dimensions', () => {
    expect(all.filter(({ namespace }) => namespace === METRICS_NAMESPACE).length).toBeGreaterThan(10);
    expect(unheard(all)).toEqual([]);
  });

  it('would be missed if it were spelled otherwise, or had another dimension', () => {
    const one = {
      namespace: METRICS_NAMESPACE,
      metric: 'Refusals',
      dimensions: { service: 'Lessor', code: 'pool.exhausted' },
    };
    expect(unheard([one])).toEqual([]);
    expect(unheard([{ ...one, metric: 'Refusal' }])).toHaveLength(1);
    expect(unheard([{ ...one, dimensions: { service: 'Lessor' } }])).toHaveLength(1);
    expect(unheard([{ ...one, dimensions: { ...one.dimensions, service: 'Another' } }])).toHaveLength(1);
  });

  it('is AWS’s own otherwise', () => {
    const others = all.filter(({ namespace }) => namespace !== METRICS_NAMESPACE);
    const unknown = others.filter(({ namespace, metric }) => OF_AWS[namespace]?.test(metric) !== true);
    expect(unknown).toEqual([]);
  });
});

describe('the functions', () => {
  it('write no line of metrics for an ordinary request', () => {
    const names = emittedIn(stack.functionLogs('allocate')).map(({ metric, dimensions: { code } }) => code ?? metric);
    // A machine that is busy asks again more often.
    const once = names.filter((name) => name !== 'StoreRepeats');
    expect(once).toEqual(['RepeatedAdds', 'pool.exhausted', 'service.fault', 'EventFailures', 'lease.lost']);
  });
});
