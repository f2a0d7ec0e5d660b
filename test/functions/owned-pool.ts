/** Pools whose blocks belong to nodes, and nodes that know what a plugin would know. */
import * as z from 'zod/mini';
import type { ClaimedBlock } from '../../core/contract/ids.ts';
import type { AllocateRequest, AllocateResult } from '../../core/contract/lease.ts';
import { type PoolDefinition, poolPolicy } from '../../core/contract/pool.ts';
import { resolvePoolShape } from '../../core/pools/pool-shape.ts';
import type { Store } from '../../core/store.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { newPool } from '../../functions/use-cases/pools/open-blocks.ts';
import { add, addOf, attachmentOf, START } from './world.ts';

export const named = { vrf: 'default', name: 'green' };

export async function ownedPool(
  { store }: { store: Store },
  {
    blocks,
    blockSize = 4,
    id = 'a'.repeat(16),
    name = named.name,
    gateway = 'pool',
    ...policy
  }: {
    blocks: number;
    blockSize?: number;
    id?: string;
    name?: string;
    gateway?: PoolDefinition['gateway'];
    cooldownSeconds?: number;
    leasing?: PoolDefinition['leasing'];
    tellWithinSeconds?: number;
    maxBlocksPerNode?: number;
  },
): Promise<PoolDefinition> {
  const last = (1 << 16) + blocks * blockSize - 1;
  const rangeEnd = `10.${last >> 16}.${(last >> 8) & 255}.${last & 255}`;
  const range =
    gateway === 'pool'
      ? { subnet: '10.0.0.0/8', rangeStart: '10.1.0.0', rangeEnd, gateway: '10.0.0.1' }
      : { subnet: `10.1.0.0/${32 - Math.log2(blocks * blockSize)}` };
  const shape = resolvePoolShape({ ranges: [[range]], blockSize, gateway, affinity: 'node', exclude: [] });
  if (!shape.ok) throw new Error(shape.problem);
  const pool: PoolDefinition = {
    ...z.parse(poolPolicy, policy),
    id,
    vrf: 'default',
    name,
    affinity: 'node',
    ranges: shape.value.ranges,
    blockSize,
    gateway,
    createdAt: new Date(START).toISOString(),
  };
  await store.pools.createPool(newPool(pool));
  await store.pools.writeRegistry({
    vrf: 'default',
    version: 1,
    pools: [{ id, name, ranges: pool.ranges }],
  });
  return pool;
}

let nonces = 0;

/** A node as its plugin is: it proposes in the blocks that it was told in this boot, with this journal. */
export class OwnerNode {
  readonly id: string;
  readonly pool: PoolDefinition;
  boot = 1;
  journal = 1;
  incarnation: number | undefined;
  blocks: ClaimedBlock[] = [];
  former: ClaimedBlock[] = [];

  constructor(id: string, pool: PoolDefinition) {
    this.id = id;
    this.pool = pool;
  }

  get journalId(): string {
    return this.journal.toString(16).padStart(16, 'e');
  }

  get bootId(): string {
    return `boot-${this.boot}`;
  }

  nextNonce(): string {
    nonces += 1;
    return `${this.journalId}${nonces.toString(16).padStart(16, '0')}`;
  }

  request(container: number, slot?: number, over: Partial<AllocateRequest> = {}): AllocateRequest {
    const [first] = this.blocks;
    const proposed =
      slot === undefined || first === undefined
        ? {}
        : { proposal: { pool: this.pool.id, block: first.block, slot }, generation: first.generation };
    return addOf(container, {
      attachment: attachmentOf(container, named.name),
      nonce: this.nextNonce(),
      pool: named,
      boot: this.bootId,
      ...proposed,
      ...(this.incarnation === undefined ? {} : { incarnation: this.incarnation }),
      ...(this.former.length === 0
        ? {}
        : { formerBlocks: this.former.map((block) => ({ ...block, pool: this.pool.id })) }),
      ...over,
    });
  }

  /** The answer to an ADD, and the node has learnt from it. */
  async add(deps: Dependencies, container: number, slot?: number, over?: Partial<AllocateRequest>) {
    const answer = await add(deps, this.id, this.request(container, slot, over));
    this.learn(answer);
    return answer;
  }

  learn({ incarnation, blocks, former }: AllocateResult): void {
    this.incarnation = incarnation;
    const told = (block: string) => blocks.some((one) => one.block === block);
    this.blocks = [...blocks, ...this.blocks.filter(({ block }) => !told(block))];
    this.former = former ?? this.former.filter(({ block }) => !told(block));
  }

  /** What it learnt is of an earlier boot now. */
  reboots(): void {
    this.boot += 1;
    this.incarnation = undefined;
    this.former = [...this.blocks, ...this.former];
    this.blocks = [];
  }

  losesDisk(): void {
    this.journal += 1;
    this.incarnation = undefined;
    this.former = [];
    this.blocks = [];
  }
}
