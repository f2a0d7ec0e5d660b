/** A quota is as strict as the counters are up to date, and an operator who sets one is told how much that is. */
import { describe, expect, it } from 'vitest';
import { change, create } from '../../pool-requests.ts';
import { world } from '../../world.ts';

const warned = [expect.stringContaining('quota: leases are counted within 10 s here')];
const late = () => world(undefined, { countWithinSeconds: 10 }).environment();

it('says so where a pool with a quota is created, and where a pool gets one', async () => {
  const deps = late();
  expect((await create(deps, { name: 'one', quota: 5 })).warnings).toEqual(warned);
  expect((await create(deps, { ranges: [[{ subnet: '10.2.0.0/24' }]], quotas: { shop: 0 } })).warnings).toEqual(warned);
  expect((await change(deps, { quota: 7 })).warnings).toEqual(warned);
});

it('says nothing of other pools and other changes, nor where leases are counted at once', async () => {
  const deps = late();
  expect((await create(deps)).warnings).toBeUndefined();
  expect((await change(deps, { order: 3 })).warnings).toBeUndefined();
  expect((await change(deps, { quota: null })).warnings).toBeUndefined();
  expect((await create(world().environment(), { quota: 5 })).warnings).toBeUndefined();
});

describe('a quota beside addresses that are kept', () => {
  const keeps = [expect.stringContaining('released addresses are kept for up to 3600 s here')];
  const strict = () => world().environment();

  it.each([['identitySeconds'], ['stickySeconds']])(
    'by %s is warned of, whichever of the two comes last',
    async (field) => {
      const kept = { [field]: 3600 };
      expect((await create(strict(), { quota: 5, ...kept })).warnings).toEqual(keeps);
      const deps = strict();
      expect((await create(deps, kept)).warnings).toBeUndefined();
      expect((await change(deps, { quotas: { shop: 3 } })).warnings).toEqual(keeps);
      expect((await change(deps, { order: 3 })).warnings).toBeUndefined();
      expect((await change(deps, { quotas: {} })).warnings).toBeUndefined();
      await change(deps, { [field]: 0, quota: 1 });
      expect((await change(deps, kept)).warnings).toEqual(keeps);
    },
  );

  it('is nobody else’s business in a pool of one namespace', async () => {
    const deps = strict();
    expect((await create(deps, { quota: 5, identitySeconds: 3600, namespaces: ['shop'] })).warnings).toBeUndefined();
    expect((await change(deps, { namespaces: ['shop', 'bank'] })).warnings).toEqual(keeps);
  });
});
