/** How full the blocks of a pool are, where they are seen and their addresses are not. */
import { signal } from '@preact/signals';
import { ask } from '../ask/ask.ts';
import { vrf } from './fleet.ts';

export interface BlockUse {
  readonly held: number;
  readonly cooling: number;
  readonly node?: string | undefined;
}

/** By the name of the pool, then by block. */
export const blockUses = signal<ReadonlyMap<string, ReadonlyMap<bigint, BlockUse>>>(new Map());

/** Milliseconds: each slot of the pool is read for it. */
const FRESH = 60_000;
/** Of larger pools only the whole is told, until their addresses are seen. */
const MOST_BLOCKS = 4_096n;

/** Pools at once: whoever drags the map over many of them asks for those that stay on the screen. */
const AT_ONCE = 3;

const askedAt = new Map<string, number>();
let underWay = 0;
vrf.subscribe(() => {
  askedAt.clear();
  blockUses.value = new Map();
});

export function wantBlockUse(pool: string, openBlocks: string): void {
  if (underWay >= AT_ONCE || BigInt(openBlocks) > MOST_BLOCKS || Date.now() - (askedAt.get(pool) ?? 0) < FRESH) return;
  askedAt.set(pool, Date.now());
  underWay += 1;
  ask('usage', { path: { pool }, query: { vrf: vrf.value, by: 'block' } })
    .then(
      ({ parts = [] }) => {
        const uses = new Map(
          parts.map(({ of, held, cooling = 0, node }) => [BigInt(`0x${of}`), { held, cooling, node }]),
        );
        blockUses.value = new Map(blockUses.value).set(pool, uses);
      },
      () => undefined,
    )
    .finally(() => {
      underWay -= 1;
    });
}
