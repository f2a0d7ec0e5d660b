/** Copies of one ADD that come to Lambda environments which remember different things. */
import { describe, expect, it } from 'vitest';
import type { Dependencies } from '../../../../functions/use-cases/dependencies.ts';
import { knownPool } from '../../../../functions/use-cases/known-pools.ts';
import { member } from '../../../../functions/use-cases/nodes/membership.ts';
import { add, addOf, attachmentOf, callOf, nonceOf, operatorsPool, proposal, type World, world } from '../../world.ts';

const named = { vrf: 'default', name: 'blue' };
const BLOCKS = 64;
const BLOCK_SIZE = 4;

/** A pool of which two of three blocks are full, and whoever has seen some of them knows that. */
async function crowded() {
  const here = world();
  const pool = await operatorsPool(here, { addresses: BLOCKS * BLOCK_SIZE, blockSize: BLOCK_SIZE });
  for (let k = 0; k < BLOCKS * BLOCK_SIZE; k += 1) {
    const block = Math.floor(k / BLOCK_SIZE);
    if (block % 3 === 0 && k % BLOCK_SIZE > 0) continue;
    const holding = {
      attachment: attachmentOf(`other-${k}`),
      nonce: nonceOf(10_000 + k),
      node: 'i-9',
      incarnation: 1,
      heldAt: 0,
    };
    await here.store.leases.hold({ pool: pool.id, block: BigInt(block), slot: k % BLOCK_SIZE }, holding, 1);
  }
  return { here, pool };
}

/** The n-th environment: some have seen the node in some blocks, and some have searched the pool for others. */
async function environment(here: World, pool: string, n: number): Promise<Dependencies> {
  const deps = here.environment();
  const known = await knownPool(deps, pool);
  if (known && n % 2 === 0)
    await member(deps, callOf('i-1'), known, BigInt((n * 16) % BLOCKS), { incarnation: 1, boot: 'boot-1' });
  if (n % 3 === 0) await add(deps, `i-${100 + n}`, addOf(100 + n, { pool: named }));
  return deps;
}

async function slotsOf(here: World, pool: string, nonce: string): Promise<string[]> {
  const found: string[] = [];
  for (let block = 0n; block < BLOCKS; block += 1n)
    for (const [slot, { held, holding }] of await here.store.leases.readBlock({ pool, block }))
      if (held && holding?.nonce === nonce) found.push(`${block}/${slot}`);
  return found;
}

describe('two hundred copies of one ADD, in environments with different memories', () => {
  it.each([
    ['that proposes nothing', undefined],
    ['whose proposal is taken, in a block that is full', [1, 2]],
    ['whose proposal is taken, in a block with room', [3, 0]],
  ] as const)('%s hold one slot', async (_, proposed) => {
    const { here, pool } = await crowded();
    await member(here.environment(), callOf('i-1'), (await knownPool(here.environment(), pool.id)) as never, 0n, {
      incarnation: undefined,
      boot: 'boot-1',
    });
    const environments: Dependencies[] = [];
    for (let n = 0; n < 20; n += 1) environments.push(await environment(here, pool.id, n));
    const hint = proposed === undefined ? {} : { proposal: proposal(pool, proposed[0], proposed[1]) };
    const request = addOf(1, { pool: named, incarnation: 1, ...hint });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => add(environments[n % 20] as Dependencies, 'i-1', request)),
    );
    expect(await slotsOf(here, pool.id, request.nonce)).toHaveLength(1);
    expect(new Set(answers.map(({ slot }) => JSON.stringify(slot))).size).toBe(1);
  });
});
