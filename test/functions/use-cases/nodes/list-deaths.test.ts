/** The list of declared deaths, page by page. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { listDeathsQuery, listDeathsResult } from '../../../../core/contract/nodes.ts';
import { declareDeath, listDeaths } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { add, addOf, callOf, START, world } from '../../world.ts';

const asked = (query: Record<string, string> = {}) => z.parse(listDeathsQuery, query);

describe('the list of deaths', () => {
  it('has 25,000 of them in pages of at most 1 MB, the latest first, each once', async () => {
    const here = world();
    // Each character takes as many bytes in JSON as one can.
    const record = { incarnation: 1, reason: '\u0000'.repeat(500), declaredBy: `user/${'a'.repeat(2000)}`, freed: 0 };
    for (let n = 0; n < 25_000; n += 1) {
      const node = `${n}-${'x'.repeat(250)}`;
      await here.store.nodes.recordDeath({ ...record, node, declaredAt: START + Math.floor(n / 3) });
    }
    const times: string[] = [];
    const nodes = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await listDeaths(here.environment(), asked({ limit: '100', ...(cursor ? { cursor } : {}) }));
      expect(JSON.stringify(z.parse(listDeathsResult, page)).length).toBeLessThan(1_000_000);
      expect(page.deaths.length).toBe(100);
      for (const death of page.deaths) nodes.add(death.node);
      times.push(...page.deaths.map(({ declaredAt }) => declaredAt));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect([times.length, nodes.size]).toEqual([25_000, 25_000]);
    expect(times).toEqual(times.toSorted().reverse());
  }, 60_000);

  it('has 50 of them where no limit is given', async () => {
    const here = world();
    for (let n = 0; n < 60; n += 1) {
      const record = { node: `i-${n}`, incarnation: 1, reason: 'it burned', declaredBy: 'user/ann', freed: 0 };
      await here.store.nodes.recordDeath({ ...record, declaredAt: START + n });
    }
    const { deaths, nextCursor } = await listDeaths(here.environment(), asked());
    expect([deaths.length, deaths[0]?.node, nextCursor]).toEqual([50, 'i-59', expect.any(String)]);
    const rest = await listDeaths(here.environment(), asked({ cursor: String(nextCursor) }));
    expect([rest.deaths.length, rest.nextCursor]).toEqual([10, undefined]);
  });

  it('has of one node its last death, or none', async () => {
    const here = world();
    const lease = (boot: string) => add(here.environment(), 'i-1', addOf(1, { boot }));
    const die = () =>
      declareDeath(here.environment(), callOf('user/ann'), { node: 'i-1', reason: 'it burned', alsoIfAlive: true });
    await lease('boot-1');
    const of = (node: string) => listDeaths(here.environment(), asked({ node }));
    expect([await of('i-1'), await of('i-2')]).toEqual([{ deaths: [] }, { deaths: [] }]);
    await die();
    here.clock.now += 1000;
    await lease('boot-2');
    const last = await die();
    expect(last.incarnation).toBe(2);
    expect(await of('i-1')).toEqual({ deaths: [last] });
  });

  it.each(['', 'x', '!', '1#i-1', `${'0'.repeat(15)}#${'x'.repeat(260)}`])('refuses the cursor %s', (cursor) => {
    expect(z.safeParse(listDeathsQuery, { cursor }).success).toBe(false);
  });
});
