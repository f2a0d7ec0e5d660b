/** `lessor leave` on a node that is drained, and on one that is not. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../../core/contract/routes.ts';
import { reclaim } from '../../../functions/use-cases/reclaim/reclaim.ts';
import { world } from '../../functions/world.ts';
import { serviceFor } from '../service.ts';
import { type LeavingNode, leavingNode } from './leaving-node.ts';

let on: LeavingNode;

beforeEach(async () => {
  on = await leavingNode();
});
afterEach(() => on.node.remove());

describe('a node on which containers live', () => {
  test('does not leave, and nothing is changed', async () => {
    await on.added('a');
    await on.added('b');
    const before = on.service.sent.length;
    expect(await on.lessor('leave')).toEqual({
      exitCode: 37,
      out: '',
      err: 'lessor: 2 attachments have an address on this node: drain the node first, and repeat; lessor status lists them, and lessor reconcile frees what ended without a DEL\n',
    });
    expect((await on.lessor('leave', '--dry-run')).exitCode).toBe(37);
    expect(on.service.sent).toHaveLength(before);
    expect(on.isLeaving()).toBe(false);
    await on.added('c');
  });

  test('in another data directory does not leave either', async () => {
    await on.added('a');
    await on.added('b', on.apart());
    await on.deleted('a');
    expect(await on.lessor('leave', '--data-dir', on.apartDir())).toMatchObject({
      exitCode: 37,
      err: expect.stringContaining('1 attachment has'),
    });
    expect([on.isLeaving(), on.isLeaving(on.apartDir())]).toEqual([false, false]);
  });

  test('of which a journal has it that is not named does not say goodbye', async () => {
    await on.added('a');
    await on.added('b', on.apart());
    await on.deleted('a');
    expect(await on.lessor('leave')).toMatchObject({
      exitCode: 37,
      err: expect.stringContaining('1 lease of this node of which no journal here knows'),
    });
    expect(on.sentTo(routes.goodbye.path)).toEqual([]);
    expect(await on.lessor('leave', '--stay')).toMatchObject({
      exitCode: 0,
      out: 'Containers may begin here again.\n',
    });
    await on.added('c');
  });

  test('and whose journal was lost in this boot does not leave', async () => {
    await on.added('a');
    on.records().setMeta('lost', JSON.stringify({ boot: on.node.bootId, at: 0, aside: '/x' }));
    await on.deleted('a');
    expect(await on.lessor('leave')).toMatchObject({
      exitCode: 37,
      err: expect.stringContaining('was lost in this boot'),
    });
    expect(on.isLeaving()).toBe(false);
  });
});

describe('a drained node', () => {
  test('gives its blocks back, its life is over, and it may begin another one', async () => {
    const first = await on.blockOf('a');
    await on.deleted('a');
    expect(await on.block(first)).toMatchObject({ state: 'claimed' });
    const { exitCode, out } = await on.lessor('leave');
    expect(exitCode).toBe(0);
    expect(out).toBe(`Releases made afterwards          0
Leases released without a reason  0
Blocks given back                 1
Life that is over                 1

POOL   BLOCK  GENERATION
green  ${first}      1

The node has left.
`);
    expect(await on.life()).toMatchObject({ alive: false, incarnation: 1 });
    expect((await on.here.store.nodes.listDeaths({ limit: 9 })).deaths).toMatchObject([
      { node: 'i-1', incarnation: 1, reason: 'said goodbye', declaredBy: 'i-1' },
    ]);
    expect(on.isLeaving()).toBe(false);
    expect(on.records().caches()).toEqual([]);
    await reclaim(on.here.environment());
    expect(await on.blocksOwned()).toBe(0);

    await on.added('b');
    expect(await on.life()).toMatchObject({ alive: true, incarnation: 2 });
    expect(on.node.entry('b')).toMatchObject({ incarnation: 2 });
    await reclaim(on.here.environment());
    expect(await on.call('CHECK', 'b')).not.toMatchObject({ printed: { code: 105 } });
    expect(await on.blocksOwned()).toBe(1);
  });

  test('leaves twice, and one that the service does not know leaves too', async () => {
    await on.added('a');
    await on.deleted('a');
    expect((await on.lessor('leave')).exitCode).toBe(0);
    expect(JSON.parse((await on.lessor('leave', '--json')).out)).toMatchObject({
      dryRun: false,
      blocks: [],
      life: { boot: 'boot-1', incarnation: 1 },
    });
    on.service = serviceFor(world().environment(), 'i-1');
    expect(JSON.parse((await on.lessor('leave', '--json')).out)).not.toHaveProperty('life');
  });

  test('of two data directories leaves with both', async () => {
    await on.added('a');
    await on.added('b', on.apart());
    await on.deleted('a');
    await on.deleted('b', on.apart());
    expect(JSON.parse((await on.lessor('leave', '--data-dir', on.apartDir(), '--json')).out).blocks).toHaveLength(2);
    expect(on.sentTo(routes.goodbye.path)).toHaveLength(1);
    expect([on.isLeaving(), on.isLeaving(on.apartDir())]).toEqual([false, false]);
    expect(await on.blocksOwned()).toBe(0);
  });

  test('shows what it would do, and sends only reads', async () => {
    await on.added('a');
    await on.deleted('a');
    const rows = () =>
      ['meta', 'lease', 'slot', 'outbox', 'pool', 'returned_block'].map((name) =>
        on.node.rows(`SELECT * FROM ${name}`),
      );
    const before = rows();
    const sent = on.service.sent.length;
    const { exitCode, out } = await on.lessor('leave', '--dry-run');
    expect(exitCode).toBe(0);
    expect(out).toContain('Life that would be over');
    expect(out).toContain('The node stays as it is.');
    expect(on.service.sent.slice(sent).map(({ method, path }) => [method, path])).toEqual([
      ['GET', routes.ownLeases.path],
    ]);
    expect(rows()).toEqual(before);
    expect(await on.life()).toMatchObject({ alive: true });
  });

  test('releases what an earlier boot left', async () => {
    await on.added('a');
    on.node.bootId = 'boot-2';
    expect((await on.lessor('leave')).exitCode).toBe(0);
    expect(on.sentTo(routes.release.path)).toHaveLength(1);
    expect(await on.life()).toMatchObject({ alive: false, incarnation: 1 });
    await reclaim(on.here.environment());
    expect(await on.blocksOwned()).toBe(0);
  });

  test('that the service takes for another node does not say goodbye', async () => {
    await on.added('a');
    await on.deleted('a');
    on.service = serviceFor(on.here.environment(), 'i-2');
    expect(await on.lessor('leave')).toMatchObject({ exitCode: 21, err: expect.stringContaining('i-2') });
    expect(on.sentTo(routes.goodbye.path)).toEqual([]);
  });
});
