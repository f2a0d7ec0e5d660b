import { describe, expect, it } from 'vitest';
import { blockFromText } from '../../core/pool-space.ts';
import { reportLease } from '../../functions/use-cases/report-lease.ts';
import { OwnerNode, ownedPool } from './owned-pool.ts';
import { addOf, attachmentOf, callOf, operatorsPool, refusalOf, world } from './world.ts';

/** A node with a block of four slots, in which it has leased one. */
async function owner() {
  const here = world();
  const pool = await ownedPool(here, { blocks: 8 });
  const node = new OwnerNode('i-1', pool);
  const { slot } = await node.add(here.environment(), 1);
  const [block] = node.blocks;
  const report = (wanted: number, over: { pool?: string } = {}) =>
    reportLease(here.environment(), callOf('i-1'), {
      attachment: attachmentOf(9),
      nonce: node.nextNonce(),
      boot: node.bootId,
      slot: { pool: pool.id, block: slot.block, slot: wanted, ...over },
      generation: block?.generation ?? 0,
    });
  const slots = () => here.store.leases.readBlock({ pool: pool.id, block: blockFromText(slot.block) });
  return { here, pool, slot, report, slots };
}

describe('a report', () => {
  it('of a slot beyond the block is a mistake, and makes no item that no fence would ever pass', async () => {
    const { report, slots } = await owner();
    const before = await slots();
    for (const beyond of [4, 4095]) {
      const { code, message } = await refusalOf(report(beyond));
      expect(code).toBe('request.invalid');
      expect(message).toContain(`slot.slot ${beyond}`);
    }
    expect(await slots()).toEqual(before);
  });

  it('in a pool whose blocks belong to no node is a mistake', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 16, blockSize: 4 });
    const { nonce, attachment, boot } = addOf(1);
    const slot = { pool: pool.id, block: '0', slot: 0 };
    const request = { nonce, attachment, boot, slot, generation: 1 };
    const { code, message } = await refusalOf(reportLease(here.environment(), callOf('i-1'), request));
    expect(code).toBe('request.invalid');
    expect(message).toContain('pool blue');
    expect((await here.store.leases.readBlock({ pool: pool.id, block: 0n })).size).toBe(0);
  });

  it('in a pool that is no more is of a lost lease', async () => {
    const { report } = await owner();
    expect((await refusalOf(report(2, { pool: 'e'.repeat(16) }))).code).toBe('lease.lost');
  });
});
