/** How long changes of leases wait to be counted: shorter where quotas, which go by the counters, are known when the template is written. */
import { expect, it } from 'vitest';
import { environment } from '../../core/contract/environment.ts';
import type { StackSettings } from '../../infra/settings.ts';
import { deployment, templateOf } from './deployments.ts';

function windowOf(settings: Partial<StackSettings>) {
  const template = templateOf(deployment({ Lessor: { nodeRoles: { nodes: {} }, ...settings } }), 'Lessor');
  const windows = template
    .ofType('AWS::Lambda::EventSourceMapping')
    .flatMap(([, { Properties }]) => Properties.MaximumBatchingWindowInSeconds ?? []);
  const told = template
    .ofType('AWS::Lambda::Function')
    .flatMap(([, { Properties }]) => Properties.Environment?.Variables?.[environment.countWithin] ?? []);
  return { windows, told: [...new Set(told)] };
}

const blue = { name: 'blue', ranges: [[{ subnet: '10.1.0.0/16' }]] };

it('Changes wait a minute, ten seconds where a declared pool has a quota, and else as long as the deployment says', () => {
  const waits = (seconds: number) => ({ windows: [seconds], told: [String(seconds)] });
  expect(windowOf({})).toEqual(waits(60));
  expect(windowOf({ pools: [blue] })).toEqual(waits(60));
  expect(windowOf({ pools: [blue, { ...blue, vrf: 'red', quota: 5 }] })).toEqual(waits(10));
  expect(windowOf({ pools: [{ ...blue, quotas: { shop: 5 } }] })).toEqual(waits(10));
  expect(windowOf({ pools: [{ ...blue, quota: 5 }], countWithinSeconds: 1 })).toEqual(waits(1));
});
