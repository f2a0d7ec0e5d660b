import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { environment } from '../../../core/contract/environment.ts';
import { capturedMetrics } from './metric-lines.ts';

let captured: ReturnType<typeof capturedMetrics>;
let emit: typeof import('../../../functions/metrics/emit.ts').emit;
beforeAll(async () => {
  vi.stubEnv(environment.deployment, 'blue');
  captured = capturedMetrics();
  ({ emit } = await import('../../../functions/metrics/emit.ts'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const ofBlue = { namespace: 'Lessor', dimensions: { service: 'blue' } };

describe('a metric', () => {
  it('is one line at once, with its unit and the deployment’s name', () => {
    emit({ WaitingDeaths: 2, DeadNodes: 3 });
    expect(captured.read()).toEqual([
      { ...ofBlue, metric: 'WaitingDeaths', unit: 'Count', values: [2] },
      { ...ofBlue, metric: 'DeadNodes', unit: 'Count', values: [3] },
    ]);
  });

  it('has its second dimension in its own line only', () => {
    emit({ Refusals: 1 }, { code: 'pool.exhausted' });
    emit({ StoreRepeats: 1 });
    expect(captured.read().map(({ metric, dimensions }) => [metric, dimensions])).toEqual([
      ['Refusals', { service: 'blue', code: 'pool.exhausted' }],
      ['StoreRepeats', { service: 'blue' }],
    ]);
  });

  it.each([1, 99, 100, 101, 250])('has each of %i values, at most a hundred of them in a line', (count) => {
    const given = Array.from({ length: count }, (_, n) => n);
    emit({ PoolUse: given });
    const lines = captured.read();
    expect(lines.flatMap(({ values }) => values)).toEqual(given);
    expect(lines.every(({ values }) => values.length <= 100)).toBe(true);
  });

  it('of which there is no value is no line', () => {
    emit({ PoolUse: [] });
    expect(captured.read()).toEqual([]);
  });
});
