/** What operators and nodes may write: ranges that pods can have, namespaces that there can be, names that can be shown. */

import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { allocateRequest } from '../../../../core/contract/lease.ts';
import { poolDefinition, poolInput, poolPatch } from '../../../../core/contract/pool.ts';
import { change, create } from '../../pool-requests.ts';
import { add, addOf, refusalOf, world } from '../../world.ts';

const pool = (subnet: string) => ({ ranges: [[{ subnet }]] });

describe('ranges', () => {
  it.each([
    ['127.0.0.0/8', '127.0.0.0/8', 'loopback'],
    ['127.9.0.0/16', '127.0.0.0/8', 'loopback'],
    ['224.0.0.0/24', '224.0.0.0/4', 'multicast'],
    ['239.1.2.0/24', '224.0.0.0/4', 'multicast'],
    ['0.0.0.0/8', '0.0.0.0/8', '"this network"'],
    ['0.0.0.0/1', '0.0.0.0/8', '"this network"'],
    ['ff02::/64', 'ff00::/8', 'multicast'],
    ['::/120', '::1/128', 'loopback'],
  ])('%s are refused, since no pod can be reached there', async (subnet, part, is) => {
    const here = world();
    for (const dryRun of [false, true]) {
      const refusal = await refusalOf(create(here.environment(), pool(subnet), dryRun));
      expect(refusal).toMatchObject({
        code: 'request.invalid',
        message: expect.stringContaining(`${part}, which is ${is}`),
      });
      expect(refusal.message).toContain('Leave these addresses out of the range');
    }
    const inline = addOf(1, { pool: { vrf: 'default', name: 'inline', ...pool(subnet) } });
    expect((await refusalOf(add(here.environment(), 'i-1', inline))).message).toContain(`${part}, which is ${is}`);
  });

  it('with the last address of all are refused', async () => {
    const ranges = [[{ subnet: '255.255.255.0/24', rangeEnd: '255.255.255.255' }]];
    expect((await refusalOf(create(world().environment(), { ranges }))).message).toContain('limited broadcast');
  });

  it.each([
    ['169.254.172.0/22', 'link-local'],
    ['fe80::/64', 'link-local'],
    ['240.0.0.0/16', 'reserved'],
  ])('%s are taken, with a warning', async (subnet, is) => {
    const here = world();
    const { created, warnings } = await create(here.environment(), pool(subnet));
    expect([created, warnings]).toEqual([true, [expect.stringContaining(is)]]);
  });

  it.each(['10.0.0.0/8', '192.0.2.0/24', '198.51.100.0/24', '100.64.0.0/10', 'fd00::/48', '2001:db8::/64'])(
    '%s are taken without one',
    async (subnet) => {
      const { warnings } = await create(world().environment(), pool(subnet));
      expect(warnings).toBeUndefined();
    },
  );

  it('are looked at where a pool grows, but not those that it has', async () => {
    const here = world();
    const deps = here.environment();
    await create(deps, pool('10.1.0.0/24'));
    const grown = (subnet: string) => ({ ranges: [[{ subnet: '10.1.0.0/24' }, { subnet }]] });
    expect((await refusalOf(change(deps, grown('127.0.0.0/24')))).message).toContain('loopback');
    expect((await change(deps, grown('169.254.1.0/24'))).warnings).toHaveLength(1);
    expect((await change(deps, { order: 3 })).warnings).toBeUndefined();
  });
});

describe('namespaces', () => {
  const refusedAs = (input: unknown, of: z.core.$ZodType) => z.safeParse(of, input).error?.issues[0]?.message;
  const whole = (over: object) => ({ name: 'blue', ranges: [[{ subnet: '10.1.0.0/24' }]], ...over });

  it.each([
    ['a pool', { namespaces: ['Shop'] }],
    ['a reservation', { reservations: [{ name: 'db', addresses: ['10.1.0.5'], namespace: 'SHOP' }] }],
    ['a namespace with a dot', { namespaces: ['a.b'] }],
    ['a long one', { namespaces: ['a'.repeat(64)] }],
  ])('of %s that no pod can be of are refused, with the reason', (_, over) => {
    for (const [schema, input] of [
      [poolInput, whole(over)],
      [poolPatch, over],
    ] as const) {
      expect(z.safeParse(schema, input).success).toBe(false);
      if (!JSON.stringify(over).includes('aaa')) expect(refusedAs(input, schema)).toContain('RFC 1123');
    }
  });

  it('of quotas likewise', () => {
    expect(z.safeParse(poolInput, whole({ quotas: { Shop: 3 } })).success).toBe(false);
    expect(z.safeParse(poolPatch, { quotas: { 'shop-2': 3 } }).success).toBe(true);
  });

  it('that are stored already are read as they are', async () => {
    const here = world();
    const { pool: stored } = await create(here.environment());
    expect(z.parse(poolDefinition, { ...stored, namespaces: ['Shop'], quotas: { Shop: 3 } }).namespaces).toEqual([
      'Shop',
    ]);
  });
});

describe('control characters', () => {
  it.each([
    ['a pod’s name', { pod: { namespace: 'shop', name: 'web\u0000' } }],
    ['a pod’s namespace', { pod: { namespace: 'shop\n', name: 'web' } }],
    ['a label', { labels: { 'kind\u0007': 'gpu' } }],
    ['a label’s value', { labels: { kind: '\u0000' } }],
    ['a container id', { attachment: { network: 'blue', containerId: 'a\u0000', ifname: 'eth0' } }],
  ])('in %s are refused', (_, over) => {
    expect(z.safeParse(allocateRequest, addOf(1)).success).toBe(true);
    expect(z.safeParse(allocateRequest, { ...addOf(1), ...over }).success).toBe(false);
  });

  it('in a pool’s labels and reservations are refused', () => {
    expect(z.safeParse(poolPatch, { nodeLabels: { a: '\u0000' } }).success).toBe(false);
    const reservations = [{ name: 'db', addresses: ['10.1.0.5'], namespace: 'shop', pod: 'db\u0000' }];
    expect(z.safeParse(poolPatch, { reservations }).success).toBe(false);
  });
});

describe('a change of quotas', () => {
  it('says of each namespace what it has now, and which has lost its own', async () => {
    const deps = world().environment();
    await create(deps, { quota: 9, quotas: { shop: 3, bank: 4, constructor: 5 } });
    const { effects, pool: after } = await change(deps, { quotas: { bank: 6, mail: 1 } });
    expect(effects).toEqual([
      "namespace constructor loses its own quota of 5, since quotas replaces all that there was: the pool's quota of 9 counts for it",
      "namespace shop loses its own quota of 3, since quotas replaces all that there was: the pool's quota of 9 counts for it",
      'the quota of namespace bank changes from 4 to 6',
      'namespace mail has a quota of 1 of its own',
    ]);
    expect(after.quotas).toEqual({ bank: 6, mail: 1 });
    expect((await change(deps, { quota: null, quotas: {} }, { dryRun: true })).effects).toContain(
      'namespace bank loses its own quota of 6, since quotas replaces all that there was: it has no limit now',
    );
    expect((await change(deps, { quotas: { mail: 1, bank: 6 } })).effects).toEqual(['nothing changes']);
  });
});
