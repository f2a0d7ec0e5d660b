/** A node asserts the lease of an identity, with the rights of the function that hears it: it may not read single slots. */
import { describe, expect, it } from 'vitest';
import { slotFromWire } from '../../../../core/protocol/slot-ref.ts';
import { reportLease } from '../../../../functions/use-cases/leases/report-lease.ts';
import { declareDeath } from '../../../../functions/use-cases/nodes/declare-death.ts';
import { reclaim } from '../../../../functions/use-cases/reclaim/reclaim.ts';
import { intercepted } from '../../intercepted.ts';
import { change, create } from '../../pool-requests.ts';
import { add, addOf, attachmentOf, callOf, del, delOf, nonceOf, refusalOf, world } from '../../world.ts';

const asked = (n: number) =>
  addOf(n, { pool: { vrf: 'default', name: 'blue' }, identity: 'vm-1', pod: { namespace: 'shop', name: `vm-1-${n}` } });

/** Pod 1 of an identity lives on a node that was declared dead; its address is not handed out, so that pod 2 got another one. */
async function scene() {
  const here = world();
  await create(here.environment(), { identitySeconds: 600 });
  const first = await add(here.environment(), 'i-1', asked(1));
  await declareDeath(here.environment(), callOf('ann'), { node: 'i-1', reason: 'a mistake', alsoIfAlive: true });
  await reclaim(here.environment());
  await change(here.environment(), { exclude: [first.addresses[0]?.address.split('/')[0] ?? ''] });
  const second = await add(here.environment(), 'i-2', asked(2));
  const meanwhile: { points: (() => Promise<unknown>) | undefined } = { points: undefined };
  const store = intercepted(here.store, async (name, _, proceed) => {
    if (name === 'readSlot') throw new Error('AccessDeniedException');
    const { points } = meanwhile;
    if (name === 'point' && points !== undefined) {
      meanwhile.points = undefined;
      await points();
    }
    return proceed();
  });
  const assert = () =>
    reportLease(here.environment({ store }), callOf('i-1'), {
      attachment: attachmentOf(1),
      nonce: nonceOf(1),
      boot: asked(1).boot,
      slot: first.slot,
      generation: 1,
      again: true,
      pod: { namespace: 'shop', name: 'vm-1-1' },
      identity: 'vm-1',
    });
  return { here, first, second, assert, meanwhile };
}

describe("an identity's lease that is asserted", () => {
  it('is lost while another pod of the identity has another address', async () => {
    const { here, first, assert } = await scene();
    const refusal = await refusalOf(assert());
    expect(refusal).toMatchObject({ code: 'lease.lost', message: expect.stringContaining('identity vm-1') });
    expect((await here.store.leases.readSlot(slotFromWire(first.slot)))?.held).toBe(false);
  });

  it('is held again, and the identity’s address from then on, once that one has ended', async () => {
    const { here, first, second, assert } = await scene();
    await del(here.environment(), 'i-2', delOf(2, { slot: second.slot, acknowledged: true }));
    await assert();
    const { held, holding } = (await here.store.leases.readSlot(slotFromWire(first.slot))) ?? {};
    expect([held, holding?.identity, holding?.nonce]).toEqual([true, 'vm-1', nonceOf(1)]);
    expect((await refusalOf(add(here.environment(), 'i-2', asked(3)))).code).toBe('identity.held');
  });

  it('is lost where another pod of the identity is added while it is asserted', async () => {
    const { here, second, assert, meanwhile } = await scene();
    await del(here.environment(), 'i-2', delOf(2, { slot: second.slot, acknowledged: true }));
    let third: unknown;
    meanwhile.points = async () => {
      third = await add(here.environment(), 'i-2', asked(3));
    };
    expect(await refusalOf(assert())).toMatchObject({
      code: 'lease.lost',
      message: expect.stringContaining('identity vm-1 of namespace shop has another address by now'),
    });
    expect(third).toMatchObject({ slot: second.slot });
  });
});
