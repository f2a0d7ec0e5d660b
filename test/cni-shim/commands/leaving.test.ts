/** A node that is leaving, until its goodbye is answered, and what becomes of the life that it left. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Calls } from '../../../cni-shim/api/client.ts';
import type { Database, OpenDatabase } from '../../../cni-shim/machine/database.ts';
import { wasDeclaredDead } from '../../../cni-shim/node/declared-dead.ts';
import { giveBack } from '../../../cni-shim/sync/return-block.ts';
import { routes } from '../../../core/contract/routes.ts';
import { goodbye } from '../../../functions/use-cases/nodes/goodbye.ts';
import { reclaim } from '../../../functions/use-cases/reclaim/reclaim.ts';
import { callOf } from '../../functions/world.ts';
import { libsqlDatabase } from '../../support/libsql-database.ts';
import { type LeavingNode, leavingNode, POOL, reached, to } from './leaving-node.ts';

let on: LeavingNode;

beforeEach(async () => {
  on = await leavingNode();
});
afterEach(() => on.node.remove());

describe('a node that is leaving', () => {
  const steps = [routes.heartbeat.path, routes.ownLeases.path, routes.goodbye.path];
  test.each(steps.flatMap((path) => (['unreachable', 'answer lost'] as const).map((fate) => [path, fate] as const)))(
    'stays so where %s is %s: no container begins, and a repeat finishes',
    async (path, fate) => {
      await on.added('a');
      await on.deleted('a');
      on.service.fate = to(path, fate);
      expect((await on.lessor('leave')).exitCode).toBe(30);
      expect(on.isLeaving()).toBe(true);
      on.service.fate = reached;
      const { exitCode, printed } = await on.call('ADD', 'b');
      expect(exitCode).toBe(1);
      expect(printed).toMatchObject({
        code: 11,
        msg: 'lessor: this node is leaving: no container begins here',
        details: expect.stringContaining('lessor leave --stay'),
      });
      expect(on.node.entries()).toEqual([]);
      await on.deleted('b');
      expect((await on.lessor('leave')).exitCode).toBe(0);
      await on.added('b');
      expect(await on.life()).toMatchObject({ alive: true, incarnation: 2 });
    },
  );

  test('flushes its outbox first', async () => {
    await on.added('a');
    on.service.fate = to(routes.release.path, 'unreachable');
    await on.deleted('a');
    expect(on.records().outbox.toRelease()).toHaveLength(1);
    expect((await on.lessor('leave')).exitCode).toBe(30);
    expect(on.sentTo(routes.goodbye.path)).toEqual([]);
    on.service.fate = reached;
    expect(JSON.parse((await on.lessor('leave', '--json')).out)).toMatchObject({ releasedLater: 1 });
    expect(await on.blocksOwned()).toBe(0);
  });

  test('leaves although a block could not be given back: it is taken back with its life', async () => {
    await on.added('a');
    await on.deleted('a');
    on.service.fate = to(routes.giveBack.path, 'unreachable');
    expect((await on.lessor('leave')).exitCode).toBe(0);
    expect(await on.blocksOwned()).toBe(1);
    await reclaim(on.here.environment());
    expect(await on.blocksOwned()).toBe(0);
  });

  test('stays where somebody changes their mind before the goodbye', async () => {
    await on.added('a');
    await on.deleted('a');
    on.service.fate = to(routes.ownLeases.path, 'unreachable');
    await on.lessor('leave');
    on.service.fate = reached;
    expect((await on.lessor('leave', '--stay', '--dry-run')).out).toBe('Containers could begin here again.\n');
    expect(on.isLeaving()).toBe(true);
    expect((await on.lessor('leave', '--stay')).out).toBe('Containers may begin here again.\n');
    expect((await on.lessor('leave', '--stay')).out).toBe('The node was not leaving.\n');
    await on.added('b');
    expect(await on.life()).toMatchObject({ alive: true, incarnation: 1 });
  });

  test('does not stay once the goodbye was sent: it may be late', async () => {
    await on.added('a');
    await on.deleted('a');
    on.service.fate = to(routes.goodbye.path, 'unreachable');
    await on.lessor('leave');
    const [late] = on.sentTo(routes.goodbye.path);
    on.service.fate = reached;
    expect(await on.lessor('leave', '--stay')).toMatchObject({
      exitCode: 46,
      err: expect.stringContaining('may arrive at any time'),
    });
    expect((await on.call('ADD', 'b')).exitCode).toBe(1);
    expect((await on.lessor('leave')).exitCode).toBe(0);
    await on.added('b');
    expect(await goodbye(on.here.environment(), callOf('i-1'), late?.body)).toEqual({ ended: false });
    await reclaim(on.here.environment());
    expect(await on.life()).toMatchObject({ alive: true, incarnation: 2 });
    expect(await on.blocksOwned()).toBe(1);
  });

  test.each([
    ['the goodbye was sent', 'unreachable'],
    ['the goodbye was answered, and nobody heard it', 'answer lost'],
  ] as const)(
    'is leaving still where its journal is lost after %s: what begins would be in that life',
    async (_, fate) => {
      await on.added('a');
      await on.deleted('a');
      on.service.fate = to(routes.goodbye.path, fate);
      await on.lessor('leave');
      on.service.fate = reached;
      writeFileSync(on.records().path, 'no database');
      const { exitCode, printed } = await on.call('ADD', 'b');
      expect(exitCode).toBe(1);
      expect(printed).toMatchObject({ code: 11, msg: 'lessor: this node is leaving: no container begins here' });
      expect(on.records().isIntact).toBe(false);
      expect((await on.lessor('leave', '--stay')).exitCode).toBe(46);
      expect((await on.lessor('leave')).exitCode).toBe(37);
      // Nothing of before counts once the machine boots again.
      on.node.bootId = 'boot-2';
      await on.added('b');
      expect(await on.life()).toMatchObject({ alive: true, incarnation: 2 });
    },
  );

  test('uses nothing of a life that it left, also where its journal is lost afterwards', async () => {
    await on.added('a');
    await on.deleted('a');
    expect((await on.lessor('leave')).exitCode).toBe(0);
    writeFileSync(on.records().path, 'no database');
    await on.added('b');
    expect(on.records().leaving.lifeLeft()).toBe(1);
    expect(await on.life()).toMatchObject({ alive: true, incarnation: 2 });
  });

  test('of two data directories, killed between the two, takes containers again once it is in a later life', async () => {
    await on.added('a');
    await on.added('b', on.apart());
    await on.deleted('a');
    await on.deleted('b', on.apart());
    on.service.fate = to(routes.goodbye.path, 'answer lost');
    await on.lessor('leave', '--data-dir', on.apartDir());
    on.service.fate = reached;
    // Killed after the first of the two.
    expect(on.records().leaving.finish(1)).toBe(true);
    expect((await on.call('ADD', 'c', on.apart())).exitCode).toBe(1);
    await on.added('c');
    expect((await on.lessor('leave', '--data-dir', on.apartDir())).exitCode).toBe(37);
    expect(await on.lessor('leave', '--stay', '--data-dir', on.apartDir())).toMatchObject({ exitCode: 0 });
    await on.added('d', on.apart());
  });

  test('does so until it boots again', async () => {
    await on.added('a');
    await on.deleted('a');
    on.service.fate = to(routes.goodbye.path, 'answer lost');
    await on.lessor('leave');
    on.service.fate = reached;
    on.node.bootId = 'boot-2';
    await on.added('b');
    expect(await on.life()).toMatchObject({ alive: true, incarnation: 2 });
  });
});

test('killed before and after any step in the database it goes on where it is repeated', async () => {
  let survived = 0;
  for (let isOver = false; !isOver; survived += 1) {
    await on.added('a');
    await on.deleted('a');
    const before = await on.life();
    let left = survived;
    const dying: OpenDatabase = (path) => {
      const database = libsqlDatabase(path);
      const mortal = <A extends unknown[], R>(act: (...args: A) => R) => {
        return (...args: A): R => {
          if (left-- <= 0) throw new Error('killed');
          return act(...args);
        };
      };
      // What a process leaves halfway the next one rolls back.
      const close = () => {
        if (left < 0) rollBack(database);
        database.close();
      };
      return { ...database, run: mortal(database.run), exec: mortal(database.exec), close };
    };
    const { exitCode } = await on.lessorOn(dying, 'leave');
    isOver = exitCode === 0;
    if (!isOver) expect((await on.lessor('leave')).exitCode).toBe(0);
    expect(await on.life()).toMatchObject({ alive: false, incarnation: before?.incarnation });
    await reclaim(on.here.environment());
    expect(await on.blocksOwned()).toBe(0);
  }
  expect(survived).toBeGreaterThan(15);
});

function rollBack({ exec }: Pick<Database, 'exec'>): void {
  try {
    exec('ROLLBACK');
  } catch {
    // There was no transaction.
  }
}

describe('a life that was left', () => {
  test('is not used again, whoever notes late what it was told', async () => {
    await on.added('a');
    await on.deleted('a');
    const [cache] = on.records().caches();
    if (cache === undefined) throw new Error('no cache');
    await on.lessor('leave');
    // Of an ADD that was answered before, and killed: its container is nobody's, and what it was told is written down only now.
    const late = { ...cache, blocks: [{ block: '5', generation: 1 }] };
    on.records().update(POOL, () => late);
    expect(on.records().cacheOf(POOL)).toMatchObject({ incarnation: 1, blocks: [] });
    await on.added('b');
    on.records().update(POOL, () => late);
    expect(on.records().cacheOf(POOL)?.blocks).toEqual([]);
    expect(on.records().lifeTold()).toBe(2);
  });

  test('leaves no block to the next one, though the service kept one while it was left', async () => {
    await on.added('a');
    const [cache] = on.records().caches();
    const [claim] = cache?.blocks ?? [];
    if (cache === undefined || claim === undefined) throw new Error('no block');
    const next = { ...cache, incarnation: cache.incarnation + 1, blocks: [] };
    const api = {
      giveBack: async () => {
        on.records().update(POOL, () => next);
        return { outcome: 'kept', generation: claim.generation + 1 };
      },
    } as unknown as Calls;
    await giveBack(on.records(), api, POOL, claim);
    expect(on.records().cacheOf(POOL)).toMatchObject({ incarnation: next.incarnation, blocks: [] });
  });

  test('was not declared over by somebody else', async () => {
    await on.added('a');
    await on.deleted('a');
    await on.lessor('leave');
    const answer = { declaredDead: true, incarnation: 1 };
    expect(wasDeclaredDead(answer, [on.records()])).toBe(false);
    expect(wasDeclaredDead({ ...answer, incarnation: 2 }, [on.records()])).toBe(true);
    expect(wasDeclaredDead({ declaredDead: true }, [on.records()])).toBe(true);
    expect(wasDeclaredDead({ ...answer, declaredDead: false }, [on.records()])).toBe(false);
  });
});

test('an ADD that begins between the look and the mark is seen', async () => {
  const { leaving } = on.records();
  await on.added('a');
  expect(leaving.begin()).toBe(1);
  expect(leaving.isLeaving()).toBe(false);
});

test('of two that leave at once only the one that said the last goodbye ends it', async () => {
  await on.added('a');
  await on.deleted('a');
  const { leaving } = on.records();
  expect(leaving.begin()).toBe(0);
  expect(leaving.sayGoodbye(2)).toBe(true);
  expect(leaving.finish(1)).toBe(false);
  expect(leaving.stay()).toBe('said');
  expect(leaving.finish(2)).toBe(true);
  expect(leaving.finish(2)).toBe(false);
  expect(leaving.sayGoodbye(2)).toBe(false);
});
