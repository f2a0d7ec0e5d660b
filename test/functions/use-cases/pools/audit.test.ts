/** Who changed which pool, and declared which death. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { poolInput } from '../../../../core/contract/pool.ts';
import { LessorError } from '../../../../core/contract/problems.ts';
import type { Store } from '../../../../core/store.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import {
  changePoolAudited,
  createPoolAudited,
  deletePoolAudited,
} from '../../../../functions/use-cases/pools/audited-pools.ts';
import { auditTrail } from '../../../../functions/use-cases/questions/audit-trail.ts';
import { memoryStore } from '../../../store/memory-store.ts';
import { intercepted } from '../../intercepted.ts';
import { callOf, RANGES, refusalOf, START, world } from '../../world.ts';

const ann = callOf('user/ann');
const input = (over: object = {}) => z.parse(poolInput, { name: 'blue', ranges: RANGES, ...over });
const change = { vrf: 'default', name: 'blue', ifMatch: undefined, dryRun: false };

function deployment(store: Store = memoryStore()) {
  const here = world(store);
  const deps = here.environment();
  const trail = async () => (await auditTrail(deps, ann, {})).entries;
  return { here, deps, trail };
}

describe('the audit', () => {
  it('has who created, changed and deleted a pool, with the pool before and after', async () => {
    const { here, deps, trail } = deployment();
    const { pool: first } = await createPoolAudited(deps, ann, input(), false);
    here.clock.now += 1;
    const { pool: second } = await changePoolAudited(deps, callOf('user/bob'), change, { cooldownSeconds: 5 });
    here.clock.now += 1;
    await deletePoolAudited(deps, ann, change);
    const of = { subject: 'default/blue', outcome: 'done' };
    expect(await trail()).toEqual([
      { ...of, at: new Date(START).toISOString(), by: 'user/ann', action: 'pool.created', after: first },
      { ...of, at: expect.any(String), by: 'user/bob', action: 'pool.changed', before: first, after: second },
      { ...of, at: expect.any(String), by: 'user/ann', action: 'pool.deleted', before: second },
    ]);
  });

  it('has what was refused, no dry run, and no pool after it where nothing was changed', async () => {
    const { here, deps, trail } = deployment();
    await createPoolAudited(deps, ann, input(), true);
    await changePoolAudited(deps, ann, { ...change, dryRun: true }, {}).catch(() => undefined);
    expect(await trail()).toEqual([]);
    expect((await refusalOf(changePoolAudited(deps, ann, change, {}))).code).toBe('pool.unknown');
    here.clock.now += 1;
    await createPoolAudited(deps, ann, input(), false);
    here.clock.now += 1;
    await createPoolAudited(deps, ann, input(), false);
    expect((await trail()).map(({ action, outcome, after }) => [action, outcome, after !== undefined])).toEqual([
      ['pool.changed', 'refused', false],
      ['pool.created', 'done', true],
      ['pool.created', 'done', false],
    ]);
  });

  it('has what happened although whoever carried it out was interrupted then, as begun', async () => {
    const store = memoryStore();
    const dying = intercepted(store, async (name, args, proceed) => {
      const isNoted = name === 'recordAudit' && (args[0] as { outcome: string }).outcome !== 'begun';
      if (isNoted) throw new Error('the process is gone');
      return proceed();
    });
    const { deps } = deployment(dying);
    await createPoolAudited(deps, ann, input(), false);
    const [entry] = (await auditTrail(world(store).environment(), ann, {})).entries;
    expect(entry).toMatchObject({ action: 'pool.created', outcome: 'begun', by: 'user/ann' });
  });

  it('comes first: where nothing can be noted, nothing is changed', async () => {
    const store = memoryStore();
    const mute = intercepted(store, async (name, _, proceed) => {
      if (name === 'recordAudit') throw new LessorError('service.unavailable', 'DynamoDB does not answer');
      return proceed();
    });
    const { deps } = deployment(mute);
    expect((await refusalOf(createPoolAudited(deps, ann, input(), false))).code).toBe('service.unavailable');
    expect((await store.pools.readRegistry('default')).pools).toEqual([]);
  });

  it('has every declared death, with its reason, and what is past its time no more', async () => {
    const { here, deps, trail } = deployment();
    await here.store.nodes.join('i-1', ['p:0'], 'boot-1', START);
    await declareDeath(deps, ann, { node: 'i-1', reason: 'terminated', alsoIfAlive: true });
    const death = { at: new Date(START).toISOString(), by: 'user/ann', action: 'node.declared-dead', subject: 'i-1' };
    expect(await trail()).toMatchObject([{ ...death, outcome: 'done', death: { reason: 'terminated' } }]);
    await createPoolAudited(deps, ann, input(), false);
    expect(await trail()).toHaveLength(2);
    here.clock.now += 31 * 86_400_000;
    expect(await trail()).toEqual([]);
  });
});

describe('asked for backwards, and for one thing', () => {
  const DAY_MS = 86_400_000;
  /** Changes of two pools on some of forty days, up to five a day, and deaths between them. */
  async function weeks() {
    const { here, deps } = deployment();
    for (let day = 0; day < 25; day += 1) {
      for (let n = 0; n < (day * 7) % 6; n += 1) {
        here.clock.now += 1_000;
        const name = n % 2 ? 'blue' : 'red';
        const entry = { id: `${day}-${n}`, at: here.clock.now, by: 'user/ann', action: 'pool.changed' as const };
        await here.store.history.recordAudit(
          { ...entry, subject: `default/${name}`, outcome: 'done' },
          here.clock.now + 100 * DAY_MS,
        );
      }
      here.clock.now += DAY_MS;
    }
    return { here, deps };
  }
  type Query = Parameters<typeof auditTrail>[2];
  async function all(deps: Parameters<typeof auditTrail>[0], query: Query) {
    const pages: { at: string; subject: string }[][] = [];
    let cursor: string | undefined;
    do {
      const page = await auditTrail(deps, ann, { ...query, cursor });
      pages.push(page.entries);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return pages;
  }

  it.each([1, 2, 3, 7, 100, undefined])(
    'pages of at most %s have the same as forwards, in either order',
    async (limit) => {
      const { deps } = await weeks();
      const forwards = (await auditTrail(deps, ann, {})).entries;
      expect(forwards.length).toBeGreaterThan(50);
      for (const order of ['earliest', 'latest'] as const) {
        const pages = await all(deps, { order, ...(limit && { limit }) });
        expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(limit ?? 1_000);
        expect(pages.flat()).toEqual(order === 'latest' ? forwards.toReversed() : forwards);
      }
    },
  );

  it('has only what was done to it, and what was done last on its first page', async () => {
    const { deps } = await weeks();
    const of = (await auditTrail(deps, ann, {})).entries.filter(({ subject }) => subject === 'default/blue');
    expect((await all(deps, { subject: 'default/blue', order: 'latest', limit: 4 })).flat()).toEqual(of.toReversed());
    expect((await auditTrail(deps, ann, { subject: 'default/blue', order: 'latest', limit: 1 })).entries).toEqual([
      of.at(-1),
    ]);
    expect((await auditTrail(deps, ann, { subject: 'default/none' })).entries).toEqual([]);
  });

  it('reads no day before the last that it needs', async () => {
    const { here } = await weeks();
    const days: unknown[] = [];
    const store = intercepted(here.store, (name, args, proceed) => {
      if (name === 'readAudit') days.push(args[0]);
      return proceed();
    });
    await auditTrail(here.environment({ store }), ann, { order: 'latest', limit: 1 });
    expect(days.length).toBeLessThanOrEqual(16);
  });

  it('goes on where it was although something is done meanwhile', async () => {
    const { here, deps } = await weeks();
    const query = { order: 'latest', limit: 2 } as const;
    const first = await auditTrail(deps, ann, query);
    const before = (await auditTrail(deps, ann, {})).entries.toReversed();
    await createPoolAudited(deps, ann, input({ name: 'new' }), false);
    here.clock.now += 1;
    const second = await auditTrail(deps, ann, { ...query, cursor: first.nextCursor });
    expect([...first.entries, ...second.entries]).toEqual(before.slice(0, 4));
  });
});
