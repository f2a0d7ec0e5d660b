/** Two pools: of blue every node may have any address, of green it has blocks of its own. */
import type { PoolDefinition } from '../../core/contract/pool.ts';
import { blockFromText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import { ownedPool } from '../functions/owned-pool.ts';
import { operatorsPool, type World } from '../functions/world.ts';

const COOLDOWN_SECONDS = 20;
/** `10.1.0.0` and `10.2.1.0`: where the pools' first addresses are. */
const FIRST = { green: (10 << 24) | (1 << 16), blue: (10 << 24) | (2 << 16) | (1 << 8) };
export type Network = keyof typeof FIRST;
export const networks = ['green', 'blue'] as const;

export interface Pools {
  readonly all: readonly PoolDefinition[];
  readonly cooldownMs: number;
  blocksOf(pool: PoolDefinition): bigint[];
  blockSize(pool: string): number;
  addressOf(key: SlotKey): string;
  /** The slot that has this address, counted and not asked for. */
  slotOf(network: string, address: string): SlotKey;
}

/**
 * @param blocks of green
 * @param leasing in green
 */
export async function twoPools(
  here: World,
  blocks: number,
  leasing: PoolDefinition['leasing'] = 'online',
): Promise<Pools> {
  const size = { green: 8, blue: 16 };
  const count = { green: blocks, blue: 3 };
  const green = await ownedPool(here, {
    blocks: count.green,
    blockSize: size.green,
    cooldownSeconds: COOLDOWN_SECONDS,
    maxBlocksPerNode: 4,
    leasing,
  });
  const blue = await operatorsPool(here, {
    addresses: count.blue * size.blue,
    blockSize: size.blue,
    cooldownSeconds: COOLDOWN_SECONDS,
  });
  const byNetwork: Readonly<{ [network in Network]: PoolDefinition }> = { green, blue };
  const nameOf = (pool: string): Network => (pool === green.id ? 'green' : 'blue');
  return {
    all: [green, blue],
    cooldownMs: COOLDOWN_SECONDS * 1000,
    blocksOf: ({ id }) => Array.from({ length: count[nameOf(id)] }, (_, block) => BigInt(block)),
    blockSize: (pool) => size[nameOf(pool)],
    addressOf({ pool, block, slot }) {
      const name = nameOf(pool);
      const address = FIRST[name] + Number(block) * size[name] + slot;
      return [24, 16, 8, 0].map((shift) => (address >> shift) & 255).join('.');
    },
    slotOf(network, address) {
      const name = network as Network;
      const number =
        address
          .split('/')[0]
          ?.split('.')
          .reduce((sum, part) => sum * 256 + Number(part), 0) ?? 0;
      const index = number - FIRST[name];
      const block = Math.floor(index / size[name]);
      return { pool: byNetwork[name].id, block: blockFromText(block.toString(16)), slot: index % size[name] };
    },
  };
}
