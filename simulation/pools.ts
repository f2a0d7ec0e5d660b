/** The pools of a configuration, and the arithmetic of their addresses, counted here and not asked for. */
import * as z from 'zod/mini';
import { type PoolDefinition, poolInput } from '../core/contract/pool.ts';
import { blockFromText, type SlotKey } from '../core/protocol/slot-ref.ts';
import { createPool } from '../functions/use-cases/pools/create-pool.ts';
import type { World } from '../test/functions/world.ts';
import type { PoolKind } from './configuration.ts';

const COOLDOWN_SECONDS = 20;

export interface Pools {
  readonly all: readonly PoolDefinition[];
  readonly names: readonly string[];
  readonly cooldownMs: number;
  /** Where blocks belong to nodes. */
  isOwned(pool: string): boolean;
  idOf(name: string): string;
  hasQuota(name: string): boolean;
  keepsIdentities(name: string): boolean;
  /** For how long a slot is kept for the identity that had it; undefined where the pool keeps none. */
  keptMs(pool: string): number | undefined;
  blocksOf(pool: PoolDefinition): bigint[];
  blockSize(pool: string): number;
  addressOf(key: SlotKey): string;
  /** The slot that has this address. */
  slotOf(network: string, address: string): SlotKey;
}

const ipv4 = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** `10.1.1.0`, `10.2.1.0`, …: where the addresses of a pool begin. */
const firstOf = (index: number): number => (10 << 24) | ((index + 1) << 16) | (1 << 8);

function inputOf({ blocks, blockSize, dualStack, ...policy }: PoolKind, index: number) {
  const first = firstOf(index);
  const last = first + blocks * blockSize - 1;
  const subnet = `10.${index + 1}.0.0/16`;
  const four = { subnet, rangeStart: ipv4(first), rangeEnd: ipv4(last), gateway: `10.${index + 1}.0.1` };
  const net = `fd00:${index + 1}::`;
  const six = {
    subnet: `${net}/64`,
    rangeStart: `${net}1000`,
    rangeEnd: `${net}${(0x1000 + last - first).toString(16)}`,
  };
  return z.parse(poolInput, {
    ...policy,
    ...{ vrf: 'default', blockSize, ranges: dualStack ? [[four], [six]] : [[four]] },
    ...{ cooldownSeconds: COOLDOWN_SECONDS, maxBlocksPerNode: 4 },
  });
}

const longestKept = ({ stickySeconds = 0, identitySeconds = 0 }: PoolKind) => Math.max(stickySeconds, identitySeconds);

export async function makePools(here: World, kinds: readonly PoolKind[]): Promise<Pools> {
  const deps = here.environment();
  for (const [index, kind] of kinds.entries()) await createPool(deps, inputOf(kind, index), false);
  const { pools: registered } = await here.store.pools.readRegistry('default');
  const known = new Map<string, { kind: PoolKind; first: number; definition: PoolDefinition }>();
  for (const [index, kind] of kinds.entries()) {
    const { id } = registered.find(({ name }) => name === kind.name) ?? { id: '' };
    const state = await here.store.pools.readPool(id);
    if (state !== undefined) known.set(id, { kind, first: firstOf(index), definition: state.definition });
  }
  const idOf = new Map([...known].map(([id, { kind }]) => [kind.name, id]));
  const isKeeping = ({ identitySeconds = 0 }: PoolKind) => identitySeconds > 0;
  const of = (pool: string) => {
    const found = known.get(pool);
    if (found === undefined) throw new RangeError(`there is no pool ${pool}`);
    return found;
  };
  return {
    all: [...known.values()].map(({ definition }) => definition),
    names: kinds.map(({ name }) => name),
    cooldownMs: 1000 * Math.max(COOLDOWN_SECONDS, ...kinds.map(longestKept)),
    isOwned: (pool) => of(pool).kind.affinity === 'node',
    idOf: (name) => idOf.get(name) ?? '',
    hasQuota: (name) => kinds.some((kind) => kind.name === name && kind.quota !== undefined),
    keepsIdentities: (name) => kinds.some((kind) => kind.name === name && isKeeping(kind)),
    keptMs(pool) {
      const { kind } = of(pool);
      return isKeeping(kind) ? 1000 * Math.max(COOLDOWN_SECONDS, kind.identitySeconds ?? 0) : undefined;
    },
    blocksOf: ({ id }) => Array.from({ length: of(id).kind.blocks }, (_, block) => BigInt(block)),
    blockSize: (pool) => of(pool).kind.blockSize,
    addressOf({ pool, block, slot }) {
      const { kind, first } = of(pool);
      return ipv4(first + Number(block) * kind.blockSize + slot);
    },
    slotOf(network, address) {
      const pool = idOf.get(network) ?? '';
      const { kind, first } = of(pool);
      const index = numberOf(address.split('/')[0] ?? '') - first;
      const block = Math.floor(index / kind.blockSize);
      return { pool, block: blockFromText(block.toString(16)), slot: index % kind.blockSize };
    },
  };
}
