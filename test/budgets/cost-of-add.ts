/** What an ADD costs in a pool that is filled to some degree, with some nodes allocating at the same time. */
import { afterAnswer, type PoolCache } from '../../cni-shim/node/pool-cache.ts';
import { proposableAt, proposals } from '../../cni-shim/node/propose.ts';
import { scatter } from '../../core/addresses/scatter.ts';
import type { SlotReference } from '../../core/contract/ids.ts';
import type { PoolDefinition } from '../../core/contract/pool.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { add, addOf, attachmentOf, nonceOf, operatorsPool, type World } from '../functions/world.ts';
import type { Costs, Meter } from './meter.ts';

/** A number from 0 up to, but not including, `below`. */
type Random = (below: number) => number;
export type Affinity = PoolDefinition['affinity'];

export interface Setting {
  /** Of the pool. */
  readonly name: string;
  /** Nodes that allocate at the same time. */
  readonly allocators: number;
}

/** 960 blocks: so many that what is measured hardly fills it further. */
export const SLOTS = 61_440;
const BLOCK_SIZE = 64;
const BLOCKS = SLOTS / BLOCK_SIZE;
/** All allocators together. */
const ADDS = 64;
const AT_ONCE = 64;
const BOOT = { bootId: 'boot-1', ranges: [] };

/** A pool of which `fill`, from 0 to 1, is held, slots or whole blocks anywhere in it, by others. */
export async function filledPool(
  here: World,
  name: string,
  { affinity, fill, random }: { affinity: Affinity; fill: number; random: Random },
): Promise<void> {
  const pool = await operatorsPool(here, { addresses: SLOTS, blockSize: BLOCK_SIZE, name });
  await here.store.pools.openPool(pool.id, 256n, BigInt(BLOCKS));
  const state = await here.store.pools.readPool(pool.id);
  if (state) await here.store.pools.changePool({ ...state, definition: { ...pool, affinity }, version: 2 });
  const chosen = some(affinity === 'shared' ? SLOTS : BLOCKS, fill, random);
  const occupy = affinity === 'shared' ? holdSlot : claimBlock;
  while (chosen.length > 0)
    await Promise.all(chosen.splice(0, AT_ONCE).map((ordinal) => occupy(here, pool.id, ordinal)));
}

function holdSlot({ store }: World, pool: string, ordinal: number): Promise<unknown> {
  const key = { pool, block: BigInt(Math.floor(ordinal / BLOCK_SIZE)), slot: ordinal % BLOCK_SIZE };
  const attachment = attachmentOf(`other-${ordinal}`);
  const holding = { attachment, nonce: nonceOf(ordinal), node: 'others', incarnation: 1, heldAt: 0 };
  return store.leases.hold(key, holding, 1);
}

function claimBlock({ store }: World, pool: string, ordinal: number): Promise<unknown> {
  const owner = { node: 'others', incarnation: 1, boot: 'b', journal: 'j' };
  return store.blocks.claim({ pool, block: BigInt(ordinal) }, owner);
}

/** `fill` of the numbers below `count`. */
function some(count: number, fill: number, random: Random): number[] {
  const free = Array.from({ length: count }, (_, ordinal) => ordinal);
  return Array.from({ length: Math.round(fill * count) }, () => {
    const at = random(free.length);
    const ordinal = free[at] ?? 0;
    free[at] = free.at(-1) ?? 0;
    free.pop();
    return ordinal;
  });
}

/** The mean of one ADD, after each node has made one, in a Lambda environment that has seen pool and nodes. */
export async function costOfAdd(
  here: World,
  deps: Dependencies,
  meter: Meter,
  { name, allocators }: Setting,
): Promise<Costs> {
  const nodes = Array.from({ length: allocators }, (_, n) => simulated(here, deps, name, `${name}-${allocators}-${n}`));
  await Promise.all(nodes.map((node) => node()));
  meter.read();
  const each = Math.max(1, Math.floor(ADDS / allocators));
  await Promise.all(
    nodes.map(async (node) => {
      for (let n = 0; n < each; n += 1) await node();
    }),
  );
  const { requests, writeUnits, readUnits } = meter.read();
  const adds = each * allocators;
  return { requests: requests / adds, writeUnits: writeUnits / adds, readUnits: readUnits / adds };
}

/** Asks as the plugin on a node does, and remembers what it is answered. */
function simulated(here: World, deps: Dependencies, name: string, node: string): () => Promise<void> {
  const journal = scatter(node).toString(16).padStart(16, '0');
  const journaled = new Set<string>();
  const text = ({ block, slot }: SlotReference) => `${block}.${slot}`;
  let state: PoolCache | undefined;
  let containers = 0;
  return async () => {
    containers += 1;
    const proposal = state && [...proposals(state, here.clock.now)].find((slot) => !journaled.has(text(slot)));
    const generation = proposal && proposableAt(state, proposal);
    const answer = await add(
      deps,
      node,
      addOf(containers, {
        attachment: attachmentOf(`${node}-${containers}`),
        nonce: `${journal}${containers.toString(16).padStart(16, '0')}`,
        pool: { vrf: 'default', name },
        ...(proposal && generation !== undefined ? { proposal, generation } : {}),
        ...(state ? { incarnation: state.incarnation } : {}),
      }),
    );
    journaled.add(text(answer.slot));
    state = afterAnswer(state, { answer, proposal, journal, now: here.clock.now, ...BOOT });
  };
}
