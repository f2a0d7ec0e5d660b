/** From the schedule to the answer: samples in the real table, written by the deployed function with its own rights, and the route that goes by them. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { type Operator, operatorClient } from '../../../local/demo/operator.ts';
import { type LocalStack, startStack } from '../../../local/stack/stack.ts';
import { emittedIn } from '../../functions/metrics/metric-lines.ts';
import { askAt } from '../../support/asking.ts';
import { countersDue, sampledBefore, samplesOf } from './past-samples.ts';

const HOUR = 3_600_000;
let stack: LocalStack;
let operator: Operator;
let id: string;

beforeAll(async () => {
  stack = await startStack({ settings: { countWithinSeconds: 1 } });
  operator = operatorClient(stack.endpoint, stack.region, stack.operator);
  const range = { subnet: '10.9.0.0/24', rangeStart: '10.9.0.10', rangeEnd: '10.9.0.109' };
  id = (await operator.ask('createPool', { body: { name: 'blue', ranges: [[range]] } })).pool.id;
  for (const n of [1, 2, 3]) {
    const { status } = await askAt(stack, stack.nodes[0], 'POST', routes.allocate.path, {
      attachment: { network: 'n', containerId: `c${n}`, ifname: 'eth0' },
      nonce: n.toString(16).padStart(32, '0'),
      attempt: 1,
      boot: 'boot-1',
      pool: { name: 'blue' },
    });
    expect(status).toBe(200);
  }
}, 120_000);
afterAll(() => stack?.stop());

const forecast = () => operator.ask('forecast', { path: { pool: 'blue' } });

describe('the forecast of a pool', () => {
  it('is unknown before anything was sampled', async () => {
    expect(await forecast()).toMatchObject({ unknown: 'too-few-samples', capacity: '100', samples: { count: 0 } });
  });

  it('goes by one sample an hour, though the function runs twice at once', async () => {
    const hour = () => Math.floor(Date.now() / HOUR);
    await countersDue(stack, 1);
    const before = hour();
    await Promise.all([stack.runSchedule(), stack.runSchedule()]);
    const hours = (await samplesOf(stack, id)).map(({ at }) => at / HOUR);
    expect(new Set(hours).size).toBe(hours.length);
    // Two, where the hour ended meanwhile.
    for (const one of hours) expect([before, hour()]).toContain(one);
    expect(await forecast()).toMatchObject({ used: 3, unknown: 'too-few-samples', samples: { count: hours.length } });
  });

  it('says when the pool is full once there are weeks of samples, in the answer and as a metric', async () => {
    await sampledBefore(stack, id, { days: 30, taken: (daysAgo) => 61 - 2 * daysAgo });
    const found = await forecast();
    expect(found.perDay).toBeGreaterThan(1.5);
    expect(Date.parse(found.fullAt?.expected ?? '')).toBeGreaterThan(Date.now());
    await countersDue(stack, 1);
    await stack.runSchedule();
    const metrics = () => emittedIn(stack.functionLogs('reclaim')).filter(({ metric }) => metric === 'DaysUntilFull');
    await vi.waitFor(
      () => expect(metrics().map(({ dimensions: { pool } }) => pool)).toEqual([undefined, 'default/blue']),
      {
        timeout: 20_000,
      },
    );
    for (const { values } of metrics()) for (const days of values) expect(days).toBeLessThanOrEqual(90);
  });
});

it('The samples have a time at which the table deletes them', async () => {
  for (const { ttl } of await samplesOf(stack, id)) expect(ttl).toBeGreaterThan(Date.now() / 1000);
});
