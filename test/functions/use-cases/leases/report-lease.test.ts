import { describe, expect, it } from 'vitest';
import type { ReportRequest } from '../../../../core/contract/lease.ts';
import { SEALED_GENERATION } from '../../../../core/protocol/lease.ts';
import { blockFromText } from '../../../../core/protocol/slot-ref.ts';
import { giveBack } from '../../../../functions/use-cases/blocks/give-back.ts';
import { reportLease } from '../../../../functions/use-cases/leases/report-lease.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { named, OwnerNode, ownedPool } from '../../owned-pool.ts';
import { add, addOf, attachmentOf, callOf, del, operatorsPool, proposal, refusalOf, world } from '../../world.ts';

/** A node with a block of its own in which it holds nothing, and an environment that knows so. */
async function owner() {
  const here = world();
  const pool = await ownedPool(here, { blocks: 8, maxBlocksPerNode: 1 });
  const node = new OwnerNode('i-1', pool);
  const warm = here.environment();
  const request = node.request(0);
  const { slot } = await node.add(warm, 0, undefined, { nonce: request.nonce });
  const { attachment, nonce } = request;
  await del(warm, 'i-1', { attachment, nonce, slot, acknowledged: true });
  here.clock.now += 30_000;
  const key = { pool: pool.id, block: blockFromText(slot.block) };
  const reportOf = (container: number, at: number, over: Partial<ReportRequest> = {}): ReportRequest => ({
    attachment: attachmentOf(container, named.name),
    nonce: node.nextNonce(),
    boot: node.bootId,
    slot: { ...slot, slot: at },
    generation: 1,
    ...over,
  });
  const report = (request: ReportRequest, deps = here.environment(), caller = 'i-1') =>
    reportLease(deps, callOf(caller), request);
  const held = async () =>
    [...(await here.store.leases.readBlock(key))]
      .filter(([, state]) => state.held)
      .map(([index, state]) => [index, state.holding?.attachment.containerId]);
  const state = (index: number) => here.store.leases.readSlot({ ...key, slot: index });
  const changePool = async (change: object) => {
    const before = await here.store.pools.readPool(pool.id);
    if (before === undefined) throw new Error('no pool');
    const definition = { ...pool, ...change };
    await here.store.pools.changePool({ ...before, ...change, definition, version: before.version + 1 });
  };
  return { here, pool, node, warm, key, block: slot.block, reportOf, report, held, state, changePool };
}

const environments = ['an environment that knows the block', 'an environment that has seen nothing'] as const;

describe('a lease that a node took by itself', () => {
  it('is held as reported: that slot, in the life of the block’s claim, since the report, with its pod', async () => {
    const { here, reportOf, report, state } = await owner();
    const pod = { namespace: 'shop', name: 'web-0' };
    const request = reportOf(1, 2, { pod });
    expect(await report(request)).toEqual({ incarnation: 1 });
    const { attachment, nonce } = request;
    const holding = { attachment, nonce, node: 'i-1', incarnation: 1, heldAt: here.clock.now, pod };
    expect(await state(2)).toMatchObject({ held: true, generation: 1, reusableAt: 0, holding });
  });

  it('may be reported again, and is one lease', async () => {
    const { reportOf, report, held } = await owner();
    const request = reportOf(1, 2);
    for (const _ of ['once', 'again']) expect(await report(request)).toEqual({ incarnation: 1 });
    expect(await held()).toEqual([[2, 'container-1']]);
  });

  it('is kept where it is held already, in a life that the environment does not know of yet', async () => {
    const { here, key, reportOf, report, state } = await owner();
    const request = reportOf(1, 2);
    const { attachment, nonce } = request;
    const holding = { attachment, nonce, node: 'i-1', incarnation: 2, heldAt: here.clock.now };
    await here.store.leases.hold({ ...key, slot: 2 }, holding, 1);
    expect(await report(request)).toEqual({ incarnation: 2 });
    expect((await state(2))?.holding).toEqual(holding);
  });

  it.each([1, 2])('is what a late copy of its ADD finds, as attempt %s', async (attempt) => {
    const { here, node, reportOf, report, held } = await owner();
    const late = node.request(1, 2, { attempt });
    await report(reportOf(1, 2, { nonce: late.nonce }));
    expect((await add(here.environment(), 'i-1', late)).slot.slot).toBe(2);
    expect(await held()).toEqual([[2, 'container-1']]);
  });

  it('is the one that its ADD made, where only the answer was lost', async () => {
    const { here, node, reportOf, report, held } = await owner();
    const unanswered = node.request(1, 2);
    await add(here.environment(), 'i-1', unanswered);
    expect(await report(reportOf(1, 2, { nonce: unanswered.nonce }))).toEqual({ incarnation: 1 });
    expect(await held()).toEqual([[2, 'container-1']]);
  });

  it('is released as any other', async () => {
    const { here, reportOf, report, held } = await owner();
    const request = reportOf(1, 2);
    await report(request);
    const { attachment, nonce, slot } = request;
    expect(await del(here.environment(), 'i-1', { attachment, nonce, slot, acknowledged: true })).toEqual({
      released: [slot],
    });
    expect(await held()).toEqual([]);
  });

  it.each([
    ['whose quota is used up', { quota: 0 }, 'pool.quota'],
    ['that is drained', { state: 'draining' }, 'pool.draining'],
    ['of which every address is excluded since', { exclude: ['10.1.0.0/24'] }, 'pool.exhausted'],
  ])('is held in a pool %s, since its container lives', async (_, change, refused) => {
    const { here, node, reportOf, report, held, changePool } = await owner();
    await changePool(change);
    const pod = { namespace: 'shop', name: 'web-0' };
    expect((await refusalOf(add(here.environment(), 'i-1', node.request(2, 3, { pod })))).code).toBe(refused);
    expect(await report(reportOf(1, 2, { pod }))).toEqual({ incarnation: 1 });
    expect(await held()).toEqual([[2, 'container-1']]);
  });

  it('is cooling where its slot does, until it does no more', async () => {
    const { here, node, reportOf, report, held } = await owner();
    const before = node.request(1, 2);
    const { slot } = await add(here.environment(), 'i-1', before);
    const { attachment, nonce } = before;
    await del(here.environment(), 'i-1', { attachment, nonce, slot, acknowledged: true });
    const request = reportOf(2, 2);
    const refusal = await refusalOf(report(request));
    const freeAt = new Date(here.clock.now + 30_000).toISOString();
    expect(refusal).toMatchObject({ code: 'address.cooling', facts: { freeAt } });
    expect(refusal.message).toContain(`Slot 2 of block ${slot.block}`);
    here.clock.now += 30_000;
    await report(request);
    expect(await held()).toEqual([[2, 'container-2']]);
  });
});

describe('a reported lease is lost', () => {
  it('where another container holds the slot, which is named', async () => {
    const { here, node, reportOf, report, held } = await owner();
    await add(here.environment(), 'i-1', node.request(7, 2));
    const refusal = await refusalOf(report(reportOf(1, 2)));
    expect(refusal).toMatchObject({ code: 'lease.lost', facts: { holder: 'i-1', container: 'container-7' } });
    expect(refusal.message).toContain('container container-7 of node i-1 holds slot 2');
    expect(refusal.message).toContain('delete the container and create it again');
    expect(await held()).toEqual([[2, 'container-7']]);
  });

  it('where an earlier attachment of the same container holds it', async () => {
    const { reportOf, report, held, state } = await owner();
    const earlier = reportOf(1, 2);
    await report(earlier);
    expect((await refusalOf(report(reportOf(1, 2)))).code).toBe('lease.lost');
    expect((await state(2))?.holding?.nonce).toBe(earlier.nonce);
    expect(await held()).toHaveLength(1);
  });

  it.each(environments)('where the block was given back, by %s', async (which) => {
    const { here, node, warm, block, pool, reportOf, report, held } = await owner();
    const returned = { pool: pool.id, block, generation: 1, boot: node.bootId, journal: node.journalId };
    expect(await giveBack(here.environment(), callOf('i-1'), returned)).toEqual({ outcome: 'released' });
    const deps = which === environments[0] ? warm : here.environment();
    expect((await refusalOf(report(reportOf(1, 2), deps))).code).toBe('lease.lost');
    expect(await held()).toEqual([]);
  });

  it.each(environments)('where the node was declared dead and its block taken back, by %s', async (which) => {
    const { here, warm, reportOf, report, held } = await owner();
    const request = reportOf(1, 2);
    await report(request, warm);
    await declareDeath(here.environment(), callOf('user/ann'), {
      node: 'i-1',
      reason: 'its power supply burned',
      alsoIfAlive: true,
    });
    await reclaim(here.environment());
    const deps = which === environments[0] ? warm : here.environment();
    expect((await refusalOf(report(request, deps))).code).toBe('lease.lost');
    here.clock.now += 60_000;
    expect((await refusalOf(report(reportOf(3, 3), deps))).code).toBe('lease.lost');
    expect(await held()).toEqual([]);
  });

  it('where another node has the block since and holds the slot, which is named by who remembers the claim', async () => {
    const { here, warm, key, reportOf, report } = await owner();
    await declareDeath(here.environment(), callOf('user/ann'), {
      node: 'i-1',
      reason: 'its power supply burned',
      alsoIfAlive: true,
    });
    await reclaim(here.environment());
    here.clock.now += 60_000;
    const next = { node: 'i-2', incarnation: 1, boot: 'boot-1', journal: 'd'.repeat(16) };
    expect((await here.store.blocks.claim(key, next)).block.generation).toBe(3);
    const attachment = attachmentOf(9, named.name);
    const holding = { attachment, nonce: 'd'.repeat(32), node: 'i-2', incarnation: 1, heldAt: here.clock.now };
    await here.store.leases.hold({ ...key, slot: 2 }, holding, 3);
    const remembered = await refusalOf(report(reportOf(1, 2), warm));
    expect(remembered).toMatchObject({ code: 'lease.lost', facts: { holder: 'i-2', container: 'container-9' } });
    const refusal = await refusalOf(report(reportOf(1, 2)));
    expect(refusal.code).toBe('lease.lost');
    expect(refusal.message).toContain(`block ${key.block.toString(16)} of pool ${key.pool} is not this node's`);
    expect((await here.store.leases.readSlot({ ...key, slot: 2 }))?.holding).toEqual(holding);
  });

  it.each<[string, (here: Awaited<ReturnType<typeof owner>>) => Promise<unknown>]>([
    ['another boot', ({ report, reportOf }) => report(reportOf(1, 2, { boot: 'boot-2' }))],
    ['another journal', ({ report, reportOf }) => report(reportOf(1, 2, { nonce: '1'.repeat(32) }))],
    ['another node', ({ here, report, reportOf }) => report(reportOf(1, 2), here.environment(), 'i-2')],
    ['another generation', ({ report, reportOf }) => report(reportOf(1, 2, { generation: 2 }))],
    [
      'another block',
      ({ report, reportOf, pool }) => report(reportOf(1, 2, { slot: { pool: pool.id, block: '7fff', slot: 2 } })),
    ],
  ])('where the block is of %s', async (_, tries) => {
    const here = await owner();
    expect((await refusalOf(tries(here))).code).toBe('lease.lost');
    expect(await here.held()).toEqual([]);
    expect(await here.here.store.nodes.readNode('i-2')).toBeUndefined();
  });

  it('where the slots of its pool are sealed, though the environment remembers the claim', async () => {
    const { here, warm, key, reportOf, report, held } = await owner();
    for (let slot = 0; slot < 4; slot += 1) await here.store.leases.advance({ ...key, slot }, SEALED_GENERATION);
    expect((await refusalOf(report(reportOf(1, 2), warm))).code).toBe('lease.lost');
    expect(await held()).toEqual([]);
  });

  it('where the pool is shared: its blocks are no node’s', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 80, blockSize: 4 });
    await add(here.environment(), 'i-1', addOf(1, { pool: { vrf: 'default', name: 'blue' } }));
    const slot = proposal(pool, 3, 2);
    const { attachment, nonce, boot } = addOf(2);
    const request = { attachment, nonce, boot, slot, generation: 1 };
    const refusal = await refusalOf(reportLease(here.environment(), callOf('i-1'), request));
    expect(refusal).toMatchObject({ code: 'lease.lost', message: expect.stringContaining('is not this node') });
    expect(await here.store.leases.readSlot({ pool: pool.id, block: 3n, slot: 2 })).toBeUndefined();
  });
});

describe('a reported slot that is none', () => {
  it('is refused: no fence would go through it', async () => {
    const { reportOf, report, state } = await owner();
    const refusal = await refusalOf(report(reportOf(1, 4)));
    expect(refusal).toMatchObject({ code: 'request.invalid', message: expect.stringContaining('has no slot 4') });
    expect(await state(4)).toBeUndefined();
  });

  it('is one where the pool has grown since the environment looked', async () => {
    const here = world();
    const pool = await ownedPool(here, { blocks: 1, blockSize: 4 });
    const [[range]] = pool.ranges as [[{ subnet: string; rangeStart: string; rangeEnd: string; gateway: string }]];
    const short = { ...pool, ranges: [[{ ...range, rangeEnd: '10.1.0.2' }]] };
    const state = await here.store.pools.readPool(pool.id);
    if (state === undefined) throw new Error('no pool');
    await here.store.pools.changePool({ ...state, definition: short, version: 2 });
    const node = new OwnerNode('i-1', short);
    const deps = here.environment();
    const { slot } = await node.add(deps, 0, 0);
    const request = {
      attachment: attachmentOf(1, named.name),
      nonce: node.nextNonce(),
      boot: node.bootId,
      slot: { ...slot, slot: 3 },
      generation: 1,
    };
    expect((await refusalOf(reportLease(deps, callOf('i-1'), request))).code).toBe('request.invalid');
    await here.store.pools.changePool({ ...state, definition: pool, version: 3 });
    expect(await reportLease(deps, callOf('i-1'), request)).toEqual({ incarnation: 1 });
  });
});
