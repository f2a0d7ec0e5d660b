/** The metrics of a run of the scheduled function: what its alarms and the dashboard go by. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { environment } from '../../../core/contract/environment.ts';
import type { PoolReading } from '../../../functions/use-cases/changes/pool-reading.ts';
import { capturedMetrics } from '../metrics/metric-lines.ts';

let captured: ReturnType<typeof capturedMetrics>;
let metrics: typeof import('../../../functions/reclaim/run-metrics.ts');
beforeAll(async () => {
  vi.stubEnv(environment.deployment, 'blue');
  captured = capturedMetrics();
  metrics = await import('../../../functions/reclaim/run-metrics.ts');
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const reading = (name: string, use: number, more: Partial<PoolReading> = {}): PoolReading => ({
  id: name,
  vrf: 'default',
  name,
  held: 1,
  use,
  taken: 1,
  capacity: 1,
  isLarge: false,
  ...more,
});
const emitted = () =>
  captured
    .read()
    .map(({ metric, dimensions: { pool, declaredBy }, values }) => [
      metric,
      ...[pool, declaredBy].filter((one) => one !== undefined),
      ...values,
    ]);

it('A run tells how many nodes were dead, what it freed, and what it had no time for', () => {
  const swept = (freed: number) => ({ node: 'i-1', incarnation: 1, freed });
  metrics.emitReclaim({ nodes: [swept(3), swept(4)], waiting: 5 });
  expect(emitted()).toEqual([
    ['ReclaimedLeases', 7],
    ['DeadNodes', 7],
    ['WaitingDeaths', 5],
  ]);
});

it('A run tells how many nodes it declared dead for silence, in all and by whom, and of none nothing', () => {
  const death = { node: 'rack-1', incarnation: 1, reason: 'silent', declaredBy: 'silence', declaredAt: 1, freed: 0 };
  metrics.tellSilence({ clusters: [], deaths: [death, { ...death, node: 'rack-2' }] });
  expect(emitted()).toEqual([
    ['NodesDeclaredDead', 2],
    ['NodesDeclaredDead', 'silence', 2],
  ]);
  metrics.tellSilence({ clusters: [], deaths: [] });
  expect(emitted()).toEqual([]);
});

it('A recount tells the use of all pools in one line, and of large ones each; drift only once, not by namespace again', () => {
  const corrected = [
    { pool: 'a', namespace: 'shop', by: 2 },
    { pool: 'a', by: 2 },
    { pool: 'b', by: -3 },
  ];
  const pools = [reading('a', 0.25), reading('b', 0.9999, { isLarge: true, freeBlocks: 7 })];
  metrics.emitRecount({ recounted: 2, corrected }, pools);
  expect(emitted()).toEqual([
    ['CounterDrift', 5],
    ['PoolUse', 25, 99.9],
    ['PoolUse', 'default/b', 99.9],
    ['FreeBlocks', 'default/b', 7],
  ]);
});

it('A run that recounted no pool tells nothing of pools: no value is not a value of 0', () => {
  metrics.emitRecount({ recounted: 0, corrected: [] }, []);
  expect(emitted()).toEqual([]);
});

it('The log of a run names the fullest pools', () => {
  expect(metrics.fullest([reading('a', 0.25), reading('b', 0.5)])).toEqual([
    { pool: 'default/b', usePercent: 50, held: 1 },
    { pool: 'default/a', usePercent: 25, held: 1 },
  ]);
});
