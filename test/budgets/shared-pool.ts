/** What an ADD costs in a shared pool that is filled to some degree, with some nodes allocating at the same time. */
import { learn, type NodeState } from '../../cni-shim/node-state.ts';
import { proposals } from '../../cni-shim/propose.ts';
import type { SlotReference } from '../../core/contract/messages.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import { add, addOf, attachmentOf, nonceOf, operatorsPool, type World } from '../functions/world.ts';
import type { Costs, Meter } from './meter.ts';

/** A number from 0 up to, but not including, `below`. */
type Random = (below: number) => number;

export interface Setting {
  /** Of the pool. */
  readonly name: string;
  /** Nodes that allocate at the same time. */
  readonly allocators: number;
}

/** 960 blocks: so many that what is measured hardly fills it further. */
export const SLOTS = 61_440;
const BLOCK_SIZE = 64;
/** All allocators together. */
const ADDS = 64;
const HELD_AT_ONCE = 64;
const BOOT = { bootId: 'boot-1', journal: 'j1', ranges: [] };

/** A pool of which `fill`, from 0 to 1, is held: slots anywhere in it. */
export async function filledPool(here: World, name: string, fill: number, random: Random): Promise<void> {
  const pool = await operatorsPool(here, { addresses: SLOTS, blockSize: BLOCK_SIZE, name });
  await here.store.pools.openPool(pool.id, 256n, BigInt(SLOTS / BLOCK_SIZE));
  await occupy(here, pool.id, Math.round(fill * SLOTS), random);
}

/** The mean of one ADD, after each node has made one, in a Lambda environment that has seen pool and nodes. */
export async function costOfAdd(
  here: World,
  deps: Dependencies,
  meter: Meter,
  { name, allocators }: Setting,
): Promise<Costs> {
  const wish = { vrf: 'default', name };
  let container = 0;
  const nodes = Array.from({ length: allocators }, (_, n) => simulated(`${name}-${allocators}-node-${n}`));

  function simulated(id: string) {
    let state: NodeState | undefined;
    const journaled = new Set<string>();
    const text = ({ block, slot }: SlotReference) => `${block}.${slot}`;
    return async () => {
      const proposal = state && [...proposals(state, here.clock.now)].find((slot) => !journaled.has(text(slot)));
      container += 1;
      const answer = await add(
        deps,
        id,
        addOf(container, {
          attachment: attachmentOf(`${name}-${allocators}-${container}`),
          nonce: nonceOf(container),
          pool: wish,
          ...(proposal ? { proposal } : {}),
          ...(state ? { incarnation: state.incarnation } : {}),
        }),
      );
      journaled.add(text(answer.slot));
      state = learn(state, { answer, proposal, now: here.clock.now, ...BOOT });
    };
  }

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

/** `count` slots anywhere in the pool are held by others. */
async function occupy({ store }: World, pool: string, count: number, random: Random): Promise<void> {
  const free = Array.from({ length: SLOTS }, (_, ordinal) => ordinal);
  const chosen = Array.from({ length: count }, () => {
    const at = random(free.length);
    const ordinal = free[at] ?? 0;
    free[at] = free.at(-1) ?? 0;
    free.pop();
    return ordinal;
  });
  while (chosen.length > 0) {
    await Promise.all(
      chosen.splice(0, HELD_AT_ONCE).map((ordinal) => {
        const key = { pool, block: BigInt(Math.floor(ordinal / BLOCK_SIZE)), slot: ordinal % BLOCK_SIZE };
        const attachment = attachmentOf(`other-${ordinal}`);
        return store.leases.hold(
          key,
          { attachment, nonce: nonceOf(ordinal), node: 'others', incarnation: 1, heldAt: 0 },
          1,
        );
      }),
    );
  }
}
