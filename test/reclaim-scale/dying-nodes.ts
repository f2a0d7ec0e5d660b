/** Nodes that lease in a few blocks each and then die, for as many days as a test wants. */
import type { PoolDefinition } from '../../core/contract/pool.ts';
import { blockKeyToText } from '../../core/protocol/slot-ref.ts';
import { deathNow, endLife } from '../../functions/use-cases/nodes/declare-death.ts';
import { ownedPool } from '../functions/owned-pool.ts';
import { nonceOf, operatorsPool, type World } from '../functions/world.ts';

/** Of a node: a block of its own with two leases, and a lease in each of two blocks that are shared. */
export const LEASES_OF_NODE = 4;
export const BLOCK_SIZE = 16;
const SHARED_BLOCKS = 256;

export interface DyingNodes {
  /** The next node leases what a node does, and is declared dead. */
  die(): Promise<void>;
  /** Leases that somebody has. */
  held(): Promise<number>;
}

/** @param most nodes whose blocks are not taken back yet */
export async function dyingNodes(here: World, most: number): Promise<DyingNodes> {
  const deps = here.environment();
  const shared = await operatorsPool(here, { addresses: SHARED_BLOCKS * BLOCK_SIZE, blockSize: BLOCK_SIZE });
  const owned = await ownedPool(here, { blocks: most, blockSize: BLOCK_SIZE });
  let nodes = 0;
  const lease = async (pool: PoolDefinition, at: { block: bigint; slot: number }, node: string, generation: number) => {
    const attachment = { network: 'blue', containerId: `${node}-${pool.name}-${at.slot}`, ifname: 'eth0' };
    const holding = { attachment, nonce: nonceOf(nodes), node, incarnation: 1, heldAt: here.clock.now };
    const { held } = await here.store.leases.hold({ pool: pool.id, ...at }, holding, generation);
    if (!held) throw new Error(`${node} found a slot of ${pool.name} taken: ${at.block}/${at.slot}`);
  };
  return {
    async die() {
      const n = nodes;
      nodes += 1;
      const node = `i-${n.toString(16).padStart(17, '0')}`;
      const own = { pool: owned.id, block: BigInt(n % most) };
      const others = [n, n + 1].map((one) => BigInt(one % SHARED_BLOCKS));
      const joined = [own, ...others.map((block) => ({ pool: shared.id, block }))];
      await here.store.nodes.noteListed(node, { incarnation: 1 }, here.clock.now);
      await here.store.nodes.join(node, joined.map(blockKeyToText), 'boot-1', here.clock.now);
      const owner = { node, incarnation: 1, boot: 'boot-1', journal: 'a'.repeat(16) };
      const { claimed, block } = await here.store.blocks.claim(own, owner);
      if (!claimed) throw new Error(`${node} found a block taken: ${own.block}`);
      for (const slot of [0, 1]) await lease(owned, { block: own.block, slot }, node, block.generation);
      // Of each shared block one half is of those for which it is the first, the other of those for which it is the second.
      const slot = Math.floor(n / SHARED_BLOCKS) % (BLOCK_SIZE / 2);
      for (const [second, other] of others.entries())
        await lease(shared, { block: other, slot: slot + second * (BLOCK_SIZE / 2) }, node, 1);
      await endLife(
        deps,
        deathNow(deps, { id: node, incarnation: 1 }, { reason: 'it burned', declaredBy: 'ec2/event' }),
      );
    },

    async held() {
      let held = 0;
      const blocks = [
        ...Array.from({ length: SHARED_BLOCKS }, (_, block) => ({ pool: shared.id, block: BigInt(block) })),
        ...Array.from({ length: Math.min(most, nodes) }, (_, block) => ({ pool: owned.id, block: BigInt(block) })),
      ];
      for (const key of blocks)
        held += [...(await here.store.leases.readBlock(key)).values()].filter((slot) => slot.held).length;
      return held;
    },
  };
}
