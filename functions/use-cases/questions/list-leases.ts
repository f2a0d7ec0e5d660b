/** What operators ask of a pool: its definition, who holds its addresses, which are cooling. */

import type { LeaseRow } from '../../../core/contract/lease.ts';
import type { ListLeasesResult } from '../../../core/contract/questions.ts';
import type { SlotState } from '../../../core/protocol/lease.ts';
import { blockFromText, blockToText, type SlotKey, slotToWire } from '../../../core/protocol/slot-ref.ts';
import type { Dependencies } from '../dependencies.ts';
import type { KnownPool } from '../memory.ts';
import { namedPool } from '../pools/named-pool.ts';

/** A page is so many blocks: 16 times 64 rows stay far below the 6 MB that a function may answer. */
const BLOCKS_A_PAGE = 16n;

/** @throws LessorError pool.unknown */
export async function listLeases(
  deps: Dependencies,
  { vrf, name, cursor }: { vrf: string; name: string; cursor: string | undefined },
): Promise<ListLeasesResult> {
  const pool = await namedPool(deps, vrf, name);
  const { definition, space, open } = pool;
  const first = cursor === undefined ? 0n : blockFromText(cursor);
  const end = first + BLOCKS_A_PAGE;
  const blocks: bigint[] = [];
  for (let block = first; block < end && block < open; block += 1n) blocks.push(block);
  const rows = await Promise.all(blocks.map((block) => rowsOf(deps, pool, block)));
  return {
    pool: definition,
    capacity: String(space.capacity),
    leases: rows.flat(),
    ...(end < open ? { nextCursor: blockToText(end) } : {}),
  };
}

async function rowsOf(deps: Dependencies, pool: KnownPool, block: bigint): Promise<LeaseRow[]> {
  return rowsIn(pool, block, await deps.store.leases.readBlock({ pool: pool.definition.id, block }), deps.now());
}

/** What is held or cooling among `slots`. */
export function rowsIn(
  { definition, space }: KnownPool,
  block: bigint,
  slots: ReadonlyMap<number, SlotState>,
  now: number,
): LeaseRow[] {
  return [...slots].flatMap(([slot, state]) => {
    const current = state.held || state.reusableAt > now;
    if (!current) return [];
    const addresses = space.addresses(block, slot).map(({ address }) => address);
    return rowOf({ pool: definition.id, block, slot }, state, addresses);
  });
}

function rowOf(key: SlotKey, { held, reusableAt, holding }: SlotState, addresses: string[]): LeaseRow[] {
  if (holding === undefined) return [];
  const { attachment, node, incarnation, heldAt, pod } = holding;
  return [
    {
      state: held ? 'held' : 'cooling',
      addresses,
      slot: slotToWire(key),
      node,
      incarnation,
      attachment,
      heldAt: new Date(heldAt).toISOString(),
      ...(held ? {} : { reusableAt: new Date(reusableAt).toISOString() }),
      ...(pod ? { pod } : {}),
    },
  ];
}
