import { describe, expect, it } from 'vitest';
import { LessorError } from '../../../core/contract/problems.ts';
import { conditional } from '../../../functions/store/dynamodb-client.ts';
import { declareDeath } from '../../../functions/use-cases/nodes/declare-death.ts';
import { intercepted } from '../intercepted.ts';
import { add, addOf, callOf, del, delOf, operatorsPool, proposal, refusalOf, type World, world } from '../world.ts';

const named = { vrf: 'default', name: 'blue' };
const lost = () =>
  new LessorError('service.unavailable', 'DynamoDB did not answer the request (TimeoutError): try again');

/** An environment in which the n-th request of that name is carried out and its answer is lost, or that is not carried out at all. */
function failing(here: World, method: string, { carriedOut, nth = 1 }: { carriedOut: boolean; nth?: number }) {
  let count = 0;
  const store = intercepted(here.store, async (name, _, proceed) => {
    if (name !== method || ++count !== nth) return proceed();
    if (carriedOut) await proceed();
    throw lost();
  });
  return here.environment({ store });
}

async function heldBy(here: World, pool: string) {
  const held: string[] = [];
  for (let block = 0n; block < 4n; block += 1n)
    for (const [slot, { held: is, holding }] of await here.store.leases.readBlock({ pool, block }))
      if (is) held.push(`${holding?.attachment.containerId}: ${block}/${slot}`);
  return held;
}

/** An ADD whose proposal is another's, and whose second write is carried out but not answered. */
async function lostAfterRefusedProposal() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: 16, blockSize: 4 });
  await add(here.environment(), 'i-2', addOf(2, { pool: named, proposal: proposal(pool, 1, 2) }));
  const request = addOf(1, { pool: named, proposal: proposal(pool, 1, 2) });
  await refusalOf(add(failing(here, 'hold', { carriedOut: true, nth: 2 }), 'i-1', request));
  return { here, pool, request };
}

describe('an ADD whose write was carried out but not answered', () => {
  it('fails so that it is tried again, and the repeat gets the same slot', async () => {
    const here = world();
    const pool = await operatorsPool(here, { addresses: 16, blockSize: 4 });
    const request = addOf(1, { pool: named, proposal: proposal(pool, 1, 2) });
    const refusal = await refusalOf(add(failing(here, 'hold', { carriedOut: true }), 'i-1', request));
    expect([refusal.code, refusal.kind.status, refusal.kind.retry]).toEqual(['service.unavailable', 503, true]);
    expect(await heldBy(here, pool.id)).toEqual(['container-1: 1/2']);
    const { slot } = await add(here.environment(), 'i-1', { ...request, attempt: 2 });
    expect(slot).toEqual(proposal(pool, 1, 2));
    expect(await heldBy(here, pool.id)).toEqual(['container-1: 1/2']);
  });

  it('after its proposal was refused is found by the repeat as well', async () => {
    const { here, pool, request } = await lostAfterRefusedProposal();
    const [, lease] = await heldBy(here, pool.id);
    const { slot } = await add(here.environment(), 'i-1', { ...request, attempt: 2 });
    expect(`container-1: ${slot.block}/${slot.slot}`).toBe(lease);
    expect(await heldBy(here, pool.id)).toHaveLength(2);
  });

  it('is freed by the DEL that follows where nobody repeats it', async () => {
    const { here, pool } = await lostAfterRefusedProposal();
    expect((await del(here.environment(), 'i-1', delOf(1, { slot: proposal(pool, 1, 2) }))).released).toHaveLength(1);
    expect(await heldBy(here, pool.id)).toEqual(['container-2: 1/2']);
  });
});

describe('a request to the store that fails', () => {
  it.each(['readRegistry', 'createPool', 'writeRegistry', 'join', 'readBlock', 'hold'])(
    'in an ADD (%s) leaves nothing that the next ADD stumbles over',
    async (method) => {
      for (const carriedOut of [true, false]) {
        const here = world();
        const refusal = await refusalOf(add(failing(here, method, { carriedOut }), 'i-1', addOf(1)));
        expect(refusal.code).toBe('service.unavailable');
        const { slot, pool } = await add(here.environment(), 'i-1', addOf(1, { attempt: 2 }));
        expect((await here.store.pools.readRegistry('default')).pools).toHaveLength(1);
        expect(await heldBy(here, pool.id)).toEqual([`container-1: ${Number.parseInt(slot.block, 16)}/${slot.slot}`]);
      }
    },
  );

  it.each(['release', 'readNode', 'readBlock'])(
    'in a DEL (%s) fails it, and its repeat frees the lease',
    async (method) => {
      for (const carriedOut of [true, false]) {
        const here = world();
        const pool = await operatorsPool(here, { addresses: 16, blockSize: 4 });
        await add(here.environment(), 'i-1', addOf(1, { pool: named, proposal: proposal(pool, 1, 2) }));
        const request = delOf(1, { slot: proposal(pool, 1, 2) });
        expect((await refusalOf(del(failing(here, method, { carriedOut }), 'i-1', request))).code).toBe(
          'service.unavailable',
        );
        await del(here.environment(), 'i-1', request);
        expect(await heldBy(here, pool.id)).toEqual([]);
      }
    },
  );

  it.each(['readNode', 'recordDeath', 'markDead'])(
    'in a declaration (%s) fails it, and its repeat completes it',
    async (method) => {
      for (const carriedOut of [true, false]) {
        const here = world();
        await add(here.environment(), 'i-1', addOf(1));
        const declare = (deps = here.environment()) =>
          declareDeath(deps, callOf('user/ann'), { node: 'i-1', reason: 'burned', alsoIfAlive: true });
        expect((await refusalOf(declare(failing(here, method, { carriedOut })))).code).toBe('service.unavailable');
        expect(await declare()).toMatchObject({ node: 'i-1', incarnation: 1 });
        expect((await here.store.nodes.readNode('i-1'))?.alive).toBe(false);
      }
    },
  );

  it('is told as an outage of DynamoDB with its cause, which no answer shows', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { name: 'TimeoutError' });
    const refusal = await refusalOf(conditional(() => Promise.reject(cause)));
    expect(refusal.code).toBe('service.unavailable');
    expect(refusal.message).toBe('DynamoDB did not answer the request (TimeoutError): try again');
    expect(refusal.cause).toBe(cause);
  });
});
